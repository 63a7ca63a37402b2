/// A configuration file as a tree, before its keys have a meaning: what YAML, JSON and `Decoder`s are turned into.
///
/// Scalars keep the kind that the file gave them, so that a label named `no` stays a text and `1e-4` is a number in
/// YAML as in JSON. Positions are there where the parser gives them.
///
/// ```swift
/// let node = try ConfigurationNode(text: #"{"seed": 7}"#, format: .json)
/// node["seed"]?.content == .number("7")
/// ```
package struct ConfigurationNode: Sendable, Equatable {
  /// A place in a configuration file, or among what is set in place of what the file says.
  package struct Position: Sendable, Equatable, Comparable {
    /// Line, counted from 1.
    package var line: Int
    /// Column in Unicode scalars, counted from 1.
    package var column: Int
    /// What was set, as it was given: `--set data.limit=10`; nil for a place in the file. Line and column are 0 then.
    package private(set) var setting: String?

    /// A place in a file.
    package init(line: Int, column: Int) {
      (self.line, self.column) = (line, column)
    }

    /// A value that is none of the file's.
    package init(setting: String) {
      (line, column, self.setting) = (0, 0, setting)
    }

    /// The place in words: `line 12`, or what was set.
    var words: String { setting ?? "line \(line)" }

    /// Reading order.
    package static func < (left: Position, right: Position) -> Bool {
      (left.line, left.column) < (right.line, right.column)
    }
  }

  /// One key of a map with its value.
  package struct Entry: Sendable, Equatable {
    /// The key as text.
    package var key: String
    /// The place of the key.
    package var position: Position?
    /// What the key is set to.
    package var value: ConfigurationNode

    /// A key of a map with its value.
    package init(_ key: String, _ value: ConfigurationNode, at position: Position? = nil) {
      (self.key, self.position, self.value) = (key, position, value)
    }
  }

  /// The content of a node.
  package enum Content: Sendable, Equatable {
    /// `null`, `~`, or nothing after the colon.
    case null
    /// `true` or `false`; YAML 1.1's `yes`, `no`, `on` and `off` are texts.
    case boolean(Bool)
    /// A decimal number as it is written in the file.
    case number(String)
    /// Quoted text, or plain text that is nothing else.
    case text(String)
    /// Values in order.
    case list([ConfigurationNode])
    /// Keys in the order of the file; a key given twice is there twice.
    case map([Entry])
  }

  /// What the node is.
  package var content: Content
  /// Where its value begins.
  package var position: Position?

  /// A node, with its place in a file where it has one.
  package init(_ content: Content, at position: Position? = nil) {
    (self.content, self.position) = (content, position)
  }

  /// The last value of `key` where this node is a map that has it.
  package subscript(key: String) -> ConfigurationNode? {
    guard case .map(let entries) = content else { return nil }
    return entries.last { $0.key == key }?.value
  }

  /// The node in words for an error message: `the number 3`, `the text 'abc'`, `a list`. Long texts are cut.
  package var found: String {
    switch content {
    case .null: "nothing"
    case .boolean(let value): "\(value)"
    case .number(let text): "the number \(text)"
    case .text(let text): "the text '\(text.count > 60 ? text.prefix(57) + "..." : text)'"
    case .list(let elements): elements.isEmpty ? "an empty list" : "a list"
    case .map: "a map of keys"
    }
  }
}

extension ConfigurationNode {
  package static func text(_ text: String) -> ConfigurationNode { ConfigurationNode(.text(text)) }

  package static func map(_ entries: [Entry]) -> ConfigurationNode { ConfigurationNode(.map(entries)) }

  /// The shortest text that reads back as `value`, always with a decimal point, since YAML 1.1 parsers take `1e-05`
  /// for a text.
  package static func number(_ value: Double) -> ConfigurationNode {
    let text = "\(value)"
    guard let exponent = text.firstIndex(of: "e"), !text[..<exponent].contains(".") else {
      return ConfigurationNode(.number(text))
    }
    return ConfigurationNode(.number(text[..<exponent] + ".0" + text[exponent...]))
  }
}
