package import Annotations
internal import Foundation
package import TeacherProtocol
internal import DistillationConfiguration

extension RunConfiguration {
  /// The items with an image outside of the folder that the data's images belong in, by its steps or by a link, each with the
  /// first such image.
  func outsideImages(of items: [Item], in data: Dataset) -> [(item: Item, image: String)] {
    // Without a folder of their own images belong beside the data file that names them.
    let beside =
      self.data.images == nil ? self.data.filesByKey.map { URL(filePath: $0.path).deletingLastPathComponent() } : []
    let folders = Set(
      ([data.root] + beside).map { folder in
        let path = ImageReference.file(at: folder)
        return path.hasSuffix("/") ? path : path + "/"
      })
    return items.compactMap { item in
      item.images.first { image in
        let path = ImageReference.file(at: data.imageURL(image))
        return !folders.contains { path.hasPrefix($0) }
      }.map { (item, $0) }
    }
  }
}

extension DistillationRun {
  /// Refuses to send images to services that lie elsewhere than the data's images: a data file from somebody else may name
  /// any picture of this machine.
  ///
  /// - Throws: ``RunError/outsideImages(_:)``, or what making the questions throws.
  package func refuseOutsideImages(_ annotator: Annotator, _ data: Dataset, _ items: [Item]) async throws {
    guard configuration.data.outsideImages != true else { return }
    let outside = configuration.outsideImages(of: items, in: data)
    guard !outside.isEmpty else { return }
    // What was sent by an earlier version is not sent again.
    let open = try await annotator.ofServices.estimate(data, items: outside.map(\.item))
    guard open.teachers.contains(where: { $0.questions > 0 }) else { return }
    throw RunError.outsideImages(outside.map { "item \($0.item.id): \($0.image)" })
  }
}
