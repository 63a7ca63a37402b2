internal import ContentDigest
internal import DistillationConfiguration
package import Foundation
package import ImageDecoding
internal import JSON
internal import Layers
internal import TeacherProtocol
internal import Wording

/// What is known of image files once each has been read whole: a digest of its bytes, or why no image can be had of it.
///
/// That a file is sound is remembered in the runs' cache by its path, size, time and number, so that each is decoded once and
/// not at every start.
package struct ImageFiles {
  /// What a file turned out to be.
  package enum Sight: Sendable, Equatable {
    /// An image, and the digest of its bytes.
    case sound(digest: String)
    /// Not an image that is read here, and why.
    case unreadable(String)
  }

  private let decoder: ImageDecoder
  /// The file of remembered digests; nil looks at every file anew.
  private let memory: URL?
  /// Whether what is found is written there: a command that only looks leaves nothing behind.
  package var remembers = true
  /// Digests of sound files by what is known of them without reading.
  private var known: [String: String]

  /// So many files are decoded before what they came to is written down.
  private static let stretch = 512

  /// - Parameters:
  ///   - cache: the folder that runs share; nil remembers nothing.
  ///   - decoder: how files become pixels.
  package init(cache: URL?, decoder: ImageDecoder = ImageDecoder()) {
    self.decoder = decoder
    memory = cache?.appending(path: "digests/images.txt")
    known = memory.map(Self.entries) ?? [:]
  }

  /// Looks at files, several at a time.
  ///
  /// - Parameters:
  ///   - paths: each counts once.
  ///   - tell: takes how many of how many files are decoded that were not known.
  /// - Returns: what each is, by its path.
  package mutating func look(
    at paths: [String], tell: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) -> [String: Sight] {
    let states = Dictionary(paths.map { ($0, Self.state(of: $0)) }) { first, _ in first }
    var sights = states.compactMapValues { state in state.flatMap { known[$0] }.map { Sight.sound(digest: $0) } }
    let open = states.keys.filter { sights[$0] == nil }.sorted()
    var done = 0
    for part in open.batches(of: Self.stretch) {
      let decoder = decoder
      let found = mapInParallel(part) { Self.sight(of: $0, decoder) }
      var fresh: [(state: String, digest: String)] = []
      for (path, sight) in zip(part, found) {
        sights[path] = sight
        // One that changes meanwhile is looked at again next time.
        guard case .sound(let digest) = sight, let state = states[path].flatMap(\.self), Self.state(of: path) == state
        else { continue }
        known[state] = digest
        fresh.append((state, digest))
      }
      remember(fresh)
      done += part.count
      tell(done, open.count)
    }
    return sights
  }

  /// What a file is, read and decoded whole.
  static func sight(of path: String, _ decoder: ImageDecoder) -> Sight {
    do {
      // Larger files are sent nowhere.
      let limit = decoder.options.maximumFileBytes
      let data = try readRegularFile(URL(filePath: path), limit: limit)
      _ = try decoder.decode([UInt8](data), name: path)
      var digest = ContentDigest()
      data.withUnsafeBytes { digest.update($0) }
      return .sound(digest: digest.hexadecimal())
    } catch {
      let text = FaultText.sentence(for: error).withoutFullStop
      return .unreadable(text.hasPrefix(path + ": ") ? String(text.dropFirst(path.count + 2)) : text)
    }
  }

  /// A digest of what changes when a file does; nil where it can't be had.
  private static func state(of path: String) -> String? {
    FileDigests.state(of: URL(filePath: path), from: 0).map { ContentDigest.of(fields: [$0]) }
  }

  // MARK: - The memory

  /// Bytes of an entry: two digests, a space between and a line's end behind them.
  private static let entryBytes = 64 + 1 + 64 + 1

  private static func entries(of file: URL) -> [String: String] {
    guard let bytes = try? Data(contentsOf: file) else { return [:] }
    var entries: [String: String] = [:]
    // A line that was cut short is none.
    for line in bytes.split(separator: 0x0a) where line.count == entryBytes - 1 {
      entries[String(decoding: line.prefix(64), as: UTF8.self)] = String(decoding: line.suffix(64), as: UTF8.self)
    }
    return entries
  }

  /// Adds entries to the file, at once, so that runs beside this one may add theirs.
  private func remember(_ entries: [(state: String, digest: String)]) {
    guard let memory, remembers, !entries.isEmpty else { return }
    // Where nothing can be remembered, files are looked at again next time.
    try? FileManager.default.createDirectory(
      at: memory.deletingLastPathComponent(), withIntermediateDirectories: true)
    let descriptor = open(memory.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try? file.write(contentsOf: Data(entries.map { "\($0.state) \($0.digest)\n" }.joined().utf8))
  }
}

extension RunConfiguration {
  /// What is known of the images of the data.
  var imageFiles: ImageFiles { ImageFiles(cache: cacheFolder, decoder: data.readPixels.decoder) }
}
