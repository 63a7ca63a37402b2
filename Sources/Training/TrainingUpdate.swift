/// One update as it was made.
public struct TrainingUpdate: Sendable {
  /// The trainer's name of the stage.
  public let stage: String
  /// Counted from 1.
  public let step: Int
  /// Updates of the stage.
  public let totalSteps: Int
  /// Passes over the examples so far.
  public let epoch: Double
  /// Of this update.
  public let learningRate: Float
  /// Norm of the gradients before clipping.
  public let gradientNorm: Double
  /// Sums over the update's examples.
  public let metrics: StepMetrics

  /// All metrics under TRL's names.
  public var values: [(name: String, value: Double)] {
    metrics.values + [
      ("grad_norm", gradientNorm), ("learning_rate", Double(learningRate)), ("num_tokens", Double(metrics.tokens)),
      ("epoch", epoch),
    ]
  }
}
