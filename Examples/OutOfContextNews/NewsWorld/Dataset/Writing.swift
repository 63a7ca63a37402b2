import Dispatch
package import Foundation
package import ImageDecoding

extension NewsWorldDataset {
  /// Writes the data set into a folder, which is made if it is not there.
  ///
  /// ```
  /// images/          the photos, PNG and JPEG
  /// captions.jsonl   a CaptionRow on each line: photos of `pretrain` and `teacher` with what is true of them
  /// teacher.jsonl    a PairRow on each line: `teacher`, with rationales
  /// pairs.jsonl      a PairRow on each line: `train`, `dev` and `test`
  /// ```
  ///
  /// `pairs.jsonl` comes last and as a whole, so where it is, all the rest is. The same configuration writes the same
  /// bytes, for any number of threads.
  ///
  /// - Returns: ``photos`` as they were drawn, before any compression.
  /// - Throws: ``NewsWorldError/unwritable(path:reason:)``.
  /// - Complexity: Photos are drawn on all processors, about 1 ms each for 64 x 64 pixels.
  @discardableResult
  package func write(to folder: URL) throws(NewsWorldError) -> [RGBImage] {
    let images = folder.appendingPathComponent("images")
    try writing(images) { try FileManager.default.createDirectory(at: $0, withIntermediateDirectories: true) }
    let pairs = folder.appendingPathComponent("pairs.jsonl")
    // An older world's rows must not outlive its photos if this is interrupted.
    if FileManager.default.fileExists(atPath: pairs.path) {
      try writing(pairs) { try FileManager.default.removeItem(at: $0) }
    }
    let failure = FirstFailure()
    let batch = 32
    var drawn = [RGBImage?](repeating: nil, count: photos.count)
    drawn.withUnsafeMutableBufferPointer { drawn in
      // Each photo has a place of its own.
      nonisolated(unsafe) let drawn = drawn
      DispatchQueue.concurrentPerform(iterations: (photos.count + batch - 1) / batch) { index in
        for place in (index * batch)..<min(photos.count, (index + 1) * batch) where failure.error == nil {
          let photo = photos[place]
          let image = image(of: photo)
          drawn[place] = image
          do throws(NewsWorldError) {
            try writing(folder.appendingPathComponent(photo.image)) {
              try Data(photo.isJPEG ? image.jpegData(quality: 90) : image.pngData()).write(to: $0)
            }
          } catch { failure.record(error) }
        }
      }
    }
    if let error = failure.error { throw error }
    try write(captions, to: folder.appendingPathComponent("captions.jsonl"))
    try write(rows(in: .teacher), to: folder.appendingPathComponent("teacher.jsonl"))
    try write(rows.filter { $0.split != .teacher }, to: pairs)
    return drawn.compactMap(\.self)
  }

  private func write(_ lines: [some Encodable], to file: URL) throws(NewsWorldError) {
    try writing(file) { file in
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      var text = Data()
      for line in lines {
        text += try encoder.encode(line)
        text.append(UInt8(ascii: "\n"))
      }
      try text.write(to: file, options: .atomic)
    }
  }

  private func writing(_ url: URL, _ write: (URL) throws -> Void) throws(NewsWorldError) {
    do { try write(url) } catch {
      let reason = (error as? ImageDecodingError)?.description ?? error.localizedDescription
      throw .unwritable(path: url.path, reason: reason)
    }
  }
}

/// The first error of several threads.
private final class FirstFailure: @unchecked Sendable {
  // Unchecked: `stored` is touched under the lock alone.
  private let lock = NSLock()
  private var stored: NewsWorldError?

  var error: NewsWorldError? { lock.withLock { stored } }

  func record(_ error: NewsWorldError) {
    lock.withLock { stored = stored ?? error }
  }
}
