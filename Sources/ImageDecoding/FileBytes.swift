#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The bytes of a regular file. Its size is checked before anything is read, and a pipe or device, whose size is unknown,
/// is refused.
func readFile(_ path: String, atMost limit: Int) throws(ImageDecodingError) -> [UInt8] {
  // Without O_NONBLOCK, opening a pipe without a writer would wait for ever.
  let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard file >= 0 else { throw .unreadable(file: path, reason: systemError()) }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0 else { throw .unreadable(file: path, reason: systemError()) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(file: path, reason: "not a regular file") }
  let size = Int(status.st_size)
  guard size <= limit else { throw .fileTooLarge(file: path, bytes: size, limit: limit) }
  var failure: String?
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    while count < size {
      let read = read(file, buffer.baseAddress! + count, size - count)
      if read < 0 && errno == EINTR { continue }
      if read < 0 { failure = systemError() }
      if read <= 0 { return }
      count += read
    }
  }
  if let failure { throw .unreadable(file: path, reason: failure) }
  return bytes
}

/// Lends the bytes of a regular file without reading those that are not looked at; nil for a file that can't be mapped.
func withMappedFile<Result>(_ path: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
  let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return nil }
  let size = Int(status.st_size)
  guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else { return nil }
  defer { munmap(start, size) }
  return body(UnsafeRawBufferPointer(start: start, count: size))
}

private func systemError() -> String {
  String(cString: strerror(errno))
}
