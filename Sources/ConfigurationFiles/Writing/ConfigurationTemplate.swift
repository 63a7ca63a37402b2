/// The commented configuration that `distill init` writes: every key with its default and one line on what it does.
///
/// Made from the same tables as the decoder, so that it can't name a key that isn't read. It decodes as it is; keys
/// whose default is nothing, and further kinds of teachers, stand in it as comments.
package enum ConfigurationTemplate {
  /// The template for a run: a head of comments, and the keys of the example.
  package static func text(of example: some ConfigurationSection) -> String {
    let head = [
      "# Configuration of a run: distill check FILE looks at it, distill run FILE carries it out.",
      "# Keys stand here with their defaults and may be left out, but for those marked (required).",
      "",
    ]
    return (head + lines(of: example)).map { $0 + "\n" }.joined()
  }

  /// The lines of a section's keys; those without a value are comments.
  private static func lines<Section: ConfigurationSection>(of section: Section) -> [String] {
    // A section with further examples shows the keys of other settings there.
    let keys = Section.alternatives.isEmpty ? Section.keys : section.presentKeys
    return keys.flatMap { key -> [String] in
      let row = key.outline(section)
      let isPresent = key.condition?.holds(section) ?? true
      let mark = isPresent ? (row.requirement == nil ? "" : " (required)") : " (with \(row.condition ?? ""))"
      let comment = "  # \(row.meaning)\(values(of: row))\(mark)"
      let value = isPresent ? section.writtenValue(of: key) : nil
      if let inner = key.template(section) {
        let lines = [row.name + ":" + comment] + indented(inner)
        return value == nil ? commented(lines) : lines
      }
      guard let value else { return commented(["\(row.name): \(row.sample ?? "")\(comment)"]) }
      return ConfigurationYAMLWriter.lines(ofKey: row.name, value, comment: comment)
    }
  }

  /// The values that a key takes, where its default does not tell.
  private static func values(of row: ConfigurationOutline) -> String {
    let plain = ["text", "text, not empty", "true or false", "a map of keys", "a list, each a map of keys"]
    return plain.contains { row.form == $0 || row.form.hasPrefix($0 + ", not") } ? "" : " (\(row.form))"
  }

  /// The lines of a section's keys that are not at their default, without comments.
  private static func shortLines<Section: ConfigurationSection>(of section: Section) -> [String] {
    section.presentKeys.flatMap { key -> [String] in
      guard let value = section.writtenValue(of: key), key.requirement != nil || value != key.write(.blank) else {
        return []
      }
      return ConfigurationYAMLWriter.lines(ofKey: key.name, value)
    }
  }

  /// The lines of a value that has keys of its own; nil for any other. A section that is not there shows its example.
  static func lines<Value: ConfigurationValue>(inside value: Value) -> [String]? {
    if let section = value as? any ConfigurationSection { return lines(of: section) }
    if let sections = value as? [any ConfigurationSection], let first = sections.first {
      // What a key does, and which keys there are, is said at the first element.
      var lines = element(Self.lines(of: first))
      for section in sections.dropFirst() { lines += element(shortLines(of: section)) }
      for section in alternatives(to: first) { lines += commented(element(Self.lines(of: section))) }
      return lines
    }
    guard let type = Value.self as? any OptionalSection.Type else { return nil }
    return lines(of: type.example)
  }

  private static func alternatives<Section: ConfigurationSection>(to section: Section) -> [any ConfigurationSection] {
    Section.alternatives
  }

  /// The dash of a list's element goes before its first key, which has a value in every section that lists hold.
  private static func element(_ lines: [String]) -> [String] {
    lines.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
  }

  private static func indented(_ lines: [String]) -> [String] {
    lines.map { $0.isEmpty ? "" : "  " + $0 }
  }

  private static func commented(_ lines: [String]) -> [String] {
    lines.map { "# " + $0 }
  }
}

/// A section that may be absent, whose example can be had without knowing its type.
private protocol OptionalSection {
  static var example: any ConfigurationSection { get }
}

extension Optional: OptionalSection where Wrapped: ConfigurationSection {
  fileprivate static var example: any ConfigurationSection { Wrapped.example }
}
