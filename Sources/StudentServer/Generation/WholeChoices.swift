internal import Foundation
internal import LanguageModel
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Tokenization
internal import TwoStage

/// Texts of which an answer is to be one, and how probable each is as a whole: as a run's predictions have it.
///
/// Token by token it would be another choice. Of "Urgent" and "Routine matter" the second may have the likelier first token, and
/// go on with one that is next to impossible.
struct WholeChoices: Sendable {
  /// Texts whose tokens are more than these together are chosen from token by token: scoring them would take longer than
  /// writing.
  private static let mostTokens = 4096

  /// What the model is asked about, in the order of the texts.
  private let question: LabelQuestion
  /// Of each text, its tokens behind the conversation.
  private let tokens: [[Int]]
  private let calibrated: @Sendable ([Double]) -> [Double]

  /// Choices behind a conversation; nil where they are too many, too long, or can't be told apart by their tokens.
  init?(_ texts: [String], after ids: [Int], images: [PromptImage], opening: String, student: any PretrainedStudent) {
    let room = student.maximumTokens - ids.count
    guard let tokens = Self.tokens(of: texts, opening, student, room: room) else { return nil }
    let labels = AnswerTree(prompt: ids, images: images, answers: tokens)
    // The mark must not be what makes a text too long.
    let marked = Self.tokens(of: texts.map { $0 + "." }, opening, student, room: room) ?? tokens
    guard let question = try? LabelQuestion(labels: labels, marked: marked) else { return nil }
    (self.question, self.tokens, calibrated) = (question, tokens, { $0 })
  }

  /// The labels that a student was distilled on; nil where a text is not what its tokens spell.
  ///
  /// - Throws: ``ChatError`` where the question can't be put to the student.
  init?(
    _ trained: TrainedQuestion, asking turn: ChatRequest.LearnedTurn, images: [PromptImage], opening: String,
    student: any PretrainedStudent
  ) throws(ChatError) {
    let texts = trained.labels.labels.map(\.answer)
    guard let tokens = Self.tokens(of: texts, opening, student, room: student.maximumTokens) else { return nil }
    let shown = zip(images, turn.places).map { $0.at($1) }
    question = try trained.question(turn.text, shown, to: student)
    (self.tokens, calibrated) = (tokens, trained.calibrated)
  }

  /// The tokens of each text where an answer begins; nil where one is spelled otherwise, is longer than there is room for, or all
  /// are more than are scored.
  private static func tokens(
    of texts: [String], _ opening: String, _ student: any PretrainedStudent, room: Int
  ) -> [[Int]]? {
    guard texts.count <= mostTokens else { return nil }
    var (all, count) = ([[Int]](), 0)
    for text in texts {
      let ids = student.tokenizer.encode(following: opening + text, isLiteral: true)
      let spelled = ids.flatMap { student.tokenizer.isSpecial($0) ? [] : student.tokenizer.bytes(of: $0) ?? [] }
      count += ids.count
      guard spelled.elementsEqual((opening + text).utf8), ids.count < room, count <= mostTokens,
        ids.allSatisfy({ $0 < student.decoder.vocabularySize })
      else { return nil }
      all.append(ids)
    }
    return all
  }

  /// How probable the texts are, as the model states it and as that is corrected.
  struct Chances: Sendable {
    let stated: [Double]
    let corrected: [Double]

    /// The number of the most probable text. Of those that correction made equally probable it is the one that was so before, as
    /// in a run's predictions.
    var best: Int {
      let first = stated.indices.max { stated[$0] < stated[$1] } ?? 0
      let best = corrected.indices.max { corrected[$0] < corrected[$1] } ?? 0
      return corrected[best] <= corrected[first] + 1e-9 ? first : best
    }

    /// The number of a text that is drawn as the request says, each with the probability of the whole.
    func drawn(for request: ChatRequest, using generator: inout Tensor.Generator) -> Int {
      let sampling = Sampling(
        temperature: Float(request.temperature), topP: Float(request.topP), topK: request.topK)
      guard sampling.temperature >= 1e-6 else { return best }
      let logarithms = corrected.map { Float(log($0)) }
      return sampling.token(from: Tensor(logarithms, shape: [1, logarithms.count]), using: &generator)
    }
  }

  /// - Parameter kept: what earlier prompts began with, which changes no bit.
  /// - Throws: ``ChatError`` where a probability is no number.
  func chances(_ student: any PretrainedStudent, keeping kept: KeptBeginnings) throws(ChatError) -> Chances {
    let reader = student as? any QuestionReader
    let totals =
      reader?.answerTotals(of: [question.tree], batch: 16, keeping: kept)
      ?? student.answerTotals(of: [question.tree], batch: 16)
    let stated = softmax(question.logProbabilities(totals[0]))
    guard stated.allSatisfy(\.isFinite) else {
      throw .fault("The probabilities of the choices are no numbers: a weight of the model is none.")
    }
    return Chances(stated: stated, corrected: calibrated(stated))
  }

  /// The tokens of a text by its number.
  subscript(number: Int) -> [Int] { tokens[number] }
}
