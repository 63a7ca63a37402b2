import Foundation
import TeacherProtocol

/// The replies in `Replies/replies.jsonl`: as models write them, each with its right reading and the reason for it.
struct ReplyCorpus {
  struct Reply: Decodable {
    /// What kind of reply it is.
    let form: String
    /// Name of its labels in `Replies/labels.json`.
    let labels: String
    let reply: String
    /// Name of the label that it gives; nil where it gives none.
    let label: String?
    /// Why it gives none: the name of a `TeacherReply.Outcome`.
    let outcome: String?
    /// The reasons that are read; nil where the test does not look at them.
    let rationale: String?
    /// Why this is the right reading.
    let why: String
  }

  let replies: [Reply]
  let labels: [String: LabelSet]

  init() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Replies")
    labels = try JSONDecoder().decode(
      [String: LabelSet].self, from: Data(contentsOf: folder.appending(path: "labels.json")))
    replies = try String(contentsOf: folder.appending(path: "replies.jsonl"), encoding: .utf8)
      .split(separator: "\n").map { try JSONDecoder().decode(Reply.self, from: Data($0.utf8)) }
  }

  /// The reading of a reply, or of a mangled copy of it.
  func read(_ text: String, of reply: Reply) -> ReadAnswer? {
    labels[reply.labels].map { AnswerReader(labels: $0).read(text) }
  }
}

extension ReadAnswer {
  /// The name of the outcome, and the label where there is one.
  var described: (outcome: String, label: String?) {
    switch outcome {
    case .answered(let label): ("answered", label)
    case .abstained: ("abstained", nil)
    case .unreadable: ("unreadable", nil)
    case .unknownLabel: ("unknownLabel", nil)
    case .empty: ("empty", nil)
    case .refused: ("refused", nil)
    case .cutOff: ("cutOff", nil)
    }
  }
}
