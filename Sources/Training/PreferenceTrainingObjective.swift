public import DPO
public import Layers
public import Tensor

/// Preference training over trees with a reference whose scores were computed before.
public struct PreferenceTrainingObjective<Model: SequenceScorer>: TrainingObjective {
  /// One tree an example.
  public let trees: [PreferenceTree]
  /// What the reference says of each tree; nil for no reference.
  public let reference: [ReferenceScores]?
  /// The loss.
  public let objective: PreferenceObjective
  /// β of the rewards in the metrics.
  public let beta: Double

  /// An objective over these trees.
  public init(_ trees: [PreferenceTree], reference: [ReferenceScores]?, objective: PreferenceObjective, beta: Double) {
    precondition(reference == nil || reference?.count == trees.count, "reference scores of other trees")
    self.trees = trees
    self.reference = reference
    self.objective = objective
    self.beta = beta
  }

  /// The number of trees.
  public var exampleCount: Int { trees.count }

  /// Trees with pairs, and chosen tokens.
  public func weight(of examples: [Int]) -> PreferenceObjective.Weight {
    objective.weight(of: examples.map { trees[$0] })
  }

  /// The objective of a part.
  public func loss(
    of examples: [Int], under model: Model, total: PreferenceObjective.Weight
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { trees[$0] }
    let scores = model.logProbabilities(of: part.map(\.tree))
    let (loss, preferences) = objective(
      part, scores: scores, reference: reference.map { all in examples.map { all[$0] } }, total: total)
    var metrics = StepMetrics(scores, trees: part.map(\.tree))
    metrics.preferences = preferences
    metrics.beta = beta
    return (loss, metrics)
  }

  /// The log-probabilities of all answers under a scorer, token by token: the reference, computed once.
  public static func reference(
    of trees: [PreferenceTree], under scorer: Model, batch: Int = 16
  ) -> [ReferenceScores] {
    mapInParallel(trees.batches(of: batch)) { batch -> [ReferenceScores] in
      let scores = scorer.logProbabilities(of: batch.map(\.tree))
      let tokens = scores.logProbabilities.scalars
      return scores.ranges.map { .tokens($0.map { Array(tokens[$0]) }) }
    }.flatMap { $0 }
  }
}
