/// A JSON text as a tree that forgets nothing a data file may rely on.
///
/// Foundation's readers turn numbers into `Double` and objects into unordered dictionaries. Here a number keeps its
/// spelling (an id of twenty digits stays itself, and `1` differs from `1.0`) and an object keeps the order of its
/// members, so that "the first teacher" means the same on every run.
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

  /// The text of a string, and of nothing else.
  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The value of a number as a `Double`.
  package var double: Double? {
    if case .number(let text) = self { Double(text) } else { nil }
  }

  /// The value of a number, or of a table's cell that holds one, with a point or, as spreadsheets write it where the fields
  /// are apart by semicolons, a comma.
  package var decimal: Double? {
    double ?? string.flatMap { Double($0) ?? Double($0.replacing(",", with: ".", maxReplacements: 1)) }
  }

  /// The value of a whole number.
  package var integer: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
  }

  /// The elements of an array.
  package var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// What a person would write into one cell of a table: nil for null, the elements of an array joined by "; ".
  package var cell: String? {
    switch self {
    case .null: nil
    case .bool(let value): value ? "true" : "false"
    case .number(let text), .string(let text): text
    case .array(let elements): elements.compactMap(\.cell).joined(separator: "; ")
    case .object: text
    }
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

  /// The value as JSON on one line, members in their order. Equal values give equal bytes.
  package var text: String {
    var out = ""
    write(to: &out)
    return out
  }

  private func write(to out: inout String) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .number(let text): out += text
    case .string(let text): Self.write(text, to: &out)
    case .array(let elements):
      out += "["
      for (i, element) in elements.enumerated() {
        if i > 0 { out += ", " }
        element.write(to: &out)
      }
      out += "]"
    case .object(let members):
      out += "{"
      for (i, member) in members.enumerated() {
        if i > 0 { out += ", " }
        Self.write(member.name, to: &out)
        out += ": "
        member.value.write(to: &out)
      }
      out += "}"
    }
  }

  private static func write(_ text: String, to out: inout String) {
    out += "\""
    defer { out += "\"" }
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
      // Nearly every text, and above all the encoded images of a question.
      out += text
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue {
  /// A whole number.
  package static func number(_ value: Int) -> JSONValue { .number(String(value)) }

  /// A finite number in the shortest spelling that reads back as itself; null for infinities and NaN, which JSON lacks.
  package static func number(_ value: Double) -> JSONValue { value.isFinite ? .number("\(value)") : .null }
}
