public import Layers
public import Tensor

/// Supervised fine-tuning on soft targets: the mean over the tokens of answers, each as often as it counts, of their
/// cross-entropy. ``SoftTarget`` has the formula.
///
/// The loss of a step is not 0 where the student has learned all, but the entropy of what it is taught.
public struct SoftTargetObjective<Model: SequenceScorer>: TrainingObjective {
  /// One target an example.
  package let targets: [SoftTarget]

  /// An objective over these targets.
  public init(_ targets: [SoftTarget]) { self.targets = targets }

  /// The number of targets.
  public var exampleCount: Int { targets.count }

  /// Tokens of the answers and options, each as often as it counts.
  public func weight(of examples: [Int]) -> Float {
    examples.reduce(0) { $0 + targets[$1].weights.reduce(0) { $0 + $1.reduce(0, +) } }
  }

  /// The cross-entropy of a part. Its metrics are those of the answers that are learned whole.
  public func loss(
    of examples: [Int], under model: Model, total: Float
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { targets[$0] }
    let trees = part.map(\.tree)
    let scores = model.logProbabilities(of: trees)
    let weights = part.flatMap { $0.weights.flatMap(\.self) }
    let loss = -(scores.logProbabilities * Tensor(weights, shape: [weights.count])).sum() / total
    return (loss, StepMetrics(scores, trees: trees, answers: part.map(\.written)))
  }
}
