internal import Foundation
internal import ImageDecoding
internal import JSON
internal import Layers
internal import StudentModels
internal import Tokenization

/// The questions of a request as prompts of one student. What they begin with in common, the state above all, is computed
/// once.
struct DecisionPass {
  private let reader: any QuestionReader
  private let request: DecisionRequest
  private let temperatures: [Double]
  private let trees: [AnswerTree]

  /// Renders and counts; the images' features are computed.
  init(_ request: DecisionRequest, student: any PretrainedStudent, settings: DecisionSettings) throws(ChatError) {
    guard let reader = student as? any QuestionReader else {
      throw .unsupported("model", "This model's student answers no typed questions.")
    }
    if let unsupported = settings.unsupported { throw .unsupported("model", unsupported) }
    if let first = request.images.first, student.tower == nil {
      throw .unsupported(first.field, "This model reads text alone; leave images out.")
    }
    (self.reader, self.request) = (reader, request)
    temperatures = request.questions.map { settings.temperatures[$0.kind] ?? 1 }
    var images: [PromptImage] = []
    for image in request.images {
      images.append(try ChatPrompt.image(image.bytes, student: student, at: image.field))
    }
    let places = Self.longestFirst(request.images.map(\.placeholder))
    var trees: [AnswerTree] = []
    for question in request.questions {
      let labels = settings.labels(for: question)
      trees.append(
        try Self.tree(question, of: request.state, labels: labels, images: (images, places), reader: reader))
    }
    self.trees = trees
  }

  /// Tokens of all prompts, each counted whole.
  var inputTokens: Int { trees.reduce(0) { $0 + $1.prompt.count } }
  /// How many of them were read with a prompt before.
  var cachedTokens: Int { reader.sharedTokens(of: trees) }

  /// The answers in the order of the questions.
  func answers() -> [DecisionAnswer] {
    let totals = reader.answerTotals(of: trees, batch: 16)
    return request.questions.indices.map { place in
      // Over the vocabulary or over the labels alone: what both are normalised by cancels.
      let logits = totals[place].map { $0 / temperatures[place] }
      let largest = logits.max() ?? 0
      let weights = logits.map { exp($0 - largest) }
      let sum = weights.reduce(0, +)
      return DecisionAnswer(question: request.questions[place], probabilities: weights.map { $0 / sum })
    }
  }

  private static func tree(
    _ question: DecisionQuestion, of state: JSONValue, labels: [String],
    images: (all: [PromptImage], places: [(name: [UInt8], index: Int)]), reader: any QuestionReader
  ) throws(ChatError) -> AnswerTree {
    let field = question.name.map { "questions.\($0)" } ?? "questions"
    do {
      let text = try question.prompt(of: state, labels: labels)
      let (parts, used) = cut(text, at: images.places)
      let turn: ChatMessage =
        reader.tower == nil ? .user(text) : .user(parts.isEmpty ? [.text("")] : parts)
      let shown = used.map { images.all[$0] }
      let prompt = try reader.literalIDs(of: [turn], images: shown)
      var answers = labels.map { reader.tokenizer.encode($0, addingSpecialTokens: false) }
      if question.options.count <= DecisionSettings.letters.count || answers.allSatisfy({ $0.count == 1 }) {
        let single = answers.filter { $0.count == 1 && $0[0] != reader.tokenizer.specialTokens.unknown }
        guard Set(single).count == labels.count else {
          throw ChatError.invalid(
            field,
            "The labels \(labels.joined(separator: ", ")) are not distinct single tokens of this model; decision.json in its folder may name others."
          )
        }
      } else {
        // Numbers may begin with one another: each counts with the end of its turn.
        answers = answers.map { $0 + [reader.endOfTurn] }
      }
      let length = prompt.count + (answers.map(\.count).max() ?? 0)
      guard length <= reader.maximumTokens else {
        throw ChatError.invalid(
          field, "Its prompt has \(prompt.count) tokens, and this model takes \(reader.maximumTokens).",
          code: "context_length_exceeded")
      }
      return AnswerTree(prompt: prompt, images: shown, answers: answers)
    } catch let error as ChatError {
      throw error
    } catch {
      throw .invalid(field, "It can't be put into this model's format: \(error)")
    }
  }

  private static func longestFirst(_ names: [String]) -> [(name: [UInt8], index: Int)] {
    names.enumerated().map { (Array($1.utf8), $0) }.sorted { $0.0.count > $1.0.count }
  }

  /// A text cut where a name of an image stands, and the numbers of these images in order.
  private static func cut(
    _ text: String, at names: [(name: [UInt8], index: Int)]
  ) -> (parts: [ChatMessage.Part], images: [Int]) {
    let bytes = Array(text.utf8)
    var parts: [ChatMessage.Part] = []
    var images: [Int] = []
    var (begun, place) = (0, 0)
    func add(upTo end: Int) {
      if begun < end { parts.append(.text(String(decoding: bytes[begun..<end], as: UTF8.self))) }
    }
    while place < bytes.count {
      if let found = names.first(where: { bytes[place...].starts(with: $0.name) }) {
        add(upTo: place)
        parts.append(.image)
        images.append(found.index)
        place += found.name.count
        begun = place
      } else {
        place += 1
      }
    }
    add(upTo: bytes.count)
    return (parts, images)
  }
}
