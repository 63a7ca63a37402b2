package import Tensor

/// Several objectives over their own examples in one training: an update mixes them as the shuffled order comes.
package struct MixedObjective<First: TrainingObjective, Second: TrainingObjective>: TrainingObjective
where First.Model == Second.Model {
  /// What both train.
  package typealias Model = First.Model
  /// Its examples come first.
  package let first: First
  /// Its examples follow.
  package let second: Second

  /// Both objectives' examples in one.
  package init(_ first: First, _ second: Second) {
    (self.first, self.second) = (first, second)
  }

  package var exampleCount: Int { first.exampleCount + second.exampleCount }

  /// Each objective's own weight.
  package func weight(of examples: [Int]) -> (First.Weight, Second.Weight) {
    let (own, other) = split(examples)
    return (first.weight(of: own), second.weight(of: other))
  }

  /// The sum of both losses of a part.
  package func loss(
    of examples: [Int], under model: First.Model, total: (First.Weight, Second.Weight)
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let (own, other) = split(examples)
    var loss = Tensor(0)
    var metrics = StepMetrics()
    if !own.isEmpty {
      let (value, sums) = first.loss(of: own, under: model, total: total.0)
      loss = loss + value
      metrics.add(sums)
    }
    if !other.isEmpty {
      let (value, sums) = second.loss(of: other, under: model, total: total.1)
      loss = loss + value
      metrics.add(sums)
    }
    return (loss, metrics)
  }

  private func split(_ examples: [Int]) -> ([Int], [Int]) {
    let border = first.exampleCount
    return (examples.filter { $0 < border }, examples.filter { $0 >= border }.map { $0 - border })
  }
}
