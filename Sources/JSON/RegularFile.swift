package import Foundation

/// Why a file is not read.
package struct UnreadableFile: LocalizedError {
  package let errorDescription: String?
}

/// The most bytes of an image file that are read, wherever it is read: 256 MiB, about what the most pixels that are decoded take.
package let mostImageBytes = 256 << 20

/// The bytes of a regular file: opening a pipe would wait for a writer, and a device has no end.
///
/// - Parameter limit: the most bytes that it may have. The default is 256 MiB, several times the largest tokenizer.
/// - Throws: ``UnreadableFile``, whose words do not name the file.
package func readRegularFile(_ url: URL, limit: Int = 1 << 28 - 1) throws -> Data {
  let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw UnreadableFile(errorDescription: String(cString: strerror(errno))) }
  let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    throw UnreadableFile(errorDescription: "It is not a regular file.")
  }
  guard Int(status.st_size) <= limit else {
    throw UnreadableFile(errorDescription: "It has more than \(limit) bytes, which are the most that are read.")
  }
  return try file.read(upToCount: Int(status.st_size)) ?? Data()
}
