internal import Annotations
internal import Foundation
internal import TeacherProtocol

/// One who asks on behalf of a store, as other processes of the machine see it: for as long as it lives it holds a lock on a byte
/// of the file `.workers` beside the store, which the system frees however the process ends.
///
/// So nothing has to be renewed, and no clock is asked: what a dead worker was about to ask is free at once.
final class StoreWorker: Sendable {
  /// The byte, which is the worker's name: ``mark``, a number drawn by lot, and in the last bits that of the process.
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
      let number =
        Self.mark | Int64.random(in: 0..<(1 << 40) - 1) << Self.processBits
        | Int64(ProcessInfo.processInfo.processIdentifier) & Self.processes
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

  /// Numbers of earlier versions, which say nothing of the process, are smaller.
  private static let mark: Int64 = 1 << 62
  /// No process has a greater number (https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html, `pid_max`).
  private static let (processBits, processes) = (22, Int64(1) << 22 - 1)

  /// What can be told of another worker; nil where that is nothing.
  func holder(_ other: Int64) -> ClaimHolder? {
    guard other > Self.mark else { return nil }
    let process = Int32(other & Self.processes)
    switch hasOpened(process) {
    case true: return ClaimHolder(name: "process \(process)", process: process, isStopped: Self.isStopped(process))
    case false:
      return ClaimHolder(name: "a process of another machine or container, which calls it process \(process),")
    case nil: return ClaimHolder(name: "process \(process)", process: process)
    }
  }

  /// Whether a process of this machine has the file open in which workers hold their locks; nil where that can't be told.
  ///
  /// Numbers of processes are those of a machine, or of a container, and the file may be seen from several.
  private func hasOpened(_ process: Int32) -> Bool? {
    var own = stat()
    guard fstat(descriptor, &own) == 0, FileManager.default.fileExists(atPath: "/proc/self/fd") else { return nil }
    let folder = "/proc/\(process)/fd"
    guard FileManager.default.fileExists(atPath: "/proc/\(process)") else { return false }
    guard let opened = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
    return opened.contains { name in
      var one = stat()
      return stat("\(folder)/\(name)", &one) == 0 && one.st_dev == own.st_dev && one.st_ino == own.st_ino
    }
  }

  /// Whether a process of this machine is stopped, by the third word of its `stat` (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
  private static func isStopped(_ process: Int32) -> Bool {
    let words = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    let state = words?.split(separator: ")").last?.first { $0 != " " }
    return state == "T" || state == "t"
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
