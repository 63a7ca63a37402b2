internal import Layers
internal import Tensor
internal import Training

/// Cross-entropy over the rows that have a class, each by its text's weight: of texts, or of tokens. A class that is not
/// certain is a soft target (Hinton et al. 2015): -Σ q log p over all classes.
struct ClassificationObjective<Model: TextScorer>: TrainingObjective {
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
          let width = rows.shape[1]
          places.append(row * width + known)
          weights.append(example.weight * example.probability / total)
          if example.probability < 1 {
            let rest = (1 - example.probability) / Float(width - 1)
            for other in 0..<width where other != known {
              places.append(row * width + other)
              weights.append(example.weight * rest / total)
            }
          }
        }
        row += 1
      }
    }
    let chosen = rows.reshaped([-1, 1]).gathered(places)
    return (-(chosen * Tensor(weights, shape: [weights.count, 1])).sum(), StepMetrics())
  }
}
