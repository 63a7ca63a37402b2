import ContentDigest
internal import JSON
public import Foundation

/// An image file and the digest of its bytes: what a question about it is remembered by.
public struct ImageReference: Sendable, Hashable {
  /// The file.
  public let url: URL
  /// SHA-256 of the file's bytes, 64 hexadecimal digits. The same photo under another name has the same digest.
  package let digest: String
  /// The largest file that is read, in bytes.
  package static let maximumBytes = mostImageBytes

  /// A reference to a file whose digest is known.
  package init(url: URL, digest: String) {
    self.url = url
    self.digest = digest
  }

  /// Reads a file and takes its digest.
  ///
  /// - Parameter maximumBytes: larger files are refused. The default is ``maximumBytes``.
  /// - Throws: ``TeacherProtocolError/badImage(file:reason:)``.
  /// - Complexity: about 5 ms a megabyte.
  package init(contentsOf url: URL, maximumBytes: Int = maximumBytes) throws(TeacherProtocolError) {
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
      throw .badImage(file: file, reason: "it has \(bytes) bytes, more than the limit of \(limit); shrink the image")
    } catch {
      throw (error as? TeacherProtocolError) ?? .badImage(file: url.relativePath, reason: "\(error)")
    }
  }
}

extension ImageReference {
  /// Where the image is that a data file names. Every part of a run resolves names here, so that one name means one file.
  ///
  /// ```swift
  /// ImageReference.url(of: "100%/a.png", in: folder)          // the file "a.png" in the folder's folder "100%"
  /// ImageReference.url(of: "/data/a.png", in: folder)         // /data/a.png
  /// ImageReference.url(of: "file:///data/a%20b.png", in: folder)  // "/data/a b.png"
  /// ```
  ///
  /// - Parameters:
  ///   - name: a path relative to the folder, an absolute path, or a `file:` URL. Percent signs of a path mean themselves;
  ///     those of a URL stand for bytes.
  ///   - folder: what relative paths start from.
  public static func url(of name: String, in folder: URL) -> URL {
    let path = path(of: name)
    if path.hasPrefix("/") { return URL(fileURLWithPath: path, isDirectory: false) }
    // Not by appending to the URL, so that no sign of the path is taken for one of a URL.
    let start = folder.relativePath
    return URL(
      fileURLWithPath: (start.hasSuffix("/") ? start : start + "/") + path, isDirectory: false,
      relativeTo: folder.baseURL)
  }

  /// Whether a name leads to a file without a folder: an absolute path, or a `file:` URL with one.
  package static func isAbsolute(_ name: String) -> Bool { path(of: name).hasPrefix("/") }

  /// The path of the file that a URL leads to, through all symbolic links; without a file, the path as it is said shortest.
  /// Nothing is read.
  ///
  /// - Complexity: about 5 us.
  package static func file(at url: URL) -> String {
    // Not by URL.resolvingSymlinksInPath, which takes "link/.." away before it looks where the link leads.
    guard let path = realpath(url.path, nil) else { return url.standardizedFileURL.path }
    defer { free(path) }
    return String(cString: path)
  }

  private static func path(of name: String) -> String {
    guard name.prefix(5).lowercased() == "file:" else { return name }
    let rest = String(name.dropFirst(5))
    // file:///a, file://localhost/a and file:/a are the same file.
    var path = rest
    if let host = rest.dropping(prefix: "//") { path = host.dropping(prefix: "localhost/").map { "/" + $0 } ?? host }
    return path.removingPercentEncoding ?? path
  }
}

extension String {
  fileprivate func dropping(prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
