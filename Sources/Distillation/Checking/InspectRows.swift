internal import Foundation
internal import ImageDecoding
internal import LanguageModel
internal import Layers
internal import Student
internal import TeacherProtocol
internal import Tensor

/// What rows cost in tokens.
struct InspectedRows {
  /// Mean tokens of a prompt with its images.
  var promptTokens: Double
  /// Mean tokens of an answer.
  var answerTokens: Double
  /// Mean tiles of a prompt's images.
  var tiles: Double
  /// Mean images of a prompt.
  var images: Double
}

extension RunCheck {
  /// Counts the tokens of every row as the student will see it: prompt, image tokens, the longest answer that is known.
  static func inspectRows(
    _ run: RunConfiguration, data: InspectedData?, votes: InspectedVotes, student: InspectedStudent?,
    into findings: inout [CheckFinding]
  ) -> InspectedRows? {
    guard let data, let student else { return nil }
    let items = data.asked + (run.evaluation.choosesThresholdOnDev ? data.items.dev : [])
    guard let labels = try? run.labelSet(), let prompt = try? PromptTemplate(run.prompt), !items.isEmpty else {
      return nil
    }
    let isUpright = run.data.readPixels.orientation == .applied
    let rows = items.map { item in
      let question = try? prompt.prompt(for: item, labels: labels)
      return RowText(
        item: item.id,
        images: (question?.images ?? []).compactMap { image in
          data.sizes[image.path].map { (isUpright ? $0.shown : ($0.width, $0.height), image.place) }
        },
        question: question?.text ?? "", answer: longestAnswer(to: item, run, labels: labels, votes: votes))
    }
    guard let model = student.model else { return boundRows(run, rows, student, into: &findings) }
    return countRows(run, rows, model, into: &findings)
  }

  private struct RowText: Sendable {
    var item: String
    /// The sizes and places of its images, of those that can be read.
    var images: [(size: (width: Int, height: Int), place: Int)]
    var question: String
    var answer: String
  }

  private static func longestAnswer(
    to item: Item, _ run: RunConfiguration, labels: LabelSet, votes: InspectedVotes
  ) -> String {
    let rationale = run.stage1.rationales ? votes.longestRationale(on: item.id) ?? "" : ""
    let template = AnswerTemplate()
    let answers = labels.names.compactMap { try? template.answer($0, rationale: rationale, labels: labels) }
    return answers.max { $0.utf8.count < $1.utf8.count } ?? ""
  }

  /// What a row costs, or why it can't be put to the student.
  private struct RowCount: Sendable {
    var prompt = 0
    var answer = 0
    var imageTokens = 0
    var fault: String?
  }

  /// By the student's own tokenizer, prompt format and cutting of images into tiles.
  private static func countRows(
    _ run: RunConfiguration, _ rows: [RowText], _ student: any PretrainedStudent, into findings: inout [CheckFinding]
  ) -> InspectedRows {
    var student = student
    let limit = min(run.student.maximumTokens, student.maximumTokens)
    student.maximumTokens = .max
    let perTile = student.tower?.tokens ?? 1
    let counting = student
    let counts = mapInParallel(rows) { row -> RowCount in
      do {
        let images = try row.images.map { image in
          try counting.blankImage(width: image.size.width, height: image.size.height).at(image.place)
        }
        let tree = try counting.tree(question: row.question, images: images, answers: [row.answer])
        return RowCount(
          prompt: tree.prompt.count, answer: tree.answers.first?.count ?? 0,
          imageTokens: images.reduce(0) { $0 + counting.tokenCount(of: $1) })
      } catch {
        return RowCount(fault: "\(row.item): \(FaultText.sentence(for: error))")
      }
    }
    let faults = counts.compactMap(\.fault)
    if !faults.isEmpty {
      findings.append(
        CheckFinding(
          run.strict ? .error : .warning, "student",
          "\(NumberText.counted(faults.count, "row")) can't be put to the student and will be set aside",
          details: .firstLines(faults)))
    }
    if rows.contains(where: { $0.images.contains { $0.place > 0 } }), putsImagesFirst(student) {
      findings.warn(
        "student",
        "its chat template puts all images before the text: the slots in the prompt give it their order, not their places"
      )
    }
    let totals = counts.map { $0.prompt + $0.answer }
    let longest = totals.indices.max { totals[$0] < totals[$1] } ?? 0
    let text =
      "longest row \(rows[longest].item): \(NumberText.counted(totals[longest], "token")) "
      + (run.data.fields.image == nil
        ? "" : "(\(counts[longest].imageTokens) for \(images(rows[longest].images.count))) ")
      + "of \(NumberText.grouped(limit))"
    let tooLong = rows.indices.filter { totals[$0] > limit }
    if tooLong.isEmpty {
      findings.ok("student.max_tokens", text)
    } else {
      findings.append(
        CheckFinding(
          run.strict ? .error : .warning, "student.max_tokens",
          "\(text); \(NumberText.counted(tooLong.count, "row")) will be set aside as too long",
          details: .firstLines(tooLong.map { "\(rows[$0].item): \(NumberText.grouped(totals[$0])) tokens" })))
    }
    return InspectedRows(
      promptTokens: mean(counts.map(\.prompt)), answerTokens: mean(counts.map(\.answer)),
      tiles: mean(counts.map(\.imageTokens)) / Double(perTile), images: mean(rows.map(\.images.count)))
  }

