import TeacherProtocol

/// An item that comes with another question than it had before: an id that files use for different things.
package struct OtherQuestion: Sendable, Equatable, CustomStringConvertible {
  package let item: String
  /// The row, counted from 1.
  package let line: Int
  /// What is asked on the row.
  package let question: String
  /// What was asked before.
  package let earlier: String
  /// Where that was: `in the store`, or `on line 3`.
  package let place: String

  /// Item, row and both questions.
  package var description: String {
    "item \(item), line \(line): \(Self.short(question)), but \(place) \(Self.short(earlier))"
  }

  private static func short(_ text: String) -> String {
    let line = QuestionName.plain(text)
    return "'\(line.count > 60 ? "\(line.prefix(60))..." : line)'"
  }
}

extension ImportedReplies {
  /// The items of other tools' rows whose question is another than the store has for the item, or than an earlier row has,
  /// each with the first such row. White space makes no other question.
  ///
  /// Replies as a store keeps them are not looked at: there each teacher may be asked in words of its own.
  ///
  /// - Parameter kept: replies that the store has on these items.
  package func otherQuestions(than kept: [Annotation]) -> [OtherQuestion] {
    var known: [String: [(question: Annotation.Question, place: String)]] = [:]
    for one in kept { if let question = one.asked { known[one.item, default: []].append((question, "in the store")) } }
    var found: [OtherQuestion] = []
    var listed: Set<String> = []
    for row in rows {
      for one in row.annotations where one.model == Annotation.importedModel {
        guard let question = one.asked else { continue }
        let before = known[one.item] ?? []
        guard !before.contains(where: { $0.question.isSame(as: question) }) else { continue }
        known[one.item, default: []].append((question, "on line \(row.line)"))
        guard let first = before.first, listed.insert(one.item).inserted else { continue }
        found.append(
          OtherQuestion(
            item: one.item, line: row.line, question: question.words, earlier: first.question.words, place: first.place)
        )
      }
    }
    return found
  }
}

extension [OtherQuestion] {
  /// How many they are and the first eight, for people; nil for none.
  public var told: String? {
    guard !isEmpty else { return nil }
    let head =
      "\(count) item\(count == 1 ? " comes with another question" : "s come with other questions") than before: replies on "
      + "different questions are counted as one item's; give each question an id of its own, or leave ids out"
    let more = count > 8 ? ["  and \(count - 8) more"] : []
    return ([head] + prefix(8).map { "  \($0)" } + more).joined(separator: "\n")
  }
}

extension Annotation {
  /// The model of answers that other tools' rows hold.
  static let importedModel = "imported"

  /// The question where it says anything.
  fileprivate var asked: Question? { question.flatMap { $0.prompt.isEmpty && $0.images.isEmpty ? nil : $0 } }
}

extension Annotation.Question {
  fileprivate var words: String { ([prompt] + images.map(\.path)).filter { !$0.isEmpty }.joined(separator: " ") }

  fileprivate func isSame(as other: Annotation.Question) -> Bool {
    func path(_ image: Image) -> String { image.path.hasPrefix("./") ? String(image.path.dropFirst(2)) : image.path }
    return QuestionName.plain(prompt) == QuestionName.plain(other.prompt) && images.count == other.images.count
      && zip(images, other.images).allSatisfy { one, other in
        if let digest = one.digest, let otherDigest = other.digest { return digest == otherDigest }
        return path(one) == path(other)
      }
  }
}
