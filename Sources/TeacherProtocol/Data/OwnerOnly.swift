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

  /// Writes a file that is whole or not there, in place of one that was.
  package static func write(_ data: Data, to url: URL) throws {
    let temporary = url.deletingLastPathComponent().appending(path: ".\(UUID().uuidString)")
    makeFile(temporary.path)
    do {
      try data.write(to: temporary)
      guard rename(temporary.path, url.path) == 0 else { throw failure(url) }
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw error
    }
  }

  /// What the system says of a file or a folder that can't be written, in Foundation's form, with its path.
  private static func failure(_ url: URL) -> CocoaError {
    let cause = POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    return CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: url.path, NSUnderlyingErrorKey: cause])
  }
}
