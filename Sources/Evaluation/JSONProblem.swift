package import Foundation
internal import JSON

/// What is wrong with a JSON file, in the words that ``RunFileError`` needs.
package struct JSONProblem {
  /// A line and a column, or a field.
  package let place: String
  package let expected: String
  package let found: String

  /// The fault of a file that `JSONDecoder` refused.
  ///
  /// - Parameters:
  ///   - error: what it threw. A type of this package says what is expected by `DecodingError.dataCorrupted` with a description
  ///     that begins with `expected`.
  ///   - data: the file's bytes.
  package init(_ error: any Error, in data: Data) {
    let file: JSONValue
    do throws(JSONSyntaxError) {
      file = try JSONParser.value(of: [UInt8](data))
    } catch {
      let fault = error
      let place = data.withUnsafeBytes { bytes in
        var places = JSONPlaces(bytes.bindMemory(to: UInt8.self))
        return places.place(of: fault.offset)
      }
      self.place = "line \(place.line), column \(place.column)"
      (expected, found) = (fault.expected, fault.found)
      return
    }
    var (path, wanted): ([any CodingKey], String) = ([], Self.anything)
    switch error {
    case DecodingError.keyNotFound(let key, let context): (path, wanted) = (context.codingPath + [key], "a value")
    case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
      (path, wanted) = (context.codingPath, Self.words(for: type))
    case DecodingError.dataCorrupted(let context):
      path = context.codingPath
      if context.debugDescription.hasPrefix(Self.mark) {
        wanted = String(context.debugDescription.dropFirst(Self.mark.count))
      }
    default: break
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
    if wanted == Self.anything, let number = value?.double {
      // Numbers are refused where they don't fit in what is read, whole ones in 64 bits.
      wanted = number.isFinite ? "a whole number that fits in 64 bits" : "a number of at most 1.8e308"
    }
    place = name.isEmpty ? "the whole file" : "field \(name)"
    (expected, found) = (wanted, value.map(Self.shown) ?? "nothing")
  }

  /// A value in a few words; short lists whole.
  private static func shown(_ value: JSONValue) -> String {
    let text = value.text
    return value.elements != nil && text.utf8.count <= 60 ? text : value.summary
  }

  private static let mark = "expected "
  private static let anything = "a value of this file's format"

  /// What stands for a Swift type in a file.
  private static func words(for type: Any.Type) -> String {
    switch type {
    case is Double.Type, is Float.Type: "a number"
    case is Int.Type: "a whole number"
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    default: "\(type)".hasPrefix("Array") ? "a list" : "an object"
    }
  }
}
