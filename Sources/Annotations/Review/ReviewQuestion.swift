internal import JSON
internal import ContentDigest
package import Foundation
package import TeacherProtocol

/// A conflict as a person sees it: an item, and what each teacher says of it.
public struct ReviewQuestion: Sendable, Equatable {
  /// One teacher's answer.
  package struct Answer: Sendable, Equatable {
    /// The teacher's name.
    package var teacher: String
    /// The label by its name; nil where it has no vote.
    package var label: String?
    package var rationale: String
    /// How sure it is, 0...1.
    package var confidence: Double?

    package init(teacher: String, label: String?, rationale: String = "", confidence: Double? = nil) {
      self.teacher = teacher
      self.label = label
      self.rationale = rationale
      self.confidence = confidence
    }
  }

  package var item: Item
  /// The answers, in the order of the teachers.
  package var answers: [Answer]

  package init(item: Item, answers: [Answer]) {
    self.item = item
    self.answers = answers
  }

  /// The question that a conflict puts.
  public init(_ conflict: Conflict) {
    self.init(
      item: conflict.item,
      answers: conflict.annotations.map { annotation in
        Answer(
          teacher: annotation.teacher, label: annotation.reply.label, rationale: annotation.reply.rationale,
          confidence: annotation.reply.confidence?.value)
      })
  }

  /// The questions of a queue: JSON Lines as ``ReviewFile`` writes them.
  ///
  /// - Throws: `TeacherProtocolError`: a file that can't be read, or the first row without an item, with one of an earlier row, or with
  ///   something else in place of images' paths.
  package static func reading(_ url: URL) throws(TeacherProtocolError) -> [ReviewQuestion] {
    let table = try RowFile(contentsOf: url)
    if let problem = table.problems.first { throw .badRow(problem) }
    var questions: [ReviewQuestion] = []
    var seen: [String: Int] = [:]
    for row in table.rows {
      guard let id = row.text(["item"]) else {
        throw .badRow(
          RowProblem(file: table.file, line: row.line, field: "item", expected: "an item's id", found: "nothing"))
      }
      // Decisions are kept by item: of two questions about one, the second would count as decided with the first.
      if let line = seen.updateValue(row.line, forKey: id) {
        throw .badRow(
          RowProblem(
            file: table.file, line: row.line, item: id, field: "item", expected: "every item once",
            found: "it again, as on line \(line)"))
      }
      var fields: [String: String] = [:]
      if case .object(let members)? = row.value("fields") {
        for member in members { fields[member.name] = member.value.cell ?? "" }
      }
      var answers: [Answer] = []
      if case .object(let members)? = row.value("teachers") {
        answers = members.map { member in
          Answer(
            teacher: member.name, label: member.value["label"]?.string,
            rationale: member.value["rationale"]?.string ?? "", confidence: member.value["confidence"]?.double)
        }
      }
      questions.append(
        ReviewQuestion(
          item: Item(id: id, imageSlots: try images(of: row, id, in: table.file), fields: fields), answers: answers))
    }
    return questions
  }

  /// The images of a row as ``ReviewFile`` writes them, a path or lists by slot, or as people may: a list of paths.
  private static func images(of row: RowFile.Row, _ id: String, in file: String) throws(TeacherProtocolError)
    -> [ImageSlot]
  {
    func slot(_ name: String, _ value: JSONValue) throws(TeacherProtocolError) -> ImageSlot {
      var paths: [String] = []
      for one in value.isNull ? [] : value.elements ?? [value] {
        guard let path = one.path else {
          throw .badRow(
            RowProblem(
              file: file, line: row.line, item: id, field: name == "image" ? name : "image.\(name)",
              expected: "paths of images", found: one.found))
        }
        paths.append(path)
      }
      return ImageSlot(name: name, paths: paths)
    }
    guard let value = row.value("image"), !value.isNull, value.string?.allSatisfy(\.isWhitespace) != true else {
      return []
    }
    // An object with a path stands for one, as the datasets library writes it.
    guard case .object(let members) = value, value.path == nil else { return [try slot("image", value)] }
    var slots: [ImageSlot] = []
    for member in members { slots.append(try slot(member.name, member.value)) }
    return slots
  }

  /// The answers in an order of this item's own, so that their place does not give a teacher away.
  package var answersInBlindOrder: [Answer] {
    answers.map { (key: ContentDigest.of(fields: [item.id, $0.teacher]), answer: $0) }
      .sorted { $0.key < $1.key }.map(\.answer)
  }

  /// A teacher's rationale in pieces; those that differ are words that occur in no rationale with another label.
  package func marked(_ answer: Answer) -> [(text: String, differs: Bool)] {
    let others = answers.filter { $0.label != answer.label }
    guard !others.isEmpty else { return answer.rationale.isEmpty ? [] : [(answer.rationale, false)] }
    let known = Set(others.flatMap { Self.words($0.rationale).map(\.core) })
    var pieces: [(text: String, differs: Bool)] = []
    for word in Self.words(answer.rationale) {
      let differs = !word.core.isEmpty && !known.contains(word.core)
      if pieces.last?.differs == differs {
        pieces[pieces.count - 1].text += word.text
      } else {
        pieces.append((word.text, differs))
      }
    }
    return pieces
  }

  /// Words with the spaces before them, and what of each is compared: its letters and digits in lower case.
  private static func words(_ text: String) -> [(text: String, core: String)] {
    var words: [String] = []
    var isInWord = false
    for character in text {
      if character.isWhitespace {
        if isInWord || words.isEmpty { words.append("") }
        isInWord = false
      } else {
        if words.isEmpty { words.append("") }
        isInWord = true
      }
      words[words.count - 1].append(character)
    }
    return words.map { word in (word, word.lowercased().filter { $0.isLetter || $0.isNumber }) }
  }
}
