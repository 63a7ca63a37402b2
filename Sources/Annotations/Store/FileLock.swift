package import Foundation
internal import TeacherProtocol
internal import Wording

/// An exclusive lock between processes (`flock`), freed by the system when its holder dies.
package final class FileLock {
  private let descriptor: Int32
  private let file: String

  /// A lock on a file, which is made if it is not there.
  package init(_ url: URL) throws(AnnotationsError) {
    file = url.relativePath
    descriptor = try openFile(url)
  }

  deinit { close(descriptor) }

  /// Runs a body while no other process, and no other opening in this one, holds the lock.
  ///
  /// Waits by sleeping and trying again, as a blocked thread would be one less for everybody else's tasks. Taking the lock,
  /// the body and giving it back are one synchronous stretch, so tasks of one actor can't slip in between.
  package static func holding<Result>(
    _ descriptor: Int32, file: String, patience: Duration = .seconds(30), isolation: isolated (any Actor)? = #isolation,
    _ body: () throws -> Result
  ) async throws -> Result {
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    while true {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        defer { flock(descriptor, LOCK_UN) }
        return try body()
      }
      guard errno == EWOULDBLOCK || errno == EINTR else {
        throw AnnotationsError.cannotOpen(file: file, reason: "it can't be locked: \(lastError())")
      }
      guard clock.now < deadline else {
        throw AnnotationsError.locked(file: file, seconds: Double(patience.components.seconds))
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  /// Runs a body while the lock is held, blocking the thread: for set-up code that can't be asynchronous.
  package func withLock<Result>(_ body: () throws -> Result) throws -> Result {
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        throw AnnotationsError.cannotOpen(file: file, reason: "it can't be locked: \(lastError())")
      }
    }
    defer { flock(descriptor, LOCK_UN) }
    return try body()
  }
}

/// Refuses a folder in the place of a store's file, before anything is made beside it.
package func refuseFolder(_ url: URL) throws(AnnotationsError) {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else { return }
  let file = url.appending(path: "annotations.sqlite")
  let remedy =
    FileManager.default.fileExists(atPath: file.path)
    ? "give \(file.relativePath)" : "give the file with the replies, such as annotations.sqlite in a store's folder"
  throw .cannotOpen(file: url.relativePath, reason: "it is a folder; \(remedy)")
}

/// Whether a file is there and this process may not write it, or not beside it: an archive on a read-only medium, or
/// another user's files.
package func standsReadOnly(_ url: URL) -> Bool {
  let places = [url, url.deletingLastPathComponent()]
  return access(url.path, F_OK) == 0 && places.contains { access($0.path, W_OK) != 0 }
}

/// Opens a regular file to read and write; it and its folder are made if they are not there, for its owner alone. A file that may only be read is
/// opened for reading.
///
/// - Parameter isReadOnly: opens for reading whatever the file's permissions are.
func openFile(_ url: URL, isReadOnly: Bool = false) throws(AnnotationsError) -> Int32 {
  let file = url.relativePath
  let folder = url.deletingLastPathComponent()
  do {
    try OwnerOnly.makeFolder(folder)
  } catch {
    throw .cannotOpen(file: file, reason: "its folder can't be made: \(FaultText.reason(of: error))")
  }
  let writing = O_RDWR | O_CREAT
  var descriptor = open(url.path, (isReadOnly ? O_RDONLY : writing) | O_CLOEXEC, OwnerOnly.mode)
  if descriptor < 0, [EROFS, EACCES, EPERM].contains(errno) {
    let reason = errno
    descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    // The file that could not be made is the cause, and not that it is missing.
    if descriptor < 0 { errno = reason }
  }
  guard descriptor >= 0 else { throw .cannotOpen(file: file, reason: lastError()) }
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    close(descriptor)
    throw .cannotOpen(file: file, reason: "it is not a regular file")
  }
  return descriptor
}

/// The system's words for what just failed.
func lastError() -> String { String(cString: strerror(errno)) }
