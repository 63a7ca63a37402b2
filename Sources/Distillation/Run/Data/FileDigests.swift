internal import ContentDigest
package import Foundation
internal import DistillationConfiguration
internal import StudentModels

/// The digest of a file's bytes; of a folder, that of its files' names and digests.
func digest(of url: URL) throws -> String { try FileDigests(cache: nil).digest(of: url) }

/// Digests of files; those of large ones are remembered by path, size, time and number of the file, so that a model's
/// weights are read through once and not at every start.
package struct FileDigests {
  /// The folder of remembered digests; nil reads every file.
  private let folder: URL?
  /// Files from this size on are remembered: 1 MiB.
  static let worthRemembering = 1 << 20

  /// - Parameter cache: the folder that runs share; nil remembers nothing.
  package init(cache: URL?) { folder = cache?.appending(path: "digests") }

  package func digest(of url: URL) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw RunError.missing(url.path)
    }
    guard isFolder.boolValue else { return try digest(ofFile: url) }
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    return try ContentDigest.of(fields: names.flatMap { [$0, try digest(of: url.appending(path: $0))] })
  }

  /// The digest of a model's folder, or of the GGUF files that it is read from; where there is none, the error says where
  /// models come from.
  package func digest(ofModel url: URL) throws -> String {
    try ModelFolder.demand(url)
    let files = try GGUFModel.paths(of: url)
    guard files.count > 1 else { return try digest(of: url) }
    return try ContentDigest.of(fields: files.map { try digest(of: URL(filePath: $0)) })
  }

  private func digest(ofFile url: URL) throws -> String {
    guard let folder, let state = Self.state(of: url) else { return try Self.read(url) }
    let entry = folder.appending(path: ContentDigest.of(fields: [state]))
    if let kept = try? String(contentsOf: entry, encoding: .utf8), kept.count == 64 { return kept }
    let result = try Self.read(url)
    // Where it can't be remembered, or the file has changed meanwhile, it is read again next time.
    if Self.state(of: url) == state {
      try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try? Data(result.utf8).write(to: entry, options: .atomic)
    }
    return result
  }

  private static func read(_ url: URL) throws -> String {
    var digest = ContentDigest()
    // In parts: Foundation maps nothing on Linux, and weights are large.
    let file = try FileHandle(forReadingFrom: url)
    defer { try? file.close() }
    while let part = try file.read(upToCount: 1 << 20), !part.isEmpty { part.withUnsafeBytes { digest.update($0) } }
    return digest.hexadecimal()
  }

  /// What changes when a file does, in nanoseconds; nil for files of fewer bytes.
  static func state(of url: URL, from size: Int = worthRemembering) -> String? {
    var status = stat()
    guard stat(url.resolvingSymlinksInPath().path, &status) == 0, status.st_size >= size else { return nil }
    let time = status.modified
    return "\(url.resolvingSymlinksInPath().path) \(status.st_size) \(time.tv_sec).\(time.tv_nsec) \(status.st_ino)"
  }
}

extension stat {
  /// When the file was last written.
  var modified: timespec {
    #if canImport(Darwin)
      st_mtimespec
    #else
      st_mtim
    #endif
  }
}

extension RunConfiguration {
  /// Where features, reference scores and digests are kept for other runs; nil where the configuration keeps none.
  var cacheFolder: URL? {
    guard student.imageCache else { return nil }
    return URL(filePath: NSString(string: cache).expandingTildeInPath, directoryHint: .isDirectory)
  }

  /// Digests of files, those of large ones remembered in the cache.
  var digests: FileDigests { FileDigests(cache: cacheFolder) }
}
