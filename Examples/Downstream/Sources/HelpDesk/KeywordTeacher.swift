import Foundation
import TeacherProtocol

/// A teacher of our own: it looks for words. In a real project this would ask a service or another model.
public struct KeywordTeacher: Teacher {
  /// Who votes, in stores and reports.
  public let name: String
  private let alarming: [String]
  private let calming: [String]
  private let attention: Int

  /// A teacher that knows these words.
  ///
  /// - Parameters:
  ///   - name: who votes.
  ///   - alarming: words that make a message urgent.
  ///   - calming: words that make it routine all the same. The default is none.
  ///   - attention: how many words of a message are read. The default is all.
  public init(_ name: String, alarming: [String], calming: [String] = [], attention: Int = .max) {
    self.name = name
    self.alarming = alarming
    self.calming = calming
    self.attention = attention
  }

  /// What its reasons begin with, or are.
  static let reasons = ["danger of", "just a", "no danger"]

  /// What stands behind the name: a stored reply is asked for again when it changes.
  public var model: String {
    "keywords \(alarming.joined(separator: " ")) / \(calming.joined(separator: " ")) / \(attention)"
  }

  /// Answers from the words of the message.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply {
    let words = request.item.text.split { !$0.isLetter }.prefix(attention).map { $0.lowercased() }
    guard !words.isEmpty else { return TeacherReply(outcome: .abstained, raw: "an empty message") }
    if let word = words.first(where: calming.contains) { return answer("routine", because: "just a \(word)") }
    if let word = words.first(where: alarming.contains) { return answer("urgent", because: "danger of \(word)") }
    return answer("routine", because: "no danger")
  }

  private func answer(_ label: String, because reason: String) -> TeacherReply {
    TeacherReply(outcome: .answered(label), rationale: reason, raw: "\(label). \(reason)")
  }
}
