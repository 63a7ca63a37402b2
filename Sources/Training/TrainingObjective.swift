internal import Layers
public import Tensor

/// The loss that a training minimises over its examples, for models of one type.
///
/// A step is computed in parts on several threads; parts know the weight of the whole step, so that they add up to its loss.
///
/// ```swift
/// struct Squares<Model: SequenceScorer>: TrainingObjective {      // of each prompt's answer total
///   let trees: [AnswerTree]
///   var exampleCount: Int { trees.count }
///   func weight(of examples: [Int]) -> Float { Float(examples.count) }
///   func loss(of examples: [Int], under model: Model, total: Float) -> (loss: Tensor, metrics: StepMetrics) {
///     let totals = model.logProbabilities(of: examples.map { trees[$0] }).answerTotals()
///     return ((totals * totals).sum() / total, StepMetrics())
///   }
/// }
/// ```
public protocol TrainingObjective<Model>: Sendable {
  /// The model that is trained.
  associatedtype Model
  /// The divisor of a whole step.
  associatedtype Weight: Sendable
  /// The number of examples.
  var exampleCount: Int { get }
  /// The weight of a step over these examples.
  func weight(of examples: [Int]) -> Weight
  /// The loss of a part of a step, a scalar; gradients flow.
  ///
  /// - Parameters:
  ///   - examples: the part's, by number.
  ///   - total: the weight of the whole step.
  func loss(of examples: [Int], under model: Model, total: Weight) -> (loss: Tensor, metrics: StepMetrics)
}

extension TrainingObjective where Model: Module {
  /// The gradients of one update, its parts computed side by side and added up in order, so that the result depends on how
  /// the update is cut and never on the number of threads.
  ///
  /// - Parameters:
  ///   - each: examples of a part.
  ///   - ranks: among which the parts are dealt out.
  ///   - inTraining: gives the model as it is used in one part, from the part's number; for dropout.
  func gradients(
    of examples: [Int], each: Int, under model: Model, ranks: any Ranks, inTraining: @Sendable (Model, Int) -> Model
  ) throws -> (gradients: Gradients, metrics: StepMetrics) {
    let weight = weight(of: examples)
    let parts = Array(examples.batches(of: each).enumerated())
    let own = parts.filter { ranks.owns($0.offset) }
    var results = mapInParallel(own) { part -> (Gradients, StepMetrics) in
      var metrics = StepMetrics()
      let (value, gradients) = inTraining(model, part.offset).valueAndGradients { model -> Tensor in
        let (loss, sums) = loss(of: part.element, under: model, total: weight)
        metrics = sums
        return loss
      }
      metrics.loss = Double(value.scalar)
      return (gradients, metrics)
    }
    guard ranks.count == 1 else {
      return try RankedGradients(ranks, of: model).sums(
        zip(own, results).map { .init(number: $0.offset, gradients: $1.0, metrics: $1.1) }, of: parts.count)
    }
    // Taken out, so that the sum has one owner and is added to in place.
    var (gradients, metrics) = results.removeFirst()
    gradients.add(results.map(\.0))
    for (_, sums) in results { metrics.add(sums) }
    return (gradients, metrics)
  }
}
