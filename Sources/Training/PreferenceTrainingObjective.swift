public import DPO
public import Layers
public import Tensor
internal import Wording

/// Preference training over trees with a reference whose scores were computed before.
///
/// ```swift
/// let pairs = [PreferenceTree(tree: tree, chosen: [0], rejected: [1])]
/// try trainer.train(
///   &student, on: pairs, reference: reference.referenceScores(of: pairs),
///   objective: PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.1)))
/// ```
public struct PreferenceTrainingObjective<Model: SequenceScorer>: TrainingObjective {
  /// One tree an example.
  package let trees: [PreferenceTree]
  /// The reference's scores of each tree; nil for no reference.
  public let reference: [ReferenceScores]?
  package let objective: PreferenceObjective

  /// An objective over these trees. Rewards in the metrics are scaled by the loss's β.
  ///
  /// - Precondition: reference scores of each tree, if there are any.
  public init(_ trees: [PreferenceTree], reference: [ReferenceScores]?, objective: PreferenceObjective) {
    precondition(reference == nil || reference?.count == trees.count, "reference scores of other trees")
    (self.trees, self.reference, self.objective) = (trees, reference, objective)
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
    metrics.beta = objective.loss.beta?.decimal ?? 1
    return (loss, metrics)
  }
}

extension SequenceScorer {
  /// The log-probabilities of all answers, token by token: what a reference model is asked for, once. The model
  /// families compute what consecutive prompts begin with in common once for all of them.
  ///
  /// - Parameter batch: trees computed at one time. The default is 16.
  public func referenceScores(of trees: [PreferenceTree], batch: Int = 16) -> [ReferenceScores] {
    answerTokens(of: trees.map(\.tree), batch: batch).map { .tokens($0) }
  }

  /// The same, computed by all ranks together.
  package func referenceScores(
    of trees: [PreferenceTree], batch: Int = 16, ranks: any Ranks
  ) throws -> [ReferenceScores] {
    try answerTokens(of: trees.map(\.tree), batch: batch, ranks: ranks).map { .tokens($0) }
  }
}
