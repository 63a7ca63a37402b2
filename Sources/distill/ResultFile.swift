internal import Wording

#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import TeacherProtocol

  /// A result that comes part by part: a file that is whole or not there, or standard output.
  final class ResultFile {
    /// Nil for standard output.
    private let handle: FileHandle?
    private let target: URL?
    /// Where the parts go until they are all there; nil where they go to the target itself.
    private var partial: URL?

    /// A result in a file, or on standard output for nil and `-`.
    init(_ path: String?) throws {
      guard let path, path != "-" else {
        (handle, target) = (nil, nil)
        return
      }
      let url = URL(filePath: path).resolvingSymlinksInPath()
      target = url
      var facts = stat()
      let isSpecial = stat(url.path, &facts) == 0 && facts.st_mode & S_IFMT != S_IFREG
      let folder = url.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let place = isSpecial ? url : OwnerOnly.temporary(for: url)
      let descriptor = open(place.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw Self.fault(url) }
      handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      partial = isSpecial ? nil : place
    }

    deinit { if let partial { unlink(partial.path) } }

    func write(_ data: Data) throws {
      guard let handle, let target else { return try Output.write(data) }
      do { try handle.write(contentsOf: data) } catch {
        throw CheckingError.unwritable(target.relativePath, reason: FaultText.reason(of: error, advising: true))
      }
    }

    /// Puts the file in its place.
    func finish() throws {
      try handle?.close()
      guard let partial, let target else { return }
      guard rename(partial.path, target.path) == 0 else { throw Self.fault(target) }
      self.partial = nil
    }

    /// What the system says last of a file.
    private static func fault(_ file: URL) -> CheckingError {
      let cause = POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      return .unwritable(file.relativePath, reason: FaultText.reason(of: cause, advising: true))
    }
  }
#endif
