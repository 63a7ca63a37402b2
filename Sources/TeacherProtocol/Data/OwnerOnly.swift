package import Foundation

/// Files of what people said and of what was paid for: they are their owner's alone, whatever the umask lets through.
/// Folders and files that are there keep their modes.
package enum OwnerOnly {
  /// The mode of a new file.
  package static let mode: mode_t = 0o600

  /// Makes a folder, and those above it that are missing.
  package static func makeFolder(_ url: URL) throws {
    guard !FileManager.default.fileExists(atPath: url.path) else {
      // Says what is wrong where a file stands in its place.
      return try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    let above = url.deletingLastPathComponent()
    if above.path != url.path { try makeFolder(above) }
    guard mkdir(url.path, 0o700) == 0 || errno == EEXIST else { throw failure(url) }
  }

  /// Makes an empty file where there is none.
  package static func makeFile(_ path: String) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    if descriptor >= 0 { close(descriptor) }
  }

  /// Where a file lies while it is being written: `.NAME.PROCESS-NUMBER.partial` beside it, by which starts of runs know what a
  /// process left that was killed.
  package static func temporary(for url: URL, number: Int = 0) -> URL {
    url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(getpid())-\(number).partial")
  }

  /// Writes a file that is whole or not there, in place of one that was.
  package static func write(_ data: Data, to url: URL) throws {
    let temporary = try makeTemporary(for: url)
    do {
      try data.write(to: temporary)
      guard rename(temporary.path, url.path) == 0 else { throw failure(url) }
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw error
    }
  }

  /// Makes an empty file beside another; a name that is taken was left by a process that was killed, or is another thread's.
  private static func makeTemporary(for url: URL) throws -> URL {
    for number in 0..<1000 {
      let temporary = temporary(for: url, number: number)
      let descriptor = open(temporary.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      if descriptor >= 0 {
        close(descriptor)
        return temporary
      }
      guard errno == EEXIST else { break }
    }
    throw failure(url)
  }

  /// What the system says of a file or a folder that can't be written, in Foundation's form, with its path.
  private static func failure(_ url: URL) -> CocoaError {
    let cause = POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    return CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: url.path, NSUnderlyingErrorKey: cause])
  }
}
