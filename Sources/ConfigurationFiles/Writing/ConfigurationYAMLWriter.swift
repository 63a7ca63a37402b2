internal import JSON

/// Writes a tree as YAML in one canonical form: two spaces a level, lists of scalars in one line, texts in quotes
/// wherever any version of YAML could take them for something else, texts of several lines as blocks.
package enum ConfigurationYAMLWriter {
  package static func text(of node: ConfigurationNode) -> String {
    lines(of: node).map { $0 + "\n" }.joined()
  }

  /// The lines of a value that stands on lines of its own.
  static func lines(of node: ConfigurationNode) -> [String] {
    switch node.content {
    case .map(let entries) where !entries.isEmpty:
      entries.flatMap { lines(ofKey: $0.key, $0.value) }
    case .list(let elements) where !isInline(node):
      elements.flatMap { element in
        // A map with no keys, or a scalar among maps, still is one line.
        lines(of: element).enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
      }
    default:
      [inline(node)]
    }
  }

  /// The lines of a key with its value; `comment` goes to the end of the first.
  static func lines(ofKey key: String, _ node: ConfigurationNode, comment: String = "") -> [String] {
    let key = scalar(key) + ":"
    if case .text(let text) = node.content, let block = block(text) {
      return ["\(key) |\(text.hasSuffix("\n") ? "" : "-")\(comment)"] + block
    }
    if isInline(node) { return ["\(key) \(inline(node))\(comment)"] }
    return [key + comment] + lines(of: node).map { $0.isEmpty ? "" : "  " + $0 }
  }

  /// Whether a value takes one line: scalars, lists of scalars, and what is empty.
  static func isInline(_ node: ConfigurationNode) -> Bool {
    switch node.content {
    case .map(let entries): entries.isEmpty
    case .list(let elements):
      elements.allSatisfy { element in
        switch element.content {
        case .list, .map: false
        default: true
        }
      }
    default: true
    }
  }

  package static func inline(_ node: ConfigurationNode) -> String {
    switch node.content {
    case .null: "null"
    case .boolean(let value): value ? "true" : "false"
    case .number(let number): number
    case .text(let text): scalar(text)
    case .list(let elements): "[" + elements.map(inline).joined(separator: ", ") + "]"
    case .map(let entries):
      "{" + entries.map { scalar($0.key) + ": " + inline($0.value) }.joined(separator: ", ") + "}"
    }
  }

  private static func scalar(_ text: String) -> String {
    PlainScalar.isSafe(text) ? text : text.quotedAsJSON(.yaml)
  }

  /// The lines of a literal block, or nil where the text is one line or a block could not give it back exactly:
  /// space before the first line, empty lines at the ends, space at a line's end, characters that need an escape.
  private static func block(_ text: String) -> [String]? {
    let body = text.hasSuffix("\n") ? text.dropLast() : text[...]
    let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 1, let first = lines.first, let last = lines.last, !first.isEmpty, !first.hasPrefix(" "),
      !last.isEmpty,
      lines.allSatisfy({ !$0.hasSuffix(" ") && !$0.contains(where: isSpecial) })
    else { return nil }
    return lines.map { $0.isEmpty ? "" : "  " + $0 }
  }

  private static func isSpecial(_ character: Character) -> Bool {
    String(character).quotedAsJSON(.yaml).utf8.count != character.utf8.count + 2
      && character != "\"" && character != "\\"
  }
}
