internal import Annotations
internal import Foundation
internal import TeacherProtocol
internal import Wording

/// replies.jsonl: which replies a run used.
extension DistillationRun {
  private var repliesFile: URL { folder.appending(path: "replies.jsonl") }

  /// A reply that a run used, as a row of replies.jsonl.
  private struct UsedReply: Codable, Hashable {
    let item: String
    let key: String
    let teacher: String

    static func all(of runs: [AnnotationRun]) -> [UsedReply] {
      runs.flatMap { zip($0.items, $0.annotations) }.flatMap { item, annotations in
        annotations.map { UsedReply(item: item.id, key: $0.key, teacher: $0.teacher) }
      }
    }
  }

  /// How many replies of each teacher the run used no earlier time; nil where it used none before or these are the same.
  func newReplies(_ runs: AnnotationRun...) throws -> String? {
    guard let before = try? String(contentsOf: repliesFile, encoding: .utf8) else { return nil }
    let decoder = JSONDecoder()
    let known = Set(
      before.split(separator: "\n").compactMap { try? decoder.decode(UsedReply.self, from: Data($0.utf8)) })
    let new = Dictionary(grouping: UsedReply.all(of: runs).filter { !known.contains($0) }, by: \.teacher)
    guard !new.isEmpty else { return nil }
    return new.sorted { $0.key < $1.key }
      .map { "\(NumberText.counted($0.value.count, "new answer")) of teacher \($0.key)" }.joined(separator: ", ")
  }

  /// The keys of the replies that this run used, one row an item and teacher.
  func writeReplies(_ runs: AnnotationRun...) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = Data()
    for reply in UsedReply.all(of: runs) { text += try encoder.encode(reply) + Data("\n".utf8) }
    try OwnerOnly.write(text, to: repliesFile)
  }
}
