internal import Foundation
internal import ImageDecoding
internal import JSON
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Tokenization
internal import TwoStage

/// The questions of a request as prompts of one student. What they begin with in common, the state above all, is computed
/// once.
struct DecisionPass {
  private let reader: any QuestionReader
  private let request: DecisionRequest
  let trees: [AnswerTree]
  /// The numbers of the images that each question shows, in their order; none for the question that the student was distilled on.
  let shown: [[Int]]
  /// From the totals of each question's tree to the probabilities of its options.
  private let probabilities: [([Double]) -> [Double]]

  /// Renders and counts; the images' features are computed.
  ///
  /// - Parameter trained: the question that the student was distilled on; the default is none.
  init(
    _ request: DecisionRequest, student: any PretrainedStudent, settings: DecisionSettings,
    trained: TrainedQuestion? = nil
  ) throws(ChatError) {
    guard let reader = student as? any QuestionReader else {
      throw .unsupported("model", "This model's student answers no typed questions.")
    }
    if let first = request.images.first, student.tower == nil {
      throw .unsupported(first.field, "This model reads text alone; leave images out.")
    }
    (self.reader, self.request) = (reader, request)
    var images: [PromptImage] = []
    // Those of an item are read as its run reads them.
    let isGeneric = request.learned.isEmpty || request.learned.contains { $0 == nil }
    for image in isGeneric ? request.images : [] {
      images.append(
        try ChatPrompt.image(
          image.bytes, student: student, at: image.field, decoder: ImageDecoder(options: .loadImage)))
    }
    let places = PlaceholderTexts(request.images.map(\.placeholder))
    try Self.check(request, settings, reader)
    var learned: LabelQuestion?
    if let trained, let item = request.item { learned = try trained.question(item, to: student) }
    var trees: [AnswerTree] = []
    var shown: [[Int]] = []
    var probabilities: [([Double]) -> [Double]] = []
    var prompts = try Self.prompts(of: request, settings, images: (images, places), reader: reader)[...]
    for (number, question) in request.questions.enumerated() {
      if let learned, let trained, let order = request.learned[number] {
        trees.append(learned.tree)
        shown.append([])
        probabilities.append { totals in
          let labels = trained.calibrated(softmax(learned.logProbabilities(totals)))
          return order.map { labels[$0] }
        }
      } else {
        let labels = settings.labels(for: question)
        let prompt =
          if let made = prompts.popFirst() { made } else {
            try Self.prompt(question, of: request.state, labels, (images, places), reader)
          }
        trees.append(try Self.tree(question, prompt.ids, prompt.images.map { images[$0] }, labels, settings, reader))
        shown.append(prompt.images)
        let temperature = settings.temperatures[question.kind] ?? 1
        // Over the vocabulary or over the labels alone: what both are normalised by cancels.
        probabilities.append { totals in softmax(totals.map { $0 / temperature }) }
      }
    }
    (self.trees, self.shown, self.probabilities) = (trees, shown, probabilities)
  }

  /// Tokens of all prompts, each counted whole.
  var inputTokens: Int { trees.reduce(0) { $0 + $1.prompt.count } }
  /// How many of them were read with a prompt before. What earlier requests left is not counted: an answer is the same whatever
  /// was asked before.
  var cachedTokens: Int { [true, false].reduce(0) { $0 + reader.sharedTokens(of: trees(learned: $1)) } }

  /// Whether a question is the one that the student was distilled on.
  private func isLearned(_ number: Int) -> Bool { !request.learned.isEmpty && request.learned[number] != nil }

  private func trees(learned: Bool) -> [AnswerTree] {
    trees.indices.filter { isLearned($0) == learned }.map { trees[$0] }
  }

  /// The answers in the order of the questions.
  ///
  /// - Parameter kept: what earlier prompts began with. The question that the student was distilled on is scored as in a run.
  func answers(keeping kept: KeptBeginnings) -> [DecisionAnswer] {
    var ofLearned = reader.answerTotals(of: trees(learned: true), batch: 16)[...]
    var ofGeneric = reader.answerTotals(of: trees(learned: false), batch: 16, keeping: kept)[...]
    let totals = trees.indices.map { (isLearned($0) ? ofLearned.popFirst() : ofGeneric.popFirst()) ?? [] }
    return request.questions.indices.map { place in
      DecisionAnswer(question: request.questions[place], probabilities: probabilities[place](totals[place]))
    }
  }

