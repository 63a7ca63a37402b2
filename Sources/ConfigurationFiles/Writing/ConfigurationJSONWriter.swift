internal import JSON

/// Writes a tree as JSON without spaces, keys in the order of their Unicode scalars, so that equal trees give equal
/// bytes. Numbers stand as they are in the tree.
package enum ConfigurationJSONWriter {
  package static func text(of node: ConfigurationNode) -> String {
    var layout = JSONLayout.canonical
    layout.escapes = .yaml
    return value(of: node).text(layout)
  }

  private static func value(of node: ConfigurationNode) -> JSONValue {
    switch node.content {
    case .null: .null
    case .boolean(let value): .bool(value)
    case .number(let spelling): .number(spelling)
    case .text(let text): .string(text)
    case .list(let elements): .array(elements.map(value))
    case .map(let entries): .object(entries.map { JSONValue.Member($0.key, value(of: $0.value)) })
    }
  }
}
