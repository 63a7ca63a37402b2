internal import Annotations
internal import Foundation
internal import TeacherProtocol

/// The data files of splits, read as one data set.
///
/// Ids count within their file, as those of datasets' splits do. Where one stands in two files, all items are named by their
/// split too, `train:0` and `test:0`, in everything that is joined by id: gold labels, review files, predictions. Recorded
/// replies need the split on those ids alone that stand in two files. Image paths are relative to each file's own folder.
struct SplitDataFiles {
  /// One file.
  struct Part {
    let name: String
    let path: String
    let rows: RowFile
    let data: Dataset
  }

  /// An id that several files have, and where it stands in two of them.
  struct Repeated: Sendable, Equatable {
    let id: String
    let first: String
    let second: String
    /// The names of the two items.
    let names: [String]
  }

  let parts: [Part]
  /// Ids that stand in more than one file, by id; on rows that can't be used too, since gold labels are joined by them.
  let repeated: [String: Repeated]

  init(_ parts: [Part]) {
    self.parts = parts
    var seen: [String: (part: Part, line: Int)] = [:]
    var repeated: [String: Repeated] = [:]
    for part in parts {
      for (id, line) in part.data.lines.sorted(by: { $0.value < $1.value }) {
        guard let (first, firstLine) = seen[id] else {
          seen[id] = (part, line)
          continue
        }
        guard repeated[id] == nil else { continue }
        repeated[id] = Repeated(
          id: id, first: "\(first.data.file):\(firstLine)", second: "\(part.data.file):\(line)",
          names: [Self.name(id, in: first), Self.name(id, in: part)])
      }
    }
    self.repeated = repeated
  }

  private static func name(_ id: String, in part: Part) -> String { "\(part.name):\(id)" }

  /// What an item of a part is called in the run.
  private func name(_ id: String, in part: Part) -> String { repeated.isEmpty ? id : Self.name(id, in: part) }

  /// The ids of items that are named by their split though theirs stand in one file alone, by these names. An id that is
  /// spelled as another item's name is left out.
  var plainIDs: [String: String] {
    guard !repeated.isEmpty else { return [:] }
    let named = parts.flatMap { part in part.data.items.map { (name: name($0.id, in: part), id: $0.id) } }
    let names = Set(named.map(\.name))
    return Dictionary(
      uniqueKeysWithValues: named.filter { repeated[$0.id] == nil && !names.contains($0.id) }.map { ($0.name, $0.id) })
  }

  /// All items, each in the split of its file.
  func dataset() -> Dataset {
    let root = parts.first?.data.root ?? URL(filePath: ".")
    let named = parts.map { part in
      let items = part.data.items.map { item in
        var item = item
        item.split = part.name
        // A group of its own goes by the item's name; one that a column names holds over all files.
        if item.group == item.id { item.group = name(item.id, in: part) }
        item.id = name(item.id, in: part)
        // Images of other folders than the first file's have the same paths and are others.
        if part.data.root.path != root.path {
          for slot in item.imageSlots.indices {
            item.imageSlots[slot].paths = item.imageSlots[slot].paths.map { part.data.imageURL($0).absoluteURL.path }
          }
        }
        return item
      }
      return (data: part.data, items: items)
    }
    return Dataset(joining: named, root: root, file: parts.map(\.path).joined(separator: ", "))
  }

  /// The gold answers of all files, under the names of the items.
  func gold<Answer>(_ read: (RowFile) throws -> GoldAnswers<Answer>) throws -> GoldAnswers<Answer> {
    GoldAnswers(joining: try parts.map { try named(read($0.rows), in: $0) })
  }

  /// The gold answers of one of the files, under the names of the items.
  func named<Answer>(_ gold: GoldAnswers<Answer>, in part: Part) -> GoldAnswers<Answer> {
    repeated.isEmpty ? gold : gold.renamingItems { Self.name($0, in: part) }
  }
}

extension RunData {
  /// What is said where ids repeat between the files; nil where none does.
  var renaming: String? {
    guard let example = repeated.values.min(by: { $0.id < $1.id }) else { return nil }
    let count = repeated.count == 1 ? "1 id stands" : "\(repeated.count) ids stand"
    return "\(count) in more than one data file ('\(example.id)' in \(example.first) and \(example.second)); items are "
      + "named by their split: \(example.names.joined(separator: ", "))"
  }

  /// Refuses recorded replies on an id that two items have.
  ///
  /// - Throws: ``RunError/repeatedID(_:rows:names:replies:)``.
  func check(_ replies: RecordedReplies) throws {
    guard let one = replies.items.lazy.compactMap({ repeated[$0] }).first else { return }
    throw RunError.repeatedID(one.id, rows: [one.first, one.second], names: one.names, replies: replies.file)
  }
}
