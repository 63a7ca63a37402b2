package import Foundation
internal import JSON
internal import Layers
package import StudentModels
internal import TeacherProtocol
internal import Tokenization
internal import TwoStage

/// Why a question can't be exported, and what to do.
package struct DecisionExportProblem: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// The two files by which transformers' `pipeline("decision")`, and this server, ask a model folder the question that the model was
/// distilled on: `decision.json` and `decision_template.jinja` (transformers 5.24.0).
package struct DecisionExport: Sendable {
  private let settings: [JSONValue.Member]
  private let template: String

  /// Writes the files' contents, and asks about made-up items in both ways: the tokens must be the same.
  ///
  /// - Parameters:
  ///   - question: what the student was distilled on.
  ///   - student: with its adapter.
  ///   - temperature: what labels' logits are divided by. The default is 1.
  /// - Throws: ``DecisionExportProblem`` where the files can't say what the run does.
  package init(_ question: TrainedQuestion, of student: any PretrainedStudent, temperature: Double = 1) throws {
    guard let reader = student as? any QuestionReader else {
      throw DecisionExportProblem("a student of code has no model folder to export")
    }
    let labels = question.labels.labels
    let probes = try Self.probes(of: question, student).map { item, images -> Probe in
      do throws(ChatError) {
        return Probe(item: item, images: images, learned: try question.question(about: item, images, to: student))
      } catch {
        throw DecisionExportProblem("the student can't be asked about an item: \(error.message)")
      }
    }
    let answers = probes[0].learned.words.answers
    let common = Self.common(answers)
    guard probes.allSatisfy({ $0.learned.isPlain && $0.learned.words.answers == answers }),
      answers.allSatisfy({ $0.count == common.count + 1 }), Set(answers).count == answers.count
    else { throw Self.longAnswers(labels, answers, reader.tokenizer) }
    // What stands before every answer is mostly the template's; else what its tokens spell.
    let openings = common.isEmpty ? [""] : [student.answerOpening, reader.tokenizer.decode(common)]
    template = try Self.firstSound(openings) { opening in
      let framing = try reader.framing
      let text = try LearnedTemplate.text(of: question, framing, opening: opening)
      var template = try ChatTemplate(text)
      template.variables = framing.variables
      let asked = try DecisionTemplate(template)
      for probe in probes { try Self.compare(probe, after: common, question, asked, reader) }
      return text
    }
    let spelled = try zip(labels, answers).map { label, ids in
      try Self.spelling(of: Array(ids.suffix(1)), label.answer, student, reader.tokenizer)
    }
    var all: [JSONValue.Member] = [.init("choice", .array(spelled.map { .string($0) }))]
    if let positive = question.positive {
      all.append(.init("noul", .array([.string(spelled[positive]), .string(spelled[1 - positive])])))
    }
    let temperatures = temperature == 1 ? [] : all.map { JSONValue.Member($0.name, .number(temperature)) }
    settings = [
      .init("labels", .object(all)), .init("temperature", .object(temperatures)),
      .init("noul_options", ["true", "false"]), .init("sanitize_control_tokens", .bool(student.tower == nil)),
    ]
  }

  /// What the first of these makes that makes something; the error of the last where none does.
  private static func firstSound(_ openings: [String], _ make: (String) throws -> String) throws -> String {
    for opening in openings.dropLast() { if let made = try? make(opening) { return made } }
    return try make(openings.last ?? "")
  }

  /// Writes both files.
  ///
  /// - Parameter adapter: the folder within the model's that holds the adapter; nil where it is merged.
  package func write(to folder: URL, adapter: String? = nil) throws {
    let value = JSONValue.object(settings + [.init("adapter", adapter.map { .string($0) } ?? .null)])
    let text = value.text(.python(indent: 2, sortsNames: false)) + "\n"
    try Data(text.utf8).write(to: folder.appending(path: "decision.json"), options: .atomic)
    try Data(template.utf8).write(to: folder.appending(path: DecisionTemplate.file), options: .atomic)
  }

  // MARK: Trying

  /// A made-up item, and the question about it.
  private struct Probe {
    var item: Item
    var images: [PromptImage]
    var learned: LabelQuestion
  }

  /// Items of which every field is filled, with lines, signs and spaces at ends, and of which only what must be is.
  private static func probes(
    of question: TrainedQuestion, _ student: any PretrainedStudent
  ) throws -> [(Item, [PromptImage])] {
    let words = ["A harbour in the evening", " Two lines,\n\"quoted\" – é 東京 {x} ", "7"]
    return try words.enumerated().map { number, word in
      var fields: [String: String] = [:]
      for (place, field) in question.texts.enumerated() {
        fields[field.slot] = number == 2 && field.slot != "text" ? "" : place == 0 ? word : "\(word) \(place)"
      }
      var images: [PromptImage] = []
      let slots = try question.imageColumns.enumerated().map { column, field in
        // The last item has none where there are others that may be missing.
        let count = number == 2 ? (column == 0 ? 1 : 0) : number + 1
        let paths = (0..<count).map { "\(images.count + $0)" }
        for _ in 0..<count { images.append(try student.blankImage(width: 40, height: 30)) }
        return ImageSlot(name: field.slot, paths: paths)
      }
      return (Item(id: "\(number)", imageSlots: slots, fields: fields), images)
    }
  }

  /// Asks about an item by the template, and compares tokens.
  private static func compare(
    _ probe: Probe, after common: [Int], _ question: TrainedQuestion, _ template: DecisionTemplate,
    _ reader: any QuestionReader
  ) throws {
    let (item, images) = (probe.item, probe.images)
    let wanted = probe.learned.tree.prompt + common
    let names = images.indices.map { "<asset \($0)>" }
    let texts = question.texts.map { JSONValue.Member($0.column, .string(item.fields[$0.slot] ?? "")) }
    let shown = zip(question.imageColumns, item.imageSlots).map { field, slot in
      JSONValue.Member(field.column, .array(slot.paths.map { .string(names[Int($0) ?? 0]) }))
    }
    let options = question.labels.labels.map { DecisionQuestion.Option(value: .string($0.name)) }
    let asked = DecisionQuestion(name: question.name, kind: .choice, options: options)
    let labels = question.labels.labels.map(\.answer)
    let prompt: (ids: [Int], images: [Int])
    do {
      prompt = try template.prompts(
        of: .object(texts + shown), [(asked, labels)], images: (images, PlaceholderTexts(names)), reader: reader)[0]
    } catch {
      throw DecisionExportProblem("the prompt can't be written as a decision template: \(error)")
    }
    guard prompt.ids == wanted, prompt.images.count == probe.learned.tree.images.count else {
      let same = zip(prompt.ids, wanted).prefix { $0 == $1 }.count
      func around(_ ids: [Int]) -> String {
        reader.tokenizer.decode(Array(ids.dropFirst(max(0, same - 4)).prefix(8))).debugDescription
      }
      throw DecisionExportProblem(
        "the prompt has other tokens as a decision template: \(around(prompt.ids)) where the student learned \(around(wanted))"
      )
    }
  }

  // MARK: Labels

  /// What all answers begin with, short of the last token of any.
  private static func common(_ answers: [[Int]]) -> [Int] {
    let limit = (answers.map(\.count).min() ?? 1) - 1
    return Array(
      answers[0].prefix(limit).enumerated().prefix { place, id in answers.allSatisfy { $0[place] == id } }.map(
        \.element))
  }

  private static func longAnswers(
    _ labels: [LabelSet.Label], _ answers: [[Int]], _ tokenizer: Tokenizer
  ) -> DecisionExportProblem {
    let words = zip(labels, answers).map { label, ids in
      "'\(label.answer)' (\(ids.map { tokenizer.decode([$0]).debugDescription }.joined(separator: ", ")))"
    }
    return DecisionExportProblem(
      "decision.json has one token for each label, and these answers need more or go on from one another: "
        + "\(words.joined(separator: ", ")). Give the labels short answers (labels: - {name: ..., answer: A}) and train anew, or serve "
        + "the run itself: distill serve --run")
  }

  /// A text that the tokenizer alone writes with these tokens.
  private static func spelling(
    of ids: [Int], _ answer: String, _ student: any PretrainedStudent, _ tokenizer: Tokenizer
  ) throws -> String {
    let candidates = [student.answerOpening + answer, answer, " " + answer, tokenizer.decode(ids)]
    guard let found = candidates.first(where: { tokenizer.encode($0, addingSpecialTokens: false) == ids }) else {
      throw DecisionExportProblem(
        "no text stands for the token of the answer '\(answer)' by itself; give the label another answer and train anew"
      )
    }
    return found
  }
}
