internal import JSON

/// A value while a template is rendered, with Python's behaviour.
///
/// What walks through values (texts, JSON, equality, order) is in TemplateText.swift and TemplateComparison.swift: values
/// may hold one another many times over, so that every step of a walk is charged. Each container knows how deep it is,
/// for walks and clean-up are recursive; `TemplateRenderer` makes them and refuses those that are too deep.
indirect enum TemplateValue: Sendable {
  /// What a missing name or attribute gives; the text says which.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case list([TemplateValue], depth: Int)
  case tuple([TemplateValue], depth: Int)
  case dictionary([Entry], depth: Int)
  /// A `namespace()`, by its number among those of this rendering.
  case namespace(Int)
  case macro(TemplateMacro)
  /// The variable `loop`.
  case loop(LoopState)
  /// A function of the environment.
  case function(String)
  case method(TemplateValue, String)

  /// A member of a dictionary.
  struct Entry: Sendable {
    var key: TemplateValue
    var value: TemplateValue
  }

  /// Where a loop stands.
  struct LoopState: Sendable {
    var index: Int
    var count: Int
    var previous: TemplateValue
    var next: TemplateValue
    /// How deep the loop is as a value.
    var depth: Int
  }

  /// A value from outside.
  init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .number: self = json.spelledInteger.map { .integer($0) } ?? .number(json.double ?? .nan)
    case .string(let value): self = .string(value)
    case .array(let elements):
      let values = elements.map(TemplateValue.init)
      self = .list(values, depth: Self.depth(over: values))
    case .object(let members):
      var entries: [Entry] = []
      var places: [[UInt8]: Int] = [:]
      for member in members {
        let value = TemplateValue(member.value)
        if let place = places.updateValue(entries.count, forKey: Array(member.name.utf8)) {
          places[Array(member.name.utf8)] = place
          entries[place].value = value
        } else {
          entries.append(Entry(key: .string(member.name), value: value))
        }
      }
      self = .dictionary(entries, depth: Self.depth(over: entries))
    }
  }

  /// How many values lie in one another.
  var depth: Int {
    switch self {
    case .list(_, let depth), .tuple(_, let depth), .dictionary(_, let depth): depth
    case .loop(let state): state.depth
    case .method(let value, _): value.depth + 1
    default: 1
    }
  }

  static func depth(over elements: [TemplateValue]) -> Int { elements.reduce(0) { max($0, $1.depth) } + 1 }

  static func depth(over entries: [Entry]) -> Int {
    entries.reduce(0) { max($0, $1.key.depth, $1.value.depth) } + 1
  }

  /// Whether it counts as true.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let elements, _), .tuple(let elements, _): !elements.isEmpty
    case .dictionary(let entries, _): !entries.isEmpty
    case .namespace, .macro, .loop, .function, .method: true
    }
  }

  /// What it is, for error messages.
  var kind: String {
    switch self {
    case .undefined(let what): "\(what), which is undefined"
    case .none: "none"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a mapping"
    case .namespace: "a namespace"
    case .macro: "a macro"
    case .loop: "the loop"
    case .function, .method: "a function"
    }
  }

  /// The value as error messages show it: long texts by their beginning, what holds others by its kind.
  var summary: String {
    switch self {
    case .integer(let value): "\(value)"
    case .string(let text):
      text.unicodeScalars.prefix(61).count > 60 ? pythonQuoted(text.prefix(60)) + "…" : pythonQuoted(text)
    default: kind
    }
  }

  /// Numbers, truth values among them, as double.
  var double: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// Integers and truth values.
  var integer: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }
}
