internal import JSON

/// A value while a template is rendered, with Python's behaviour.
indirect enum TemplateValue: Sendable {
  /// What a missing name or attribute gives; the text says which.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case list([TemplateValue])
  case tuple([TemplateValue])
  case dictionary([Entry])
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
  }

  /// A value from outside.
  init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .number: self = json.spelledInteger.map { .integer($0) } ?? .number(json.double ?? .nan)
    case .string(let value): self = .string(value)
    case .array(let elements): self = .list(elements.map(TemplateValue.init))
    case .object(let members):
      var entries: [Entry] = []
      for member in members {
        if let i = entries.firstIndex(where: { $0.key.equals(.string(member.name)) }) {
          entries[i].value = TemplateValue(member.value)
        } else {
          entries.append(Entry(key: .string(member.name), value: TemplateValue(member.value)))
        }
      }
      self = .dictionary(entries)
    }
  }

  /// Whether it counts as true.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let elements), .tuple(let elements): !elements.isEmpty
    case .dictionary(let entries): !entries.isEmpty
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

  /// Python's `==`.
  func equals(_ other: TemplateValue) -> Bool {
    if let a = integer, let b = other.integer { return a == b }
    if let a = double, let b = other.double { return a == b }
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)): return a.hasSameBytes(as: b)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.dictionary(let a), .dictionary(let b)):
      return a.count == b.count
        && a.allSatisfy { entry in b.contains { $0.key.equals(entry.key) && $0.value.equals(entry.value) } }
    case (.namespace(let a), .namespace(let b)): return a == b
    default: return false
    }
  }

  /// Python's `<`; nil where it would raise.
  func precedes(_ other: TemplateValue) -> Bool? {
    if let a = integer, let b = other.integer { return a < b }
    if let a = double, let b = other.double { return a < b }
    switch (self, other) {
    case (.string(let a), .string(let b)):
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a, b) where !x.equals(y) { return x.precedes(y) }
      return a.count < b.count
    default: return nil
    }
  }

  /// The entry of a dictionary.
  func entry(_ key: TemplateValue) -> TemplateValue? {
    guard case .dictionary(let entries) = self else { return nil }
    return entries.first { $0.key.equals(key) }?.value
  }

  /// Python's `str()`.
  var text: String {
    switch self {
    case .undefined: ""
    case .string(let value): value
    default: representation
    }
  }

  /// Python's `repr()`.
  var representation: String {
    func list(_ elements: [TemplateValue]) -> String { elements.map(\.representation).joined(separator: ", ") }
    switch self {
    case .undefined: return "Undefined"
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return "\(value)"
    case .number(let value):
      return value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : pythonDescription(of: value)
    case .string(let value): return quoted(value)
    case .list(let elements): return "[" + list(elements) + "]"
    case .tuple(let elements): return "(" + list(elements) + (elements.count == 1 ? ",)" : ")")
    case .dictionary(let entries):
      return "{" + entries.map { "\($0.key.representation): \($0.value.representation)" }.joined(separator: ", ") + "}"
    case .namespace: return "<Namespace>"
    case .macro(let macro): return "<Macro '\(macro.name)'>"
    case .loop: return "<LoopContext>"
    case .function(let name), .method(_, let name): return "<function \(name)>"
    }
  }

  /// The value as JSON; nil if it, or a part of it, is none.
  var json: JSONValue? {
    switch self {
    case .none: return .null
    case .bool(let value): return .bool(value)
    case .integer(let value): return .number(value)
    // Python writes NaN and infinities, too, which JSON lacks.
    case .number(let value): return .number(pythonDescription(of: value))
    case .string(let value): return .string(value)
    case .list(let elements), .tuple(let elements):
      let parts = elements.compactMap(\.json)
      return parts.count == elements.count ? .array(parts) : nil
    case .dictionary(let entries):
      var members: [JSONValue.Member] = []
      for entry in entries {
        guard let value = entry.value.json else { return nil }
        switch entry.key {
        case .string(let key): members.append(JSONValue.Member(key, value))
        case .none: members.append(JSONValue.Member("null", value))
        case .bool(let key): members.append(JSONValue.Member(key ? "true" : "false", value))
        case .integer, .number: members.append(JSONValue.Member(entry.key.representation, value))
        default: return nil
        }
      }
      return .object(members)
    default: return nil
    }
  }
}

/// Python's `repr()` of a string.
private func quoted(_ text: String) -> String {
  let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
  var out = String(quote)
  for scalar in text.unicodeScalars {
    switch scalar {
    case quote, "\\": out += "\\\(scalar)"
    case "\n": out += "\\n"
    case "\r": out += "\\r"
    case "\t": out += "\\t"
    default:
      if isPrintable(scalar) {
        out.unicodeScalars.append(scalar)
      } else {
        let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        let digits = String(scalar.value, radix: 16)
        out += "\\" + mark + String(repeating: "0", count: width - digits.count) + digits
      }
    }
  }
  return out + String(quote)
}

/// Whether Python shows a scalar as it is.
private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
  switch CharacterClass(scalar.value).category {
  case .control, .format, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
  case .spaceSeparator: scalar == " "
  default: true
  }
}
