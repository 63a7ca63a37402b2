internal import Layers
internal import Tensor
internal import Training

/// Cross-entropy over the rows that have a class, each by its text's weight: of texts, or of tokens.
struct ClassificationObjective<Model: TextNetwork>: TrainingObjective {
  let examples: [TextExample]

  var exampleCount: Int { examples.count }

  /// Rows that count, each by its text's weight.
  func weight(of examples: [Int]) -> Float {
    examples.reduce(Float(0)) {
      $0 + self.examples[$1].weight * Float(self.examples[$1].classes.count { $0 != nil })
    }
  }

  func loss(of examples: [Int], under model: Model, total: Float) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { self.examples[$0] }
    let rows = model.logits(part.map(\.encoding)).logSoftmax()
    var places: [Int] = []
    var weights: [Float] = []
    var row = 0
    for example in part {
      for known in example.classes {
        if let known {
          places.append(row * rows.shape[1] + known)
          weights.append(example.weight / total)
        }
        row += 1
      }
    }
    let chosen = rows.reshaped([-1, 1]).gathered(places)
    return (-(chosen * Tensor(weights, shape: [weights.count, 1])).sum(), StepMetrics())
  }
}
