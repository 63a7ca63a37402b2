internal import JSON
import TeacherProtocol

/// The part of JSON Schema that answers can be held to while they are generated.
///
/// Objects with named properties, lists, strings, numbers, whole numbers, booleans, null, `enum` and `const`; of the
/// limits those on lengths, counts and numbers. Every named property is written, in the schema's order. A keyword that
/// could not be kept is refused: a schema that is half kept is not kept.
indirect enum AnswerSchema: Sendable, Equatable {
  case object([Property])
  case list(AnswerSchema, count: ClosedRange<Int>)
  /// One of these JSON texts.
  case choice(ChoiceTexts)
  case string(length: ClosedRange<Int>)
  case number(NumberForm)
  /// Any JSON value.
  case any
  /// Any JSON object.
  case anyObject

  /// A named value.
  struct Property: Sendable, Equatable {
    /// What is written before the value: the name, and before it the comma after another property.
    var opening: [UInt8]
    var schema: AnswerSchema
  }

  /// Words about the value that do not limit it.
  private static let remarks: Set<String> = [
    "title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated", "readOnly", "writeOnly",
  ]

  /// Reads a schema.
  ///
  /// - Parameter place: what errors call it.
  init(_ value: JSONValue, at place: String, depth: Int = 0) throws(ChatError) {
    guard depth < 32 else { throw .unsupported(place, "A schema may be nested 32 deep at most.") }
    if value == .bool(true) {
      self = .any
      return
    }
    guard case .object(let members) = value else {
      throw .invalid(place, "A schema must be an object, not \(value.kind).")
    }
    let type = value["type"]?.string
    var read: Set<String> = ["type"]
    if let values = value["enum"]?.elements ?? value["const"].map({ [$0] }) {
      read.formUnion(["enum", "const"])
      guard !values.isEmpty, values.allSatisfy({ $0.elements == nil && $0.kind != "an object" }) else {
        throw .unsupported(place, "enum and const must hold texts, numbers, booleans or null.")
      }
      self = .choice(ChoiceTexts(values.map(\.text)))
    } else {
      switch type {
      case "object":
        read.formUnion(["properties", "required", "additionalProperties"])
        self = try Self.object(value, at: place, depth: depth)
      case "array":
        read.formUnion(["items", "minItems", "maxItems"])
        let items = try value["items"].map { item throws(ChatError) in
          try AnswerSchema(item, at: place + ".items", depth: depth + 1)
        }
        self = .list(items ?? .any, count: try Self.range(value, "minItems", "maxItems", at: place))
      case "string":
        read.formUnion(["minLength", "maxLength"])
        self = .string(length: try Self.range(value, "minLength", "maxLength", at: place))
      case "number", "integer":
        read.formUnion(["minimum", "maximum"])
        self = .number(try NumberForm(value, isWhole: type == "integer", at: place))
      case "boolean": self = .choice(ChoiceTexts(["true", "false"]))
      case "null": self = .choice(ChoiceTexts(["null"]))
      case nil where members.allSatisfy({ Self.remarks.contains($0.name) }): self = .any
      default:
        throw .unsupported(
          place + ".type", "type must be one of object, array, string, number, integer, boolean and null.")
      }
    }
    if let other = members.first(where: { !read.contains($0.name) && !Self.remarks.contains($0.name) }) {
      throw .unsupported("\(place).\(other.name)", "The keyword \(other.name) can't be kept here; leave it out.")
    }
  }

  private static func object(_ value: JSONValue, at place: String, depth: Int) throws(ChatError) -> AnswerSchema {
    guard let properties = value["properties"] else {
      guard value["required"]?.elements?.isEmpty ?? true else {
        throw .invalid(place + ".required", "required names properties that the schema does not have.")
      }
      return value["additionalProperties"] == .bool(false) ? .object([]) : .anyObject
    }
    guard case .object(let members) = properties else {
      throw .invalid(place + ".properties", "properties must be an object.")
    }
    let names = Set(members.map(\.name))
    if let missing = value["required"]?.elements?.compactMap(\.string).first(where: { !names.contains($0) }) {
      throw .invalid(place + ".required", "required names '\(missing)', which is no property.")
    }
    var read: [Property] = []
    for member in members {
      let inner = "\(place).properties.\(member.name)"
      let opening = (read.isEmpty ? "" : ",") + JSONValue.string(member.name).text + ":"
      let schema = try AnswerSchema(member.value, at: inner, depth: depth + 1)
      read.append(Property(opening: Array(opening.utf8), schema: schema))
    }
    return .object(read)
  }

  private static func range(
    _ value: JSONValue, _ least: String, _ most: String, at place: String
  ) throws(ChatError) -> ClosedRange<Int> {
    func count(_ name: String) throws(ChatError) -> Int? {
      guard let given = value[name] else { return nil }
      guard let number = given.integer, number >= 0 else {
        throw .invalid("\(place).\(name)", "\(name) must be a whole number of at least 0.")
      }
      return number
    }
    let (low, high) = (try count(least) ?? 0, try count(most) ?? .max)
    guard low <= high else { throw .invalid(place, "\(least) is more than \(most).") }
    return low...high
  }
}
