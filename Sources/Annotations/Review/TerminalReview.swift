package import Foundation
package import TeacherProtocol

/// Review without a page: one conflict after the other as text, answered by a line.
///
/// ```swift
/// let review = TerminalReview(questions: questions, labels: labels, journal: journal, reviewer: "anna")
/// try await review.run(read: { readLine() }, write: { print($0) })
/// ```
package struct TerminalReview: Sendable {
  private let questions: [ReviewQuestion]
  private let labels: LabelSet
  private let journal: ReviewJournal
  private let reviewer: String
  private let showsNames: Bool
  private let images: URL?

  /// A review.
  ///
  /// - Parameters:
  ///   - questions: in the order in which they are asked; those that the reviewer has decided are passed over.
  ///   - labels: what may be answered.
  ///   - journal: keeps the answers.
  ///   - reviewer: who answers.
  ///   - showsNames: whether the teachers' names are shown before the answer. The default is false.
  ///   - images: the folder of the photographs, whose paths are shown.
  package init(
    questions: [ReviewQuestion], labels: LabelSet, journal: ReviewJournal, reviewer: String, showsNames: Bool = false,
    images: URL? = nil
  ) {
    self.questions = questions
    self.labels = labels
    self.journal = journal
    self.reviewer = reviewer
    self.showsNames = showsNames
    self.images = images
  }

  /// Asks until all is decided, `q`, or the end of the input.
  ///
  /// - Parameters:
  ///   - read: the next line; nil at the end.
  ///   - write: shows a text.
  /// - Throws: as ``ReviewJournal/add(_:)``.
  package func run(read: () -> String?, write: (String) -> Void) async throws {
    let decided = Set(try await journal.entries().filter { $0.reviewer == reviewer }.map(\.item))
    var at = questions.firstIndex { !decided.contains($0.item.id) } ?? questions.count
    var note = ""
    let keys = labels.labels.enumerated().map { "\($0.offset + 1) \($0.element.answer)" }.joined(separator: "   ")
    while at < questions.count {
      let question = questions[at]
      write(text(of: question, number: at + 1))
      write("\(keys)   s skip   u undo   n TEXT note   q quit")
      guard let line = read()?.trimmingCharacters(in: .whitespaces), line != "q" else { return }
      var entry = ReviewEntry(item: question.item.id, reviewer: reviewer, decision: .skipped, note: note)
      if line == "u" {
        guard let undone = try await journal.undo(reviewer) else {
          write("There is nothing to undo.")
          continue
        }
        at = questions.firstIndex { $0.item.id == undone.item } ?? at
        continue
      } else if line.hasPrefix("n ") {
        note = String(line.dropFirst(2))
        continue
      } else if let number = Int(line), labels.labels.indices.contains(number - 1) {
        entry.decision = .label(labels.labels[number - 1].name)
      } else if line != "s" {
        write("Please answer with one of: \(keys)   s   u   n TEXT   q")
        continue
      }
      let standing = try await journal.add(entry)
      note = ""
      if !showsNames, entry.label != nil { write(names(of: question)) }
      let done = Set(standing.filter { $0.reviewer == reviewer }.map(\.item))
      at = questions.indices.first { $0 > at && !done.contains(questions[$0].item.id) } ?? questions.count
    }
    write("All \(questions.count) are decided.")
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
