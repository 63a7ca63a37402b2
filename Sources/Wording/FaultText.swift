internal import Foundation

/// Any error as one sentence for a person, whichever library it came from.
///
/// The errors of this package describe themselves. Those of the system and of `Codable` are dumps of Swift values, and are
/// put into words here.
package enum FaultText {
  /// The error in words: what happened, where, and what to do where that is known.
  package static func sentence(for error: any Error) -> String {
    switch error {
    case is CancellationError: return "stopped; the same command goes on from here"
    case let error as DecodingError: return sentence(error)
    case let error as EncodingError:
      if case .invalidValue(_, let context) = error { return "\(context.debugDescription)\(place(context.codingPath))" }
      return "a value can't be written"
    default: break
    }
    // On Linux every Swift error bridges to NSError, so the question is what the error is and not what it can become.
    let type = String(reflecting: type(of: error))
    if type.hasPrefix("Foundation") || type.hasPrefix("__C.") { return sentence(error as NSError) }
    if let error = error as Any as? any CustomStringConvertible { return error.description }
    if let words = (error as? any LocalizedError)?.errorDescription { return words }
    return "an unexpected error (\(type)); please report it with the command that led to it"
  }

  private static func sentence(_ error: NSError) -> String {
    let reason = (error.userInfo[NSUnderlyingErrorKey] as? NSError).map(\.localizedDescription)
    let words = reason ?? error.localizedDescription
    let path = error.userInfo[NSFilePathErrorKey] as? String ?? (error.userInfo[NSURLErrorKey] as? URL)?.path
    return path.map { words.contains($0) ? words : "\($0): \(words)" } ?? words
  }

  private static func sentence(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): "the key '\(key.stringValue)' is missing\(place(context.codingPath))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "\(context.debugDescription)\(place(context.codingPath))"
    @unknown default: "a file does not hold what it should"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "" : " (at \(path.map(\.stringValue).joined(separator: ".")))"
  }
}
