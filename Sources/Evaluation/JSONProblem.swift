package import Foundation
internal import JSON

/// What is wrong with a JSON file, in the words that ``RunFileError`` needs.
package struct JSONProblem {
  /// A line and a column, or a field.
  package let place: String
  package let expected: String
  package let found: String

  /// The fault of a file that could not be read as a type.
  ///
  /// - Parameters:
  ///   - error: what `JSONDecoder`, or `JSONValue.decoded(as:)`, threw. A type of this package says what is expected by
  ///     `DecodingError.dataCorrupted` with a description that begins with `expected`.
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
    let fault = JSONMismatch(error, in: file)
    place = fault.place.isEmpty ? "the whole file" : "field \(fault.place)"
    (expected, found) = (fault.expected, fault.found)
  }
}
