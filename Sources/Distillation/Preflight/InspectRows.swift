internal import Foundation
internal import ImageDecoding
internal import LanguageModel
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import DistillationConfiguration
internal import Wording

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
    let items = data.seen + (run.readsDev ? data.items.dev : [])
    guard let labels = try? run.labelSet(), let prompt = try? PromptTemplate(run.prompt), !items.isEmpty else {
      return nil
    }
    let training = Set(data.items.train.map(\.id))
    let isUpright = run.data.readPixels.orientation == .applied
    let rows = items.map { item in
      // Of what was said about other items nothing is learnt.
      let said = training.contains(item.id) ? votes.answered(item.id, run) : []
      let question = try? prompt.prompt(for: item, labels: labels)
      return RowText(
        item: item.id,
        images: (question?.images ?? []).compactMap { image in
          data.sizes[image.path].map { (isUpright ? $0.shown : ($0.width, $0.height), image.place) }
        },
        question: question?.text ?? "", answers: answers(said, run, labels: labels))
    }
    guard let model = student.model else { return boundRows(run, rows, votes, student, into: &findings) }
    return countRows(run, rows, votes, model, into: &findings)
  }

  private struct RowText: Sendable {
    var item: String
    /// The sizes and places of its images, of those that can be read.
    var images: [(size: (width: Int, height: Int), place: Int)]
    var question: String
    /// What the student may be taught to answer, the longest first.
    var answers: [String]
  }

  /// What was said as answers, before them the longest rationale with each label, the longest first.
  private static func answers(_ said: [TeacherReply], _ run: RunConfiguration, labels: LabelSet) -> [String] {
    let template = AnswerTemplate()
    func text(_ label: String, _ rationale: String) -> String? {
      try? template.answer(
        label, rationale: run.stage1.rationales && run.student.answer != .label ? rationale : "", labels: labels)
    }
    let rationale = said.map(\.wholeRationale).max { ($0.utf8.count, $0) < ($1.utf8.count, $1) } ?? ""
    let possible = labels.names.compactMap { text($0, rationale) }.sorted { $0.utf8.count > $1.utf8.count }
    let given = Set(said.compactMap { reply in reply.label.flatMap { text($0, reply.wholeRationale) } })
    return (possible.isEmpty ? [""] : possible) + given.subtracting(possible).sorted()
  }

  /// Says which rows are set aside, and where Stage 1 is left with nothing.
  ///
  /// - Parameter tooLong: further rows that are set aside, and why.
  private static func report(
    _ faults: [(item: String, reason: String)], tooLong: [(item: String, reason: String)] = [],
    _ run: RunConfiguration, _ votes: InspectedVotes, into findings: inout [CheckFinding]
  ) {
    reportSetAside(faults, run, into: &findings)
    let all = (faults + tooLong).filter { votes.learnt[$0.item] != nil }
    if let first = all.first, all.count == votes.learnt.count {
      findings.fail("stage1", "\(RunError.nothingUsable(all.count, first: "item \(first.item): \(first.reason)"))")
    }
  }

  /// Says which rows the student can't be put.
  static func reportSetAside(
    _ faults: [(item: String, reason: String)], _ run: RunConfiguration, into findings: inout [CheckFinding]
  ) {
    guard !faults.isEmpty else { return }
    findings.append(
      CheckFinding(
        run.strict ? .error : .warning, "student",
        "\(NumberText.counted(faults.count, "row")) can't be put to the student and will be set aside",
        details: .firstLines(faults.map { "\($0.item): \($0.reason)" })))
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
    _ run: RunConfiguration, _ rows: [RowText], _ votes: InspectedVotes, _ student: any PretrainedStudent,
    into findings: inout [CheckFinding]
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
        let tree = try counting.tree(question: row.question, images: images, answers: row.answers)
        return RowCount(
          prompt: tree.prompt.count, answer: tree.answers.map(\.count).max() ?? 0,
          imageTokens: images.reduce(0) { $0 + counting.tokenCount(of: $1) })
      } catch {
        return RowCount(fault: FaultText.sentence(for: error))
      }
    }
    if rows.contains(where: { $0.images.contains { $0.place > 0 } }), putsImagesFirst(student) {
      findings.warn(
        "student",
        "its chat template puts all images before the text: the slots in the prompt give it their order, not their places"
      )
    }
    let totals = counts.map { $0.prompt + $0.answer }
    let tooLong = rows.indices.filter { totals[$0] > limit }
    report(
      zip(rows, counts).compactMap { row, count in count.fault.map { (row.item, $0) } },
      tooLong: tooLong.map { (rows[$0].item, "it has \(totals[$0]) tokens, more than \(limit)") }, run, votes,
      into: &findings)
    let longest = totals.indices.max { totals[$0] < totals[$1] } ?? 0
    let text =
      "longest row \(rows[longest].item): \(NumberText.counted(totals[longest], "token")) "
      + (run.data.fields.image == nil
        ? "" : "(\(counts[longest].imageTokens) for \(images(rows[longest].images.count))) ")
      + "of \(NumberText.grouped(limit))"
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
    _ run: RunConfiguration, _ rows: [RowText], _ votes: InspectedVotes, _ student: InspectedStudent,
    into findings: inout [CheckFinding]
  ) -> InspectedRows {
    let limit = min(run.student.maximumTokens, student.configuration.text.maxPositions)
    report(
      rows.compactMap { row in
        let texts = [row.question] + row.answers
        return student.reserved.first { token in texts.contains { $0.contains(token) } }
          .map { (row.item, "\(StudentError.reservedToken($0))") }
      }, run, votes, into: &findings)
    let hasImages = run.data.fields.image != nil
    // An item of which no image could be read has one nevertheless.
    let counts = rows.map { hasImages ? max(1, $0.images.count) : 0 }
    let perImage = student.configuration.tower?.tokens ?? 0
    let bytes = rows.map { $0.question.utf8.count + $0.answers[0].utf8.count }
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
      answerTokens: mean(rows.map { $0.answers[0].utf8.count / Self.bytesPerToken + 1 }),
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
