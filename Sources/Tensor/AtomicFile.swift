internal import Foundation

/// A file that appears whole under its name or not at all.
enum AtomicFile {
  static func write(
    to path: String, isDurable: Bool, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    func failure() -> Tensor.SafetensorsError { .unwritable(file: path, reason: String(cString: strerror(errno))) }
    let (descriptor, temporary) = try create(beside: path, failure)
    var isOpen = true
    do {
      try body { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          // One call moves at most 2 GiB.
          let written = Foundation.write(
            descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, min(rest.count, 1 << 30))
          if written < 0 && errno == EINTR { continue }
          guard written > 0 else { throw failure() }
          rest = rest.dropFirst(written)
        }
      }
      guard !isDurable || fsync(descriptor) == 0 else { throw failure() }
      isOpen = false
      guard close(descriptor) == 0 else { throw failure() }
      guard rename(temporary, path) == 0 else { throw failure() }
    } catch {
      if isOpen { close(descriptor) }
      unlink(temporary)
      throw error
    }
    guard isDurable else { return }
    // The name itself reaches the disk with its folder; file systems that cannot do that say so, and nothing is lost.
    let folder = open(directory(of: path), O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  private static func create(
    beside path: String, _ failure: () -> Tensor.SafetensorsError
  ) throws -> (descriptor: Int32, path: String) {
    let (folder, name) = (directory(of: path), path.split(separator: "/").last ?? "")
    // Left behind by a process that was killed, a name may be taken: the next number then. Starts of runs know such names, and
    // delete what is left.
    for number in 0..<1000 {
      let temporary = "\(folder)/.\(name).\(getpid())-\(number).partial"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if descriptor >= 0 { return (descriptor, temporary) }
      guard errno == EEXIST else { throw failure() }
    }
    throw failure()
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
