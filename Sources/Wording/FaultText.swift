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
    if isOfSystem(error) { return sentence(error as NSError) }
    if let error = error as Any as? any CustomStringConvertible { return error.description }
    if let words = (error as? any LocalizedError)?.errorDescription { return words }
    let type = String(reflecting: type(of: error))
    return "an unexpected error (\(type)); please report it with the command that led to it"
  }

  /// Why the system would not do something to a file, without the file's name: for sentences that have it already. Of errors
  /// that describe themselves, what they say.
  ///
  /// - Parameter advising: whether it is followed by what to do about a file that can't be written.
  package static func reason(of error: any Error, advising: Bool = false) -> String {
    guard isOfSystem(error) else { return sentence(for: error) }
    let error = error as NSError
    guard let code = systemCode(of: error) else { return words(of: error) }
    return String(cString: strerror(code)) + (advising ? advice(code) : "")
  }

  private static func isOfSystem(_ error: any Error) -> Bool {
    // On Linux every Swift error bridges to NSError, so the question is what the error is and not what it can become.
    let type = String(reflecting: type(of: error))
    return type.hasPrefix("Foundation") || type.hasPrefix("__C.")
  }

  private static func sentence(_ error: NSError) -> String {
    let path =
      error.userInfo["NSDestinationFilePath"] as? String ?? error.userInfo[NSFilePathErrorKey] as? String
      ?? (error.userInfo[NSURLErrorKey] as? URL)?.path
    guard let path else { return reason(of: error, advising: true) }
    let tried =
      switch (error.domain, error.code) {
      case (NSCocoaErrorDomain, 256..<300): "can't be read: "
      case (NSCocoaErrorDomain, 512..<700): "can't be written: "
      // What is not there may have been looked for, or could not be made.
      default: ""
      }
    let reason = reason(of: error, advising: tried != "can't be read: ")
    return reason.contains(path) ? reason : tried.isEmpty ? "\(path): \(reason)" : "\(path) \(tried)\(reason)"
  }

  /// The number of the system's error, such as `EACCES`; nil for errors of Foundation's own.
  private static func systemCode(of error: NSError) -> Int32? {
    if error.domain == NSPOSIXErrorDomain { return Int32(exactly: error.code) }
    return (error.userInfo[NSUnderlyingErrorKey] as? any Error).flatMap { systemCode(of: $0 as NSError) }
  }

  /// Foundation's own words, without those that say nothing.
  private static func words(of error: NSError) -> String {
    let words = error.localizedDescription.replacing("The operation could not be completed. ", with: "")
    return words.contains("Domain error") ? "the system refused it (error \(error.code))" : words
  }

  private static func advice(_ code: Int32) -> String {
    switch code {
    case ENOSPC, EDQUOT: "; make room there, or give another place"
    case EACCES, EPERM, EROFS: "; give a place in which you may write"
    case EISDIR: "; give a file's name"
    case ENOTDIR, EEXIST: "; a file stands where a folder is needed"
    case ENOENT: "; look at the path, or give a folder that can be made"
    default: ""
    }
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
