public import ImageDecoding
public import LanguageModel
public import Layers
public import Tensor

/// A small multimodal model that is trained on what teachers say.
///
/// Its parameters, adapters and gradients come from `Module`; how probable answers are, from `SequenceScorer`. A student
/// of your own needs ``image(_:)``, ``encoded(_:)``, ``tree(question:images:answers:)`` and
/// ``generate(_:maximumTokens:sampling:using:)``, and may be built on anything that computes differentiable tensors. It is a
/// struct: models are copied by assignment. Modules of its vision tower have a component of their paths that contains
/// "vision", or is "visual", "connector" or "multi_modal_projector": what reaches them is computed anew in each step.
public protocol Student: Module, SequenceScorer {
  /// The tiles of an image as its processor cuts them.
  ///
  /// - Throws: if the image can't be used.
  func image(_ image: RGBImage) throws -> PromptImage

  /// The image with its pixels replaced by features, so that the vision tower runs once for it. Not differentiable.
  func encoded(_ image: PromptImage) -> PromptImage

  /// A question about images and answers to it, as tokens. Each answer ends with the end-of-turn token. Images stand before
  /// the question or, by their `PromptImage.place`, in it; they come in the order of their places.
  ///
  /// - Throws: ``StudentError`` if the prompt or an answer is empty or longer than the model takes.
  func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree

  /// A question about images and beginnings of answers to it, as tokens, with no end-of-turn token behind them: what labels
  /// are scored by.
  ///
  /// By default they are ``tree(question:images:answers:)``'s answers without their last tokens. The model families leave
  /// out, too, what the chat template puts between an answer and the end of its turn, such as a space.
  ///
  /// - Throws: as ``tree(question:images:answers:)``.
  func tree(question: String, images: [PromptImage], beginnings: [String]) throws -> AnswerTree

  /// The log-probability of each tree's whole answers, [trees][answers], in nats. Not differentiable.
  ///
  /// By default trees are scored batch by batch; the model families compute what consecutive prompts begin with in common
  /// once for all of them.
  ///
  /// - Parameter batch: trees computed at one time.
  func answerTotals(of trees: [AnswerTree], batch: Int) -> [[Double]]

  /// Continues each tree's prompt until the end of the turn; the trees' answers are not read.
  ///
  /// - Parameters:
  ///   - maximumTokens: where to stop at the latest.
  ///   - sampling: how each token is chosen.
  func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation]
}

/// The text that a student generated.
public struct Generation: Sendable, Equatable {
  /// Tokens without the end-of-turn token.
  public var tokens: [Int]
  /// Their text.
  public var text: String
  /// Whether the turn ended before the limit.
  public var isComplete: Bool

  /// A generation.
  public init(tokens: [Int], text: String, isComplete: Bool) {
    (self.tokens, self.text, self.isComplete) = (tokens, text, isComplete)
  }
}

extension Student {
  /// Answers without their end-of-turn tokens.
  public func tree(question: String, images: [PromptImage], beginnings: [String]) throws -> AnswerTree {
    var tree = try tree(question: question, images: images, answers: beginnings)
    tree.answers = tree.answers.map { Array($0.dropLast()) }
    return tree
  }

  /// The log-probability of each tree's whole answers, batch by batch.
  public func answerTotals(of trees: [AnswerTree], batch: Int) -> [[Double]] {
    totals(of: trees, batch: batch)
  }

  /// The same, computed by all ranks together where the student's scores are those of its answers' tokens.
  package func answerTotals(of trees: [AnswerTree], batch: Int, ranks: any Ranks) throws -> [[Double]] {
    guard ranks.count > 1, self is any BeginningSharer else { return answerTotals(of: trees, batch: batch) }
    return try answerTokens(of: trees, batch: batch, ranks: ranks).map { $0.map { $0.reduce(0) { $0 + Double($1) } } }
  }

  /// The same from the scores of their tokens.
  func totals(of trees: [AnswerTree], batch: Int) -> [[Double]] {
    answerTokens(of: trees, batch: batch).map { $0.map { $0.reduce(0) { $0 + Double($1) } } }
  }

  /// The probabilities of a few answers against each other, [trees][answers], without generating anything.
  ///
  /// - Parameter batch: trees computed at one time. The default is 16.
  public func answerProbabilities(_ trees: [AnswerTree], batch: Int = 16) -> [[Double]] {
    answerTotals(of: trees, batch: batch).map(softmax)
  }
}
