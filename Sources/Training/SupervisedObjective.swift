public import Layers
public import Tensor

/// Supervised fine-tuning: cross-entropy over the answers of trees.
public struct SupervisedObjective<Model: SequenceScorer>: TrainingObjective {
  /// One tree an example.
  package let trees: [AnswerTree]
  /// How much each tree counts; nil counts all the same.
  package let weights: [Float]?
  /// How tokens are averaged.
  package let loss: AnswerLoss

  /// An objective over these trees.
  ///
  /// - Precondition: a weight for each tree, if there are any.
  public init(_ trees: [AnswerTree], weights: [Float]? = nil, loss: AnswerLoss = AnswerLoss()) {
    precondition(
      weights.map { $0.count == trees.count } ?? true, "\(weights?.count ?? 0) weights, \(trees.count) trees")
    (self.trees, self.weights, self.loss) = (trees, weights, loss)
  }

  /// The number of trees.
  public var exampleCount: Int { trees.count }

  /// Answer tokens, or answers, each as often as its tree counts.
  public func weight(of examples: [Int]) -> Float {
    guard let weights else { return loss.weight(of: examples.map { trees[$0] }) }
    return examples.reduce(0) { $0 + weights[$1] * loss.weight(of: [trees[$1]]) }
  }

  /// The cross-entropy of a part.
  public func loss(
    of examples: [Int], under model: Model, total: Float
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { trees[$0] }
    let scores = model.logProbabilities(of: part)
    return (
      loss(scores, total: total, weights: weights.map { all in examples.map { all[$0] } }),
      StepMetrics(scores, trees: part)
    )
  }
}
