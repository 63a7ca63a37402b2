internal import TeacherProtocol
internal import Wording

/// A file of a run folder that could not be read or written.
package enum RunFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file could not be opened or read.
  case unreadable(file: String, reason: String)
  /// The file could not be written whole; what stood there before still stands.
  case unwritable(file: String, reason: String)
  /// The file is there but does not hold what it should; `place` names the field or line.
  case malformed(file: String, place: String, expected: String, found: String)

  /// The error in one sentence, with what to do.
  package var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file) can't be read: \(reason.withoutFullStop). Check the path and its permissions."
    case .unwritable(let file, let reason):
      "\(file) can't be written: \(reason.withoutFullStop). Check free space and permissions, then start the same command again."
    case .malformed(let file, let place, let expected, let found):
      "\(file), \(place): expected \(expected), found \(found.withoutFullStop). Delete the file to have it made again."
    }
  }
}
