import Distillation
import Layers
import StudentModels
import Tensor
import Tokenization

/// A question about a photo, and its answer with what of it is trained on.
struct Question: Sendable {
  /// Which tokens of an answer have which weight.
  enum Weighing: Sendable {
    /// Every token the same.
    case all(Float)
    /// The first token 1, since it is the verdict, and every token after it this.
    case verdict(rest: Float)
    /// The verdicts Yes and No, wherever they stand; what they are about is given.
    case verdicts
  }

  /// What is asked.
  var text: String
  /// What is to be answered.
  var answer: String
  /// What of the answer is trained on. The default is everything.
  var weighing = Weighing.all(1)
}

/// Several questions about one photo as one tree, so that the photo is computed once for all of them.
///
/// The tree branches after the photo: each of its answers is the text of a question, which is given, with that question's
/// answer. The tokens are exactly those of separate prompts.
struct PhotoQuestions: Sendable {
  /// The photo, and a branch for each question.
  let tree: AnswerTree
  /// One weight for each token of the questions' answers, in order.
  let weights: [Float]

  /// - Throws: `StudentError` where a question or an answer does not fit.
  init(_ questions: [Question], about photo: PromptImage, for model: SmolVLM) throws {
    var (prompt, branches, given, weights) = ([Int](), [[Int]](), [Int](), [Float]())
    let verdicts = Set([" Yes", " No"].flatMap { model.tokenizer.encode($0, addingSpecialTokens: false) })
    let aroundImage = model.tokenizer.id(of: "<fake_token_around_image>")
    for question in questions {
      let alone = try model.tree(question: question.text, images: [photo], answers: [question.answer])
      let shared = (aroundImage.flatMap { alone.prompt.lastIndex(of: $0) } ?? -1) + 1
      prompt = Array(alone.prompt[..<shared])
      let asked = alone.prompt[shared...]
      branches.append(asked + alone.answers[0])
      given.append(asked.count)
      weights += question.weights(of: alone.answers[0], verdicts: verdicts)
    }
    var tree = AnswerTree(prompt: prompt, images: [photo], answers: branches)
    tree.given = given
    (self.tree, self.weights) = (tree, weights)
  }
}

extension Question {
  fileprivate func weights(of answer: [Int], verdicts: Set<Int>) -> [Float] {
    switch weighing {
    case .all(let weight): [Float](repeating: weight, count: answer.count)
    case .verdict(let rest): [1] + [Float](repeating: rest, count: answer.count - 1)
    case .verdicts: answer.map { verdicts.contains($0) ? 1 : 0 }
    }
  }
}

/// Cross-entropy over the weighted tokens of questions about photos.
struct QuestionObjective<Model: SequenceScorer>: TrainingObjective {
  /// One photo an example.
  let examples: [PhotoQuestions]

  var exampleCount: Int { examples.count }

  func weight(of chosen: [Int]) -> Float { chosen.reduce(0) { $0 + examples[$1].weights.reduce(0, +) } }

  func loss(
    of chosen: [Int], under model: Model, total: Float
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let trees = chosen.map { examples[$0].tree }
    let weights = chosen.flatMap { examples[$0].weights }
    let scores = model.logProbabilities(of: trees)
    let loss = -(scores.logProbabilities * Tensor(weights, shape: [weights.count])).sum() / total
    return (loss, StepMetrics(scores, trees: trees))
  }
}
