public import Tensor

/// Cross-entropy over answer tokens alone: what supervised fine-tuning minimises.
///
/// Tokens of the prompt and of images carry no loss: they are given, not predicted.
public struct AnswerLoss: Sendable, Equatable {
  /// How tokens and answers are averaged.
  public enum Reduction: String, Sendable, Codable, CaseIterable {
    /// All answer tokens of a step weigh the same.
    case tokenMean = "token_mean"
    /// All answers of a step weigh the same, however long.
    case answerMean = "answer_mean"
  }

  /// How tokens and answers are averaged. The default is the mean over tokens.
  package var reduction: Reduction

  /// A loss with this average.
  public init(reduction: Reduction = .tokenMean) { self.reduction = reduction }

  /// The loss of a part of a step, already divided by the whole step's weight, so that parts add up.
  ///
  /// - Parameters:
  ///   - scores: of the part's trees.
  ///   - total: ``weight(of:)`` of all trees of the step, each as often as it counts.
  ///   - weights: how much each tree of the part counts; nil counts all the same.
  public func callAsFunction(_ scores: AnswerScores, total: Float, weights: [Float]? = nil) -> Tensor {
    func spread(_ counts: [Int]) -> Tensor? {
      weights.map { weights in
        let all = zip(weights, counts).flatMap { [Float](repeating: $0, count: $1) }
        return Tensor(all, shape: [all.count])
      }
    }
    let values: Tensor
    let counted: [Int]
    switch reduction {
    case .tokenMean:
      values = scores.logProbabilities
      counted = scores.ranges.map { $0.reduce(0) { $0 + $1.count } }
    case .answerMean:
      let lengths = scores.ranges.flatMap { $0.map { Float(max(1, $0.count)) } }
      values = scores.answerTotals() / Tensor(lengths, shape: [lengths.count])
      counted = scores.ranges.map(\.count)
    }
    return -(spread(counted).map { values * $0 } ?? values).sum() / total
  }

  /// How many tokens, or answers, these trees have.
  public func weight(of trees: [AnswerTree]) -> Float {
    switch reduction {
    case .tokenMean: Float(trees.reduce(0) { $0 + $1.answers.reduce(0) { $0 + $1.count } })
    case .answerMean: Float(trees.reduce(0) { $0 + $1.answers.count })
    }
  }
}
