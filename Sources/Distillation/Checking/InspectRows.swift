internal import Foundation
internal import ImageDecoding
internal import LanguageModel
internal import Layers
internal import Student
internal import TeacherProtocol
internal import Tensor

/// What rows cost in tokens.
struct InspectedRows {
  /// Mean tokens of a prompt with its image.
  var promptTokens: Double
  /// Mean tokens of an answer.
  var answerTokens: Double
  /// Mean tiles of an image.
  var tiles: Double
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
    let rows = items.map { item in
      RowText(
        item: item.id, image: item.image.flatMap { data.sizes[$0] },
        question: (try? prompt.prompt(for: item, labels: labels)) ?? "",
        answer: longestAnswer(to: item, run, labels: labels, votes: votes))
    }
    guard let model = student.model else { return boundRows(run, rows, student, into: &findings) }
    return countRows(run, rows, model, into: &findings)
  }

  private struct RowText: Sendable {
    var item: String
    /// The size of its image; nil without one that can be read.
    var image: ImageHeader?
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
        let images = try row.image.map { [try counting.blankImage(width: $0.width, height: $0.height)] } ?? []
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
    let totals = counts.map { $0.prompt + $0.answer }
    let longest = totals.indices.max { totals[$0] < totals[$1] } ?? 0
    let text =
      "longest row \(rows[longest].item): \(NumberText.counted(totals[longest], "token")) "
      + (run.data.fields.image == nil ? "" : "(\(counts[longest].imageTokens) for the image) ")
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
      tiles: mean(counts.map(\.imageTokens)) / Double(perTile))
  }

  /// Without a tokenizer: one token a byte is the most that any byte-level tokenizer needs.
  private static func boundRows(
    _ run: RunConfiguration, _ rows: [RowText], _ student: InspectedStudent, into findings: inout [CheckFinding]
  ) -> InspectedRows {
    let limit = min(run.student.maximumTokens, student.configuration.text.maxPositions)
    let hasImages = run.data.fields.image != nil
    let imageTokens = hasImages ? student.configuration.tower?.tokens ?? 0 : 0
    let frame = 16 + imageTokens
    let bytes = rows.map { $0.question.utf8.count + $0.answer.utf8.count }
    let longest = bytes.indices.max { bytes[$0] < bytes[$1] } ?? 0
    let most = bytes[longest] + frame
    let likely = bytes[longest] / Self.bytesPerToken + frame
    let text =
      "longest row \(rows[longest].item): about \(NumberText.grouped(likely)) tokens, never more than "
      + "\(NumberText.grouped(most))\(hasImages ? " (\(imageTokens) for the image)" : ""), of \(NumberText.grouped(limit))"
    if likely > limit {
      findings.warn("student.max_tokens", "\(text); rows that are too long will be set aside")
    } else {
      findings.ok("student.max_tokens", text)
    }
    return InspectedRows(
      promptTokens: mean(rows.map { $0.question.utf8.count / Self.bytesPerToken }) + Double(frame),
      answerTokens: mean(rows.map { $0.answer.utf8.count / Self.bytesPerToken + 1 }), tiles: hasImages ? 1 : 0)
  }

  /// What a token of a small byte-level tokenizer is in English text, about.
  private static let bytesPerToken = 3

  private static func mean(_ numbers: [Int]) -> Double {
    Double(numbers.reduce(0, +)) / Double(max(1, numbers.count))
  }
}
