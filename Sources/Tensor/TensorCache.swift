package import Foundation

extension Tensor {
  /// Tensors that were computed before, on disk by the content that they follow from.
  ///
  /// ```swift
  /// let cache = Tensor.Cache(folder, limit: 4 << 30)
  /// let features = cache.tensors(for: key)?["features"] ?? compute()
  /// ```
  ///
  /// What is kept is exactly what was computed, bit for bit. Several processes may share a folder: entries appear whole
  /// or not at all, and an entry that is damaged or gone is simply computed again. When the folder outgrows its limit,
  /// the entries whose last read is the longest ago are removed first.
  package struct Cache: Sendable {
    /// Where the entries lie.
    package let folder: URL
    /// The most bytes of all entries together.
    package let limit: Int

    /// A cache in a folder, which is made when the first entry is written.
    ///
    /// - Parameter limit: in bytes. The default is 16 GiB.
    package init(_ folder: URL, limit: Int = 16 << 30) {
      (self.folder, self.limit) = (folder, limit)
    }

    /// What was kept under a key; nil where there is nothing, or nothing that can be read.
    ///
    /// - Parameter key: a digest in hexadecimal digits of everything that the tensors depend on.
    package func tensors(for key: String) -> [String: Tensor]? {
      let file = file(of: key)
      guard let entry = try? SafetensorsFile(contentsOf: file) else { return nil }
      var kept: [String: Tensor] = [:]
      for name in entry.names {
        guard let tensor = try? entry.tensor(named: name) else { return nil }
        // In memory of its own: the entry may be trimmed while the tensor lives.
        kept[name] = tensor.withScalars { Tensor(Array($0), shape: tensor.shape) }
      }
      // Read now is used last: this is what trimming goes by.
      utimes(file.path, nil)
      return kept
    }

    /// Keeps tensors under a key. A full disk or a folder that can't be written is no error: they are then computed
    /// again the next time.
    ///
    /// - Returns: whether they are kept.
    @discardableResult
    package func keep(_ tensors: [String: Tensor], for key: String) -> Bool {
      let file = file(of: key)
      do {
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Tensor.writeSafetensors(tensors, to: file, isDurable: false)
        return true
      } catch { return false }
    }

    /// Removes the entries that were not read for the longest time, until the rest takes at most nine tenths of the limit;
    /// nothing where all of them fit.
    ///
    /// - Returns: the number of entries removed.
    @discardableResult
    package func trim() -> Int {
      let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey, .isRegularFileKey]
      let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: Array(keys))
      var entries: [(file: URL, size: Int, used: Date)] = []
      while let file = files?.nextObject() as? URL {
        guard isEntry(file), let values = try? file.resourceValues(forKeys: keys), values.isRegularFile == true
        else { continue }
        entries.append((file, values.fileSize ?? 0, values.contentModificationDate ?? .distantPast))
      }
      var total = entries.reduce(0) { $0 + $1.size }
      guard total > limit else { return 0 }
      var removed = 0
      for entry in entries.sorted(by: { ($0.used, $0.file.path) < ($1.used, $1.file.path) }) {
        guard total > limit / 10 * 9 else { break }
        if (try? FileManager.default.removeItem(at: entry.file)) != nil { removed += 1 }
        total -= entry.size
      }
      return removed
    }

    /// Whether a file is one of this cache's, or one that a killed writer began: other files in the
    /// folder are not removed.
    private func isEntry(_ file: URL) -> Bool {
      let parts = file.pathComponents.suffix(2)
      guard let group = parts.first, let name = parts.last,
        file.deletingLastPathComponent().deletingLastPathComponent()
          .standardizedFileURL.path == folder.standardizedFileURL.path
      else { return false }
      return group.utf8.count == 2 && name.hasPrefix(group) && name.contains(".safetensors")
    }

    /// In 256 folders, so that none grows too long.
    private func file(of key: String) -> URL {
      folder.appending(path: String(key.prefix(2))).appending(path: "\(key).safetensors")
    }
  }
}
