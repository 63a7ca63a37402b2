package import Foundation
package import TeacherProtocol

/// Review without a page: one conflict after the other as text, answered by a line.
///
/// ```swift
/// let review = TerminalReview(questions: questions, labels: labels, log: journal, reviewer: "anna")
/// try await review.run(read: { readLine() }, write: { print($0) })
/// ```
package struct TerminalReview: Sendable {
  private let questions: [ReviewQuestion]
  private let labels: LabelSet
  private let log: any DecisionLog
  private let opinions: Int
  private let reviewer: String
  private let showsNames: Bool
  private let images: URL?

  /// A review.
  ///
  /// - Parameters:
  ///   - questions: in the order in which they are asked; those that the reviewer has decided, or others have before them, are
  ///     passed over.
  ///   - labels: what may be answered.
  ///   - log: keeps the answers.
  ///   - opinions: how many people decide each item. The default is 1.
  ///   - reviewer: who answers.
  ///   - showsNames: whether the teachers' names are shown before the answer. The default is false.
  ///   - images: the folder of the photographs, whose paths are shown.
  package init(
    questions: [ReviewQuestion], labels: LabelSet, log: any DecisionLog, opinions: Int = 1, reviewer: String,
    showsNames: Bool = false, images: URL? = nil
  ) {
    self.questions = questions
    self.labels = labels
    self.log = log
    self.opinions = opinions
    self.reviewer = reviewer
    self.showsNames = showsNames
    self.images = images
  }

  /// Asks until nothing is left for the reviewer, `q`, or the end of the input.
  ///
  /// - Parameters:
  ///   - read: the next line; nil at the end.
  ///   - write: shows a text.
  /// - Throws: as ``DecisionLog/add(_:)``.
  package func run(read: () -> String?, write: (String) -> Void) async throws {
    var at = try await next(after: -1)
    var note = ""
    let keys = labels.labels.enumerated().map { "\($0.offset + 1) \($0.element.answer)" }.joined(separator: "   ")
    while let number = at {
      let question = questions[number]
      write(text(of: question, number: number + 1))
      write("\(keys)   s skip   u undo   n TEXT note   q quit")
      guard let line = read()?.trimmingCharacters(in: .whitespaces), line != "q" else {
        return try await log.release(question.item.id, by: reviewer)
      }
      var entry = ReviewEntry(item: question.item.id, reviewer: reviewer, decision: .skipped, note: note)
      if line == "u" {
        guard let undone = try await log.undo(reviewer) else {
          write("There is nothing to undo.")
          continue
        }
        guard let before = questions.firstIndex(where: { $0.item.id == undone.item }), before != number,
          try await log.claim(firstOf: [undone.item], for: reviewer, opinions: opinions) != nil
        else { continue }
        try await log.release(question.item.id, by: reviewer)
        at = before
        continue
      } else if line.hasPrefix("n ") {
        note = String(line.dropFirst(2))
        continue
      } else if let label = Int(line), labels.labels.indices.contains(label - 1) {
        entry.decision = .label(labels.labels[label - 1].name)
      } else if line != "s" {
        write("Please answer with one of: \(keys)   s   u   n TEXT   q")
        continue
      }
      note = ""
      if try await log.decide(entry, opinions: opinions) == nil {
        write("Not kept: somebody else has decided the item meanwhile, or has it before them.")
      } else if !showsNames, entry.label != nil {
        write(names(of: question))
      }
      at = try await next(after: number)
    }
    write(try await ending())
  }

  /// Claims the next item that the reviewer has not decided, from a place on and then from the beginning.
  private func next(after place: Int) async throws -> Int? {
    let decided = Set(try await log.entries().filter { $0.reviewer == reviewer }.map(\.item))
    let order = (questions[(place + 1)...] + questions[..<(place + 1)]).map(\.item.id).filter { !decided.contains($0) }
    let item = try await log.claim(firstOf: order, for: reviewer, opinions: opinions)
    return questions.firstIndex { $0.item.id == item }
  }

  private func ending() async throws -> String {
    let progress = ReviewProgress(
      items: questions.map(\.item.id), opinions: opinions, entries: try await log.entries(),
      claims: try await log.claims())
    let agreement = progress.agreement.map { "\n" + $0.text } ?? ""
    let others = progress.others(than: reviewer).map { "\($0.items) before \($0.reviewer)" }
    guard others.isEmpty else {
      return "What is left is before others: \(others.joined(separator: ", ")). Come back later for what they leave."
        + agreement
    }
    return
      (progress.open == 0
      ? "All \(questions.count) are decided."
      : "Nothing is left for you; \(progress.open) of \(questions.count) are open to others.") + agreement
  }

  private func text(of question: ReviewQuestion, number: Int) -> String {
    var lines = ["", "--- \(number) of \(questions.count) ---", question.item.text]
    let slots = question.item.imageSlots
    for slot in slots {
      for image in slot.paths {
        let path = images.map { ImageReference.url(of: image, in: $0).path } ?? image
        lines.append("\(slots.count > 1 ? slot.name : "photo"): \(path)")
      }
    }
    for (index, answer) in (showsNames ? question.answers : question.answersInBlindOrder).enumerated() {
      let name = showsNames ? answer.teacher : "answer \(index + 1)"
      let label = answer.label.map { labels[$0]?.answer ?? $0 } ?? "no answer"
      let rationale = question.marked(answer).map { $0.differs ? Self.marking($0.text) : $0.text }.joined()
      lines.append("\(name): \(label). \(rationale)")
    }
    return lines.joined(separator: "\n")
  }

  /// Words between stars, the space before them left outside.
  private static func marking(_ text: String) -> String {
    let space = text.prefix { $0.isWhitespace }
    return space + "*" + text.dropFirst(space.count) + "*"
  }

  private func names(of question: ReviewQuestion) -> String {
    "("
      + question.answers.map { "\($0.teacher): \($0.label.map { labels[$0]?.answer ?? $0 } ?? "-")" }
      .joined(separator: ", ") + ")"
  }
}
