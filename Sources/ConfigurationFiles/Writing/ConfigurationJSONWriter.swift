/// Writes a tree as JSON without spaces, keys in the order of their Unicode scalars, so that equal trees give equal
/// bytes. Numbers stand as they are in the tree.
package enum ConfigurationJSONWriter {
  package static func text(of node: ConfigurationNode) -> String {
    var text = ""
    write(node, to: &text)
    return text
  }

  private static func write(_ node: ConfigurationNode, to text: inout String) {
    switch node.content {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .number(let number): text += number
    case .text(let value): text += quoted(value)
    case .list(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        write(element, to: &text)
      }
      text += "]"
    case .map(let entries):
      // `String`'s own order is that of canonical equivalence; scalars give the same order on every platform.
      let ordered = entries.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
      text += "{"
      for (index, entry) in ordered.enumerated() {
        text += (index > 0 ? "," : "") + quoted(entry.key) + ":"
        write(entry.value, to: &text)
      }
      text += "}"
    }
  }

  /// A JSON text, which is also a double-quoted YAML text.
  static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      // YAML counts the last four among line ends and byte order marks, and allows no control characters at all.
      case _
      where scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value)
        || [0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF].contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