  /// Without a tokenizer: one token a byte is the most that any byte-level tokenizer needs.
  private static func boundRows(
    _ run: RunConfiguration, _ rows: [RowText], _ student: InspectedStudent, into findings: inout [CheckFinding]
  ) -> InspectedRows {
    let limit = min(run.student.maximumTokens, student.configuration.text.maxPositions)
    let hasImages = run.data.fields.image != nil
    // An item of which no image could be read has one nevertheless.
    let counts = rows.map { hasImages ? max(1, $0.images.count) : 0 }
    let perImage = student.configuration.tower?.tokens ?? 0
    let bytes = rows.map { $0.question.utf8.count + $0.answer.utf8.count }
    let likelies = rows.indices.map { bytes[$0] / Self.bytesPerToken + 16 + counts[$0] * perImage }
    let longest = likelies.indices.max { likelies[$0] < likelies[$1] } ?? 0
    let imageTokens = counts[longest] * perImage
    let most = bytes[longest] + 16 + imageTokens
    let likely = likelies[longest]
    let text =
      "longest row \(rows[longest].item): about \(NumberText.grouped(likely)) tokens, never more than "
      + "\(NumberText.grouped(most))\(hasImages ? " (\(imageTokens) for \(images(counts[longest])))" : ""), of \(NumberText.grouped(limit))"
    if likely > limit {
      findings.warn("student.max_tokens", "\(text); rows that are too long will be set aside")
    } else {
      findings.ok("student.max_tokens", text)
    }
    return InspectedRows(
      promptTokens: mean(
        rows.indices.map { rows[$0].question.utf8.count / Self.bytesPerToken + 16 + counts[$0] * perImage }),
      answerTokens: mean(rows.map { $0.answer.utf8.count / Self.bytesPerToken + 1 }),
      tiles: mean(counts), images: mean(counts))
  }

  /// Whether a conversation reads the same wherever its image stands, as with the templates of LLaVA's folders.
  private static func putsImagesFirst(_ student: any PretrainedStudent) -> Bool {
    func text(_ place: Int) -> String? {
      let turns = student.messages(question: "ab", imagesAt: [place], answer: nil)
      return try? student.rendered(turns, addingGenerationPrompt: true)
    }
    return student.imageToken != nil && text(0) == text(1)
  }

  private static func images(_ count: Int) -> String { count == 1 ? "the image" : NumberText.counted(count, "image") }

  /// What a token of a small byte-level tokenizer is in English text, about.
  private static let bytesPerToken = 3

  private static func mean(_ numbers: [Int]) -> Double {
    Double(numbers.reduce(0, +)) / Double(max(1, numbers.count))
  }
}
