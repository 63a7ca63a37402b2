public import Foundation
public import Layers
public import TeacherProtocol

/// The images of items as a student takes them, each file read once.
public struct StudentImages: Sendable {
  private let kept: [String: Result<PromptImage, any Error>]

  /// Reads the images of these items. One that can't be read is an error only where it is asked for.
  ///
  /// - Parameters:
  ///   - dataset: says where the files are.
  ///   - progress: called with the number of images read and of all, after each batch of them.
  ///   - read: makes the student's image of a file; called on several threads.
  public init(
    of items: [Item], in dataset: Dataset, progress: (_ done: Int, _ all: Int) -> Void = { _, _ in },
    read: @Sendable (URL) throws -> PromptImage
  ) {
    let paths = Self.paths(of: items)
    var kept: [String: Result<PromptImage, any Error>] = [:]
    for block in paths.batches(of: 256) {
      let computed = mapInParallel(block) { path in Result { try read(dataset.imageURL(path)) } }
      for (path, image) in zip(block, computed) { kept[path] = image }
      progress(kept.count, paths.count)
    }
    self.kept = kept
  }

  /// The same, each image read by one of the ranks.
  ///
  /// - Throws: ``RanksError``.
  package init(
    of items: [Item], in dataset: Dataset, ranks: any Ranks, progress: (_ done: Int, _ all: Int) -> Void,
    read: @Sendable (URL) throws -> PromptImage
  ) throws {
    guard ranks.count > 1 else {
      self.init(of: items, in: dataset, progress: progress, read: read)
      return
    }
    let paths = Self.paths(of: items)
    var kept: [String: Result<PromptImage, any Error>] = [:]
    // As many to each rank as one process takes at a time.
    for block in paths.batches(of: 256 * ranks.count) {
      let computed = try ranks.dealt(block.count, "images") { own in
        mapInParallel(own) { number -> [UInt8] in
          do { return try [1] + read(dataset.imageURL(block[number])).bytes } catch {
            return [0] + Array("\(error)".utf8)
          }
        }
      }
      for (path, bytes) in zip(block, computed) {
        let rest = Array(bytes.dropFirst())
        kept[path] =
          bytes.first == 1
          ? .success(PromptImage(bytes: rest))
          : .failure(Unreadable(description: String(decoding: rest, as: UTF8.self)))
      }
      progress(kept.count, paths.count)
    }
    self.init(kept: kept)
  }

  private init(kept: [String: Result<PromptImage, any Error>]) { self.kept = kept }

  private static func paths(of items: [Item]) -> [String] { Array(Set(items.flatMap(\.images))).sorted() }

  /// Why another rank could not read an image.
  private struct Unreadable: Error, CustomStringConvertible { let description: String }

  /// An image of a prompt, at its place.
  ///
  /// - Precondition: the image is of an item that was given.
  /// - Throws: what reading it threw.
  func of(_ image: Prompt.Image) throws -> PromptImage {
    guard let known = kept[image.path] else {
      preconditionFailure("StudentImages: \(image.path) is of no item that was given")
    }
    return try known.get().at(image.place)
  }
}
