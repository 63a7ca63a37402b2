/// A JSON text as a tree that forgets nothing a file may rely on.
///
/// Foundation's readers turn numbers into `Double` and objects into unordered dictionaries. Here a number keeps its
/// spelling (an id of twenty digits stays itself, and `1` differs from `1.0`), an object keeps the order of its members,
/// and names that differ in bytes alone ("é" as one scalar and as two, which vocabularies hold both) stay two members.
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// The number as it was spelled, already checked against the grammar.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// One name and its value.
  package struct Member: Equatable, Sendable {
    package let name: String
    package let value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The member of this name; of several, the last, as most readers do. Nil for anything but an object.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  /// An element of an array; nil when out of range, and for anything but an array.
  package subscript(index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  package var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// The truth value of true and false, and of nothing else.
  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The text of a string, and of nothing else.
  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The value of a number as a `Double`.
  package var double: Double? {
    if case .number(let text) = self { Double(text) } else { nil }
  }

  /// The value of a whole number, however it is spelled: 1, 1.0 and 1e0 are the same.
  package var integer: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
  }

  /// The value of a number that is spelled as an integer, without a point or an exponent.
  package var spelledInteger: Int? {
    if case .number(let text) = self { Int(text) } else { nil }
  }

  /// The elements of an array.
  package var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The members of an object.
  package var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// What kind of value this is, for error messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a text"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The value as an error message shows it: long ones by their kind or their beginning.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let text): String(text.prefix(60))
    case .string(let text): String(text.prefix(60)).debugDescription
    case .array(let elements): "an array of \(elements.count)"
    case .object: "an object"
    }
  }
}

extension JSONValue {
  /// A whole number.
  package static func number(_ value: Int) -> JSONValue { .number(String(value)) }

  /// A finite number in the shortest spelling that reads back as itself; null for infinities and NaN, which JSON lacks.
  package static func number(_ value: Double) -> JSONValue { value.isFinite ? .number("\(value)") : .null }
}

// No literal for null: `condition ? value : nil` would then be null without a word where nothing is meant.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .number(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object with its members in the order written.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}
