internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration

/// The items of a run's own data files by id, to tell whether another file means the same by its ids.
struct OwnItems {
  private let known: [String: [(item: Item, data: Dataset)]]

  /// Reads the data files; images need not be there any more.
  ///
  /// - Throws: what reading a data file throws.
  init(_ configuration: RunConfiguration) throws {
    var known: [String: [(item: Item, data: Dataset)]] = [:]
    for (_, path) in configuration.data.filesByKey {
      let data = try Dataset(
        contentsOf: URL(filePath: path), mapping: configuration.data.mapping,
        imageRoot: configuration.data.images.map { URL(filePath: $0) })
      for item in data.items { known[item.id, default: []].append((item, data)) }
    }
    self.known = known
  }

  /// The ids of items under which the run's data has items with another text or image, and none with the same.
  func others(among items: [Item], of dataset: Dataset) -> [String] {
    items.filter { item in
      known[item.id].map { own in !own.contains { isSame(item, dataset, $0.item, $0.data) } } ?? false
    }.map(\.id)
  }

  private func isSame(_ one: Item, _ oneData: Dataset, _ other: Item, _ otherData: Dataset) -> Bool {
    func words(_ item: Item) -> [String: [Substring]] {
      item.fields.mapValues { $0.split(whereSeparator: \.isWhitespace) }
    }
    return words(one) == words(other) && one.images.count == other.images.count
      && zip(one.images, other.images).allSatisfy { isSame(oneData.imageURL($0), otherData.imageURL($1)) }
  }

  /// One file, or two of the same bytes; of files that can't be read the names decide.
  private func isSame(_ one: URL, _ other: URL) -> Bool {
    if ImageReference.file(at: one) == ImageReference.file(at: other) { return true }
    guard let a = try? ImageReference(contentsOf: one), let b = try? ImageReference(contentsOf: other) else {
      return one.lastPathComponent == other.lastPathComponent
    }
    return a.digest == b.digest
  }
}