  /// Refuses texts that spell a token of the model's own, where the folder would have it read as one.
  private static func check(
    _ request: DecisionRequest, _ settings: DecisionSettings, _ reader: any QuestionReader
  ) throws(ChatError) {
    guard settings.readsControlTokens else { return }
    let questions = request.questions.flatMap { question in
      [question.instructions, .string(question.name ?? "")] + question.options.flatMap { [$0.value, $0.description] }
    }
    for text in ([request.state] + questions).flatMap(\.allTexts) {
      guard let token = reader.controlToken(in: text, of: settings.template?.template) else { continue }
      throw .unsupported(
        "state",
        "The request spells \(token), which the folder's decision.json (sanitize_control_tokens) would have read as that token; remove it."
      )
    }
  }

  /// What the folder's own template makes of all questions that are not the trained one; nothing where it has none.
  private static func prompts(
    of request: DecisionRequest, _ settings: DecisionSettings, images: (all: [PromptImage], places: PlaceholderTexts),
    reader: any QuestionReader
  ) throws(ChatError) -> [(ids: [Int], images: [Int])] {
    guard let template = settings.template else { return [] }
    for question in request.questions where question.options.count > settings.ownLabels(for: question.kind).count {
      throw .invalid(
        field(of: question),
        "It has \(question.options.count) options, and this model reads \(settings.ownLabels(for: question.kind).count) labels "
          + "(labels.\(question.kind.rawValue) of its decision.json).")
    }
    let asked = request.questions.enumerated().filter { number, _ in
      request.learned.isEmpty || request.learned[number] == nil
    }.map { ($1, settings.labels(for: $1)) }
    let groups = template.asksTogether ? (asked.isEmpty ? [] : [asked]) : asked.map { [$0] }
    do {
      return try groups.flatMap { try template.prompts(of: request.state, $0, images: images, reader: reader) }
    } catch let error as ChatError {
      throw error
    } catch {
      throw .invalid("questions", "The folder's \(DecisionTemplate.file) can't ask this: \(error)")
    }
  }

  /// A question as transformers asks any chat model.
  private static func prompt(
    _ question: DecisionQuestion, of state: JSONValue, _ labels: [String],
    _ images: (all: [PromptImage], places: PlaceholderTexts), _ reader: any QuestionReader
  ) throws(ChatError) -> (ids: [Int], images: [Int]) {
    do {
      let text = try question.prompt(of: state, labels: labels)
      let (parts, used) = images.places.cut(text)
      let turn: ChatMessage = reader.tower == nil ? .user(text) : .user(parts.isEmpty ? [.text("")] : parts)
      return (try reader.literalIDs(of: [turn], images: used.map { images.all[$0] }), used)
    } catch {
      throw .invalid(field(of: question), "It can't be put into this model's format: \(error)")
    }
  }

  private static func field(of question: DecisionQuestion) -> String {
    question.name.map { "questions.\($0)" } ?? "questions"
  }

  /// A prompt with the labels that are read behind it.
  private static func tree(
    _ question: DecisionQuestion, _ prompt: [Int], _ images: [PromptImage], _ labels: [String],
    _ settings: DecisionSettings, _ reader: any QuestionReader
  ) throws(ChatError) -> AnswerTree {
    var answers = labels.map { reader.tokenizer.encode($0, addingSpecialTokens: false) }
    let areSingle = answers.allSatisfy { $0.count == 1 }
    if question.options.count <= DecisionSettings.letters.count || areSingle || settings.template != nil {
      let single = answers.filter { $0.count == 1 && $0[0] != reader.tokenizer.specialTokens.unknown }
      guard Set(single).count == labels.count else {
        throw .invalid(
          field(of: question),
          "The labels \(labels.joined(separator: ", ")) are not distinct single tokens of this model; decision.json in its folder may name others."
        )
      }
    } else {
      // Numbers may begin with one another: each counts with the end of its turn.
      answers = answers.map { $0 + [reader.endOfTurn] }
    }
    let length = prompt.count + (answers.map(\.count).max() ?? 0)
    guard length <= reader.maximumTokens else {
      throw .invalid(
        field(of: question), "Its prompt has \(prompt.count) tokens, and this model takes \(reader.maximumTokens).",
        code: "context_length_exceeded")
    }
    return AnswerTree(prompt: prompt, images: images, answers: answers)
  }
}

extension JSONValue {
  /// All texts in it, members' names among them.
  fileprivate var allTexts: [String] {
    switch self {
    case .string(let text): [text]
    case .array(let elements): elements.flatMap(\.allTexts)
    case .object(let members): members.flatMap { [$0.name] + $0.value.allTexts }
    case .null, .bool, .number: []
    }
  }
}
