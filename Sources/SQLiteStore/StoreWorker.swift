internal import Annotations
internal import Foundation
internal import TeacherProtocol

/// One who asks on behalf of a store, as other processes of the machine see it: for as long as it lives it holds a lock on a byte
/// of the file `.workers` beside the store, which the system frees however the process ends.
///
/// So nothing has to be renewed, and no clock is asked: what a dead worker was about to ask is free at once.
final class StoreWorker: Sendable {
  /// The byte, which is the worker's name.
  let number: Int64
  private let descriptor: Int32

  /// Nil where the system or the file system has no such locks.
  ///
  /// - Throws: `AnnotationsError` where the file can't be made or locked.
  init?(beside store: URL) throws {
    let file = store.appendingPathExtension("workers")
    OwnerOnly.makeFile(file.path)
    let opened = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, OwnerOnly.mode)
    guard opened >= 0 else {
      throw AnnotationsError.cannotOpen(file: file.relativePath, reason: String(cString: strerror(errno)))
    }
    while true {
      let number = Int64.random(in: 1...(1 << 62))
      var byte = Self.byte(number, F_WRLCK)
      if fcntl(opened, Self.setLock, &byte) == 0 {
        (self.number, descriptor) = (number, opened)
        return
      }
      guard errno == EAGAIN || errno == EACCES || errno == EINTR else {
        let (code, reason) = (errno, String(cString: strerror(errno)))
        close(opened)
        if [EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP].contains(code) { return nil }
        throw AnnotationsError.cannotOpen(file: file.relativePath, reason: "it can't be locked: \(reason)")
      }
    }
  }

  deinit { close(descriptor) }

  /// Whether another worker is there. Where that can't be told it counts as there.
  func lives(_ other: Int64) -> Bool {
    guard other != number else { return true }
    var byte = Self.byte(other, F_WRLCK)
    while fcntl(descriptor, Self.getLock, &byte) != 0 {
      guard errno == EINTR else { return true }
    }
    return Int32(byte.l_type) != Int32(F_UNLCK)
  }

  // The C library's headers show them with _GNU_SOURCE alone; they are part of the system's interface.
  #if os(Linux)
    private static let (getLock, setLock) = (Int32(36), Int32(37))
  #else
    private static let (getLock, setLock) = (Int32(92), Int32(90))
  #endif

  /// Locks of an open file (https://man7.org/linux/man-pages/man2/fcntl.2.html, "Open file description locks"): those of the
  /// process would be lost where it closes any other opening of the file.
  private static func byte(_ number: Int64, _ kind: Int32) -> flock {
    var byte = flock()
    byte.l_type = Int16(kind)
    byte.l_whence = Int16(SEEK_SET)
    byte.l_start = off_t(number)
    byte.l_len = 1
    return byte
  }
}
