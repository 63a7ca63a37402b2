internal import Foundation
internal import JSON

/// The body of a request.
enum RequestBody {
  /// It is no JSON.
  struct Fault: Error, Sendable, Equatable {
    /// What it must be, and where it is something else.
    let words: String
  }

  /// What it must be.
  static let form = "The body must be one JSON object in UTF-8"

  /// The value that the bytes hold.
  static func value(of bytes: Data) throws(Fault) -> JSONValue {
    let bytes = [UInt8](bytes)
    do throws(JSONSyntaxError) {
      return try JSONParser.value(of: bytes)
    } catch {
      let offset = error.offset
      let place = bytes.withUnsafeBufferPointer { buffer in
        var places = JSONPlaces(buffer)
        return places.place(of: offset)
      }
      throw Fault(
        words:
          "\(form): at line \(place.line), column \(place.column) expected \(error.expected), found \(error.found).")
    }
  }
}
