import ContentDigest
public import Foundation

/// An image file and the digest of its bytes: what a question about it is remembered by.
public struct ImageReference: Sendable, Hashable {
  /// The file.
  public let url: URL
  /// SHA-256 of the file's bytes, 64 hexadecimal digits. The same photo under another name has the same digest.
  public let digest: String

  /// A reference to a file whose digest is known.
  public init(url: URL, digest: String) {
    self.url = url
    self.digest = digest
  }

  /// Reads a file and takes its digest.
  ///
  /// - Parameter maximumBytes: larger files are refused; the default is 64 MiB.
  /// - Throws: ``TeacherProtocolError/badImage(file:reason:)``.
  /// - Complexity: about 5 ms a megabyte.
  public init(contentsOf url: URL, maximumBytes: Int = 64 << 20) throws(TeacherProtocolError) {
    var limits = ReadLimits()
    limits.fileBytes = maximumBytes
    do {
      let data = try readData(url, limits: limits)
      guard !data.isEmpty else { throw TeacherProtocolError.badImage(file: url.relativePath, reason: "it is empty") }
      var digest = ContentDigest()
      data.withUnsafeBytes { digest.update($0) }
      self.init(url: url, digest: digest.hexadecimal())
    } catch TeacherProtocolError.cannotRead(let file, let reason) {
      throw .badImage(file: file, reason: reason)
    } catch TeacherProtocolError.tooLarge(let file, let bytes, let limit) {
      throw .badImage(file: file, reason: "it has \(bytes) bytes, more than the limit of \(limit)")
    } catch {
      throw (error as? TeacherProtocolError) ?? .badImage(file: url.relativePath, reason: "\(error)")
    }
  }
}
