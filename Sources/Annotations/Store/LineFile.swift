internal import JSON
package import Foundation
package import TeacherProtocol

/// A file of JSON lines that several processes append to, of which no confirmed line is ever lost.
///
/// A line counts once ``append(_:)`` has returned: it is then on the disk, newline included. A process killed while it
/// wrote leaves a torn last line, which was never confirmed: it is reported, and cut off by the next append. If only
/// the newline is missing the line is whole, counts, and gets its newline with the next append.
package final class LineFile {
  /// Writes bytes at an offset as `pwrite` does; tests put a failing disk here.
  package typealias Write = @Sendable (Int32, UnsafeRawPointer, Int, off_t) -> Int
  /// Brings what was written to the disk as `fsync` does.
  package typealias Sync = @Sendable (Int32) -> Int32

  /// Path of the file as it was given.
  package let file: String
  package let descriptor: Int32
  /// The same path from the root on.
  private let path: String
  /// Torn lines that were met.
  package private(set) var problems: [RowProblem] = []
  /// Whether it was opened for reading alone, as it may not be written.
  package let isReadOnly: Bool
  private let isDurable: Bool
  private let write: Write
  private let sync: Sync
  private var offset: off_t = 0
  private var lines = 0
  /// Whether the line that was read last has no newline yet.
  private var lacksNewline = false
  private var reportedTorn: off_t = -1

  /// Opens or makes a file.
  package init(
    _ url: URL, isDurable: Bool = true, isReadOnly: Bool = false,
    write: @escaping Write = { pwrite($0, $1, $2, $3) }, sync: @escaping Sync = { fsync($0) }
  ) throws(AnnotationsError) {
    file = url.relativePath
    path = url.path
    self.isDurable = isDurable
    (self.write, self.sync) = (write, sync)
    descriptor = try openFile(url, isReadOnly: isReadOnly)
    self.isReadOnly = fcntl(descriptor, F_GETFL) & O_ACCMODE == O_RDONLY
    if isDurable, !self.isReadOnly {
      // The file's entry in its folder must be on the disk too.
      let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
      if folder >= 0 {
        fsync(folder)
        close(folder)
      }
    }
  }

  deinit { close(descriptor) }

  /// What the whole lines that were added since the last call say. Call it under the lock.
  ///
  /// - Parameter read: reads a line by its number and bytes. Where it throws nothing counts as read: the next call meets the line
  ///   again, and none behind it is passed over.
  package func newLines<Line>(_ read: (_ number: Int, _ bytes: Data) throws -> Line) throws -> [Line] {
    var fresh = try unread()
    // Another process may have ended the line that had no end.
    let skipped = lacksNewline && fresh.first == 0x0A ? 1 : 0
    fresh = Data(fresh.dropFirst(skipped))
    let end = fresh.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let rest = Data(fresh[end...])
    var found: [Line] = []
    var number = lines
    func take(_ line: Data) throws {
      number += 1
      if line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) { found.append(try read(number, line)) }
    }
    if end > 0 {
      for line in fresh[..<(end - 1)].split(separator: 0x0A, omittingEmptySubsequences: false) { try take(Data(line)) }
    }
    let isEnded = !isWhole(rest)
    if !isEnded { try take(rest) }
    if skipped + end > 0 || !isEnded { lacksNewline = !isEnded }
    lines = number
    offset += off_t(skipped + end + (isEnded ? 0 : rest.count))
    if isEnded { try report(rest) }
    return found
  }

  /// Adds lines behind all others; they must not hold line ends. Call it under the lock, after ``newLines(_:)``.
  package func append(_ texts: [String]) throws(AnnotationsError) {
    guard !texts.isEmpty else { return }
    guard !isReadOnly else { throw .readOnly(file: file) }
    let torn = try unread()
    var bytes = Array(texts.joined(separator: "\n").utf8)
    bytes.append(0x0A)
    if torn.isEmpty {
      if lacksNewline { bytes.insert(0x0A, at: 0) }
    } else {
      if isWhole(torn) {
        bytes.insert(0x0A, at: 0)
      } else if ftruncate(descriptor, offset) != 0 {
        throw .cannotWrite(file: file, reason: "a torn line can't be cut off: \(lastError())")
      }
    }
    let start = isWhole(torn) ? offset + off_t(torn.count) : offset
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { write(descriptor, $0 + written, buffer.count - written, start + off_t(written)) } ?? 0
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = count < 0 ? lastError() : "no byte was taken"
        ftruncate(descriptor, start)
        throw .cannotWrite(file: file, reason: reason)
      }
      written += count
    }
    if isDurable, sync(descriptor) != 0 {
      let reason = "it can't be brought to the disk: \(lastError())"
      // Whoever reads the file must not find what was never confirmed.
      ftruncate(descriptor, start)
      throw .cannotWrite(file: file, reason: reason)
    }
  }

  private func isWhole(_ torn: Data) -> Bool {
    guard !torn.isEmpty else { return false }
    return torn.withUnsafeBytes { raw in
      guard case .object? = try? JSONParser.value(of: raw.bindMemory(to: UInt8.self)) else { return false }
      return true
    }
  }

  private func report(_ torn: Data) throws(AnnotationsError) {
    guard !torn.isEmpty, reportedTorn != offset else { return }
    reportedTorn = offset
    problems.append(
      RowProblem(
        file: file, line: lines + 1, expected: "a whole line",
        found: "\(torn.count) bytes of one that was never finished; the next append cuts them off"))
  }

  private func unread() throws(AnnotationsError) -> Data {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotOpen(file: file, reason: lastError()) }
    guard status.st_size >= offset else { throw .changedBehindUs(file: file) }
    // What is written to a file that was deleted or replaced is lost with it.
    var named = stat()
    guard stat(path, &named) == 0, named.st_ino == status.st_ino, named.st_dev == status.st_dev else {
      throw .replacedBehindUs(file: file)
    }
    var data = Data(count: Int(status.st_size - offset))
    var read = 0
    while read < data.count {
      let at = offset + off_t(read)
      let count = data.withUnsafeMutableBytes { buffer in
        buffer.baseAddress.map { pread(descriptor, $0 + read, buffer.count - read, at) } ?? 0
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .cannotOpen(file: file, reason: lastError()) }
      if count == 0 { break }
      read += count
    }
    return data.prefix(read)
  }
}
