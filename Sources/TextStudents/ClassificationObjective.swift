internal import Layers
internal import Tensor
internal import Training

/// Cross-entropy over the rows that have a target, -Σ q log p over its classes, each row by its text's weight: of texts, or of
/// tokens.
struct ClassificationObjective<Model: TextScorer>: TrainingObjective {
  let examples: [TextExample]

  var exampleCount: Int { examples.count }

  /// Rows that count, each by its text's weight.
  func weight(of examples: [Int]) -> Float {
    examples.reduce(Float(0)) {
      $0 + self.examples[$1].weight * Float(self.examples[$1].targets.count { $0 != nil })
    }
  }

  func loss(of examples: [Int], under model: Model, total: Float) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { self.examples[$0] }
    let rows = model.logits(part.map(\.encoding)).logSoftmax()
    var places: [Int] = []
    var weights: [Float] = []
    var row = 0
    for example in part {
      for target in example.targets {
        for share in target?.shares ?? [] {
          places.append(row * rows.shape[1] + share.place)
          weights.append(example.weight * share.probability / total)
        }
        row += 1
      }
    }
    let chosen = rows.reshaped([-1, 1]).gathered(places)
    return (-(chosen * Tensor(weights, shape: [weights.count, 1])).sum(), StepMetrics())
  }
}
