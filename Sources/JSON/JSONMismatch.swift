/// What of a value a type could not be read from, in the words that errors need.
package struct JSONMismatch {
  /// The path of the value, `a.b[2]`; empty for the whole.
  package let place: String
  package let expected: String
  package let found: String
  /// What the type says is wrong with the value, where it says it in words of its own; nil where it only expected another one.
  package let reason: String?

  /// - Parameters:
  ///   - error: what ``JSONValue/decoded(as:)`` threw. A type says what is expected by `DecodingError.dataCorrupted` with a
  ///     description that begins with `expected`; another description is ``reason``.
  ///   - file: the whole value.
  package init(_ error: any Error, in file: JSONValue) {
    var (path, wanted, reason): ([any CodingKey], String, String?) = ([], "a value of this file's format", nil)
    switch error {
    case DecodingError.keyNotFound(let key, let context): (path, wanted) = (context.codingPath + [key], "a value")
    case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
      (path, wanted) = (context.codingPath, Self.words(for: type))
    case DecodingError.dataCorrupted(let context):
      path = context.codingPath
      if context.debugDescription.hasPrefix(Self.mark) {
        wanted = String(context.debugDescription.dropFirst(Self.mark.count))
      } else {
        reason = context.debugDescription
      }
    default: reason = "\(error)"
    }
    var value: JSONValue? = file
    var name = ""
    for key in path {
      if let number = key.intValue, let elements = value?.elements {
        value = elements.indices.contains(number) ? elements[number] : nil
        name += "[\(number)]"
      } else {
        value = value?[key.stringValue]
        name += (name.isEmpty ? "" : ".") + key.stringValue
      }
    }
    (place, expected, found, self.reason) = (name, wanted, value.map(Self.shown) ?? "nothing", reason)
  }

  /// A value in a few words; short lists whole.
  private static func shown(_ value: JSONValue) -> String {
    let text = value.text
    return value.elements != nil && text.utf8.count <= 60 ? text : value.summary
  }

  private static let mark = "expected "

  /// What stands for a Swift type in a file.
  private static func words(for type: Any.Type) -> String {
    switch type {
    case is Double.Type, is Float.Type: "a number"
    case is any FixedWidthInteger.Type: "a whole number"
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    default: "\(type)".hasPrefix("Array") ? "a list" : "an object"
    }
  }
}
