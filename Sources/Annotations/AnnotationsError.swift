public import TeacherProtocol
internal import Wording

/// Faults of stores, journals and review files.
public enum AnnotationsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file or data base can't be opened or made.
  case cannotOpen(file: String, reason: String)
  /// A file can't be written; what stood there before is still there.
  case cannotWrite(file: String, reason: String)
  /// A file stands where this process may not write: on a read-only medium, or without the permission.
  case readOnly(file: String)
  /// A file became shorter while it was open: something else than this package changes it.
  case changedBehindUs(file: String)
  /// A file was deleted, or another one put in its place, while it was in use.
  case replacedBehindUs(file: String)
  /// Another process has held the lock for too long.
  case locked(file: String, seconds: Double)
  /// A store was written by a newer version of this package.
  case newerStore(file: String, known: String, found: String)
  /// A row of a journal or review file is unusable.
  case badRow(RowProblem)
  /// The same teacher's name occurs twice among the assignments.
  case teacherTwice(String)

  /// The fault, its place, and the remedy.
  public var description: String {
    switch self {
    case .cannotOpen(let file, let reason):
      "\(file) can't be opened: \(reason.withoutFullStop). Check the path and its permissions."
    case .cannotWrite(let file, let reason):
      "\(file) can't be written: \(reason.withoutFullStop). Nothing that stood there is lost; mend the cause and start again."
    case .readOnly(let file):
      "\(file) is read-only: what it has can be read, and nothing can be added. Copy it to a place that can be written to."
    case .changedBehindUs(let file):
      "\(file) became shorter while it was in use. Only append to it, or stop its users before it is edited."
    case .replacedBehindUs(let file):
      "\(file) was deleted or replaced while it was in use. Put it back, or start again with the one that is there now."
    case .locked(let file, let seconds):
      "\(file) has been locked by another process for \(seconds) s. Wait for that process, or end it."
    case .newerStore(let file, let known, let found):
      "\(file) has the format '\(found)', and this version knows up to '\(known)'. Use a newer version or another store."
    case .badRow(let problem): "\(problem)"
    case .teacherTwice(let name):
      "Two teachers have the name '\(name)'. Names must differ, as votes are counted by them."
    }
  }
}
