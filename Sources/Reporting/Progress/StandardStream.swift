package import Foundation

/// Standard output or standard error, whose faults are errors: `FileHandle` ends the process where a disk is full.
package struct StandardStream: Sendable {
  /// Standard output.
  package static let output = StandardStream(descriptor: STDOUT_FILENO)
  /// Standard error.
  package static let error = StandardStream(descriptor: STDERR_FILENO)

  let descriptor: Int32

  /// What the system says of a fault.
  package struct Fault: Error, CustomStringConvertible {
    let code: Int32
    /// The system's words.
    package var description: String { String(cString: strerror(code)) }
  }

  /// Writes all bytes.
  package func write(_ data: Data) throws {
    var rest = data[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // Another process that has it open lets nobody wait on it.
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&entry, 1, -1)
      } else if errno != EINTR {
        throw Fault(code: errno)
      }
    }
  }

  /// Why nothing can be written, as far as that is known without writing; nil where it is not.
  package var obstacle: String? {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { return "it is closed" }
    switch facts.st_mode & S_IFMT {
    case S_IFIFO, S_IFSOCK:
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      return poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLERR) != 0 ? "nobody reads it any more" : nil
    case S_IFREG:
      var space = statvfs()
      guard fstatvfs(descriptor, &space) == 0, space.f_blocks > 0 else { return nil }
      // Some blocks are root's alone.
      return (geteuid() == 0 ? space.f_bfree : space.f_bavail) == 0 ? "the disk is full" : nil
    case S_IFCHR:
      // /dev/full by its number: https://www.kernel.org/doc/Documentation/admin-guide/devices.txt
      return facts.st_rdev == 1 << 8 | 7 ? "the disk is full" : nil
    default: return nil
    }
  }
}
