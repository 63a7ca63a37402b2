internal import Foundation
internal import Evaluation

/// A file that grows at its end, one whole record per system call: a process killed between two records leaves no torn
/// one, and records already written are never lost with it.
///
/// A class because it stands for one open file; closed when the last reference goes.
final class AppendingFile: Sendable {
  let path: String
  private let descriptor: Int32

  /// Opens or makes a file; with `new` it must not be there yet, and nil comes back where it is.
  init?(_ path: String, new: Bool) throws(RunFileError) {
    self.path = path
    let mode = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (new ? O_EXCL : 0)
    descriptor = open(path, mode, 0o600)
    if descriptor < 0 {
      if new, errno == EEXIST { return nil }
      throw .unwritable(file: path, reason: String(cString: strerror(errno)))
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends the bytes, all of them.
  func append(_ bytes: [UInt8]) throws(RunFileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw .unwritable(file: path, reason: String(cString: strerror(errno))) }
      rest = rest.dropFirst(written)
    }
  }
}
