public import DPO
public import Layers
internal import Student
public import Tensor

/// The loss that a stage minimises over its examples.
///
/// A step is computed in parts on several threads; parts know the weight of the whole step, so that they add up to its loss.
public protocol TrainingObjective: Sendable {
  /// What the whole step is divided by.
  associatedtype Weight: Sendable
  /// The number of examples.
  var exampleCount: Int { get }
  /// The weight of a step over these examples.
  func weight(of examples: [Int]) -> Weight
  /// The loss of a part of a step.
  func loss(of examples: [Int], under scorer: some SequenceScorer, total: Weight) -> (
    loss: Tensor, metrics: StepMetrics
  )
}

extension TrainingObjective {
  /// The gradients of one update, its parts computed side by side and added up in order, so that the result depends on the
  /// number of parts and never on the number of threads.
  ///
  /// - Parameter inTraining: gives the model as it is used in one part, from the part's number; for dropout.
  func gradients<Model: Module & SequenceScorer>(
    of examples: [Int], parts count: Int, under model: Model,
    inTraining: @Sendable (Model, Int) -> Model = { model, _ in model }
  ) -> (gradients: Gradients, metrics: StepMetrics) {
    let weight = weight(of: examples)
    let each = (examples.count + count - 1) / max(1, count)
    let results = mapInParallel(Array(examples.batches(of: each).enumerated())) { part -> (Gradients, StepMetrics) in
      var metrics = StepMetrics()
      let (value, gradients) = inTraining(model, part.offset).valueAndGradients { model -> Tensor in
        let (loss, sums) = loss(of: part.element, under: model, total: weight)
        metrics = sums
        return loss
      }
      metrics.loss = Double(value.scalar)
      return (gradients, metrics)
    }
    var (gradients, metrics) = results[0]
    for (part, sums) in results.dropFirst() {
      gradients.add(part)
      metrics.add(sums)
    }
    return (gradients, metrics)
  }
}

/// Sums over a step from which its metrics are computed, under TRL's names.
public struct StepMetrics: Sendable, Equatable {
  /// The loss.
  public var loss = 0.0
  /// Tokens computed, prompts counted once.
  public var tokens = 0
  private var answerTokens = 0
  private var correct = 0
  private var entropy = 0.0
  /// What is particular to preference pairs.
  public var preferences = PreferenceMetrics()
  /// β, by which rewards are scaled.
  public var beta = 0.0

  /// Nothing yet.
  public init() {}

  /// The sums of one part.
  public init(_ scores: AnswerScores, trees: [AnswerTree]) {
    answerTokens = scores.isGreedy.count
    correct = scores.isGreedy.count { $0 }
    entropy = scores.entropies.reduce(0) { $0 + Double($1) }
    tokens = trees.reduce(0) { $0 + $1.prompt.count + $1.answers.reduce(0) { $0 + $1.count } }
  }

  /// Adds another part of the step.
  public mutating func add(_ other: StepMetrics) {
    loss += other.loss
    tokens += other.tokens
    answerTokens += other.answerTokens
    correct += other.correct
    entropy += other.entropy
    preferences.add(other.preferences)
    beta = max(beta, other.beta)
  }

  /// Means under TRL's names.
  public var values: [(name: String, value: Double)] {
    let n = Double(max(1, answerTokens))
    return [("loss", loss), ("mean_token_accuracy", Double(correct) / n), ("entropy", entropy / n)]
      + preferences.values(beta: beta)
  }
}

/// Supervised fine-tuning: cross-entropy over the answers of trees.
public struct SupervisedObjective: TrainingObjective {
  /// One tree an example.
  public let trees: [AnswerTree]
  /// How much each tree counts; nil counts all the same.
  public let weights: [Float]?
  /// How tokens are averaged.
  public let loss: AnswerLoss

  /// An objective over these trees.
  ///
  /// - Precondition: a weight for each tree, if there are any.
  public init(_ trees: [AnswerTree], weights: [Float]? = nil, loss: AnswerLoss = AnswerLoss()) {
    precondition(
      weights.map { $0.count == trees.count } ?? true, "\(weights?.count ?? 0) weights, \(trees.count) trees")
    self.trees = trees
    self.weights = weights
    self.loss = loss
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
    of examples: [Int], under scorer: some SequenceScorer, total: Float
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { trees[$0] }
    let scores = scorer.logProbabilities(of: part)
    return (
      loss(scores, total: total, weights: weights.map { all in examples.map { all[$0] } }),
      StepMetrics(scores, trees: part)
    )
  }
}

/// Preference training over trees with a reference whose scores were computed before.
public struct PreferenceTrainingObjective: TrainingObjective {
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
    of examples: [Int], under scorer: some SequenceScorer, total: PreferenceObjective.Weight
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { trees[$0] }
    let scores = scorer.logProbabilities(of: part.map(\.tree))
    let (loss, preferences) = objective(
      part, scores: scores, reference: reference.map { all in examples.map { all[$0] } }, total: total)
    var metrics = StepMetrics(scores, trees: part.map(\.tree))
    metrics.preferences = preferences
    metrics.beta = beta
    return (loss, metrics)
  }

  /// The log-probabilities of all answers under a scorer, token by token: the reference, computed once.
  public static func reference(
    of trees: [PreferenceTree], under scorer: some SequenceScorer, batch: Int = 16
  ) -> [ReferenceScores] {
    mapInParallel(trees.batches(of: batch)) { batch -> [ReferenceScores] in
      let scores = scorer.logProbabilities(of: batch.map(\.tree))
      let tokens = scores.logProbabilities.scalars
      return scores.ranges.map { .tokens($0.map { Array(tokens[$0]) }) }
    }.flatMap { $0 }
  }
}
