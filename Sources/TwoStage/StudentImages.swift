public import Layers
public import TeacherProtocol
public import Foundation

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
    let paths = Array(Set(items.flatMap(\.images))).sorted()
    var kept: [String: Result<PromptImage, any Error>] = [:]
    for block in paths.batches(of: 256) {
      let computed = mapInParallel(block) { path in Result { try read(dataset.imageURL(path)) } }
      for (path, image) in zip(block, computed) { kept[path] = image }
      progress(kept.count, paths.count)
    }
    self.kept = kept
  }

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
