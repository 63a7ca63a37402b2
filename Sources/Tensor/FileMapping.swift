internal import Foundation

/// A whole file mapped read-only into memory, for the lifetime of this object.
final class FileMapping: @unchecked Sendable {
  /// The file's bytes; page-aligned.
  let bytes: UnsafeRawBufferPointer

  init(path: String) throws {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    func unreadable(_ reason: String? = nil) -> Tensor.SafetensorsError {
      .unreadable(file: path, reason: reason ?? String(cString: strerror(errno)))
    }
    guard descriptor >= 0 else { throw unreadable() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable() }
    guard status.st_mode & S_IFMT == S_IFREG else { throw unreadable("it is not a regular file") }
    guard status.st_size > 0 else {  // nothing can be mapped
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      guard errno == ENOMEM else { throw unreadable() }
      throw Tensor.SafetensorsError.outOfMemory(
        file: path, bytes: Int(status.st_size), left: Tensor.Compute.memoryLeft)
    }
    bytes = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
  }

  /// Returns the memory behind these bytes to the system; a later read loads them from the file again.
  func release(_ pointer: UnsafeRawPointer, count: Int) {
    // Whole pages inside the range: its ends may lie on pages of other tensors.
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (Int(bitPattern: pointer) + page - 1) / page * page
    let end = (Int(bitPattern: pointer) + count) / page * page
    guard start < end else { return }
    madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, MADV_DONTNEED)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }
}
