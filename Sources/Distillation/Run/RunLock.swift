internal import Foundation
import Reporting

/// The lock of a run's folder: one start at a time carries the run out. The system frees it when its holder ends, however it
/// ends, so none is ever left behind.
struct RunLock {
  private let descriptor: Int32

  /// Takes the lock, `run.lock` in the folder, and writes down who has it.
  ///
  /// A file system without locks is no error but a message.
  ///
  /// - Throws: ``RunError/underWay(_:holder:)``; ``CheckingError/unwritable(_:reason:)`` where the file can't be made.
  init(_ folder: URL, reporter: ProgressReporter) throws {
    let file = folder.appending(path: "run.lock")
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw CheckingError.unwritable(file.path, reason: String(cString: strerror(errno)))
    }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK:
        let holder = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        close(descriptor)
        throw RunError.underWay(folder.path, holder: holder.isEmpty ? "another process" : holder)
      default:
        reporter.warn(
          "\(file.path) can't be locked (\(String(cString: strerror(errno)))): a second start of this run would not be "
            + "noticed")
        return
      }
    }
    let process = ProcessInfo.processInfo
    let holder = "process \(process.processIdentifier) on \(process.hostName) since \(Date().ISO8601Format())"
    _ = ftruncate(descriptor, 0)
    _ = holder.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  /// Gives the lock back.
  func free() { close(descriptor) }
}
