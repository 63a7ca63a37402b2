public import Layers
public import Tensor

/// Telling an image's own caption from others: each tree is an image with several captions, its own one first.
///
/// The loss of a tree is the cross-entropy of the first caption among all, their scores being the mean log-probability of
/// a caption's tokens over a temperature. It is InfoNCE (van den Oord et al. 2018) with the language model as the score:
/// the captions of one image are answers to one prompt, so the image is computed once for all of them.
public struct ContrastiveObjective: TrainingObjective {
  /// One image with its captions each.
  public let trees: [AnswerTree]
  /// Divides the scores. The default is 0.1.
  public let temperature: Float

  /// An objective over these trees.
  ///
  /// - Precondition: every tree has at least two captions.
  public init(_ trees: [AnswerTree], temperature: Float = 0.1) {
    precondition(trees.allSatisfy { $0.answers.count > 1 }, "an image with nothing to tell its caption from")
    self.trees = trees
    self.temperature = temperature
  }

  /// The number of trees.
  public var exampleCount: Int { trees.count }

  /// The number of these examples.
  public func weight(of examples: [Int]) -> Float { Float(examples.count) }

  /// The contrastive loss of a part.
  public func loss(
    of examples: [Int], under scorer: some SequenceScorer, total: Float
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { trees[$0] }
    let scores = scorer.logProbabilities(of: part)
    let lengths = scores.ranges.flatMap { $0.map { Float(max(1, $0.count)) * temperature } }
    let scaled = scores.answerTotals() / Tensor(lengths, shape: [lengths.count])
    var at = 0
    var loss = Tensor(0)
    for tree in part {
      let own = scaled.rows(at..<(at + tree.answers.count)).reshaped([1, -1]).logSoftmax()
      loss = loss - own.reshaped([-1]).rows(0..<1).sum()
      at += tree.answers.count
    }
    return (loss / total, StepMetrics(scores, trees: part))
  }
}

/// Several objectives over their own examples in one training: an update mixes them as the shuffled order comes.
public struct MixedObjective<First: TrainingObjective, Second: TrainingObjective>: TrainingObjective {
  /// Its examples come first.
  public let first: First
  /// Its examples follow.
  public let second: Second

  /// Both objectives' examples in one.
  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  /// All examples.
  public var exampleCount: Int { first.exampleCount + second.exampleCount }

  /// Each objective's own weight.
  public func weight(of examples: [Int]) -> (First.Weight, Second.Weight) {
    let (own, other) = split(examples)
    return (first.weight(of: own), second.weight(of: other))
  }

  /// The sum of both losses of a part.
  public func loss(
    of examples: [Int], under scorer: some SequenceScorer, total: (First.Weight, Second.Weight)
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let (own, other) = split(examples)
    var loss = Tensor(0)
    var metrics = StepMetrics()
    if !own.isEmpty {
      let (value, sums) = first.loss(of: own, under: scorer, total: total.0)
      loss = loss + value
      metrics.add(sums)
    }
    if !other.isEmpty {
      let (value, sums) = second.loss(of: other, under: scorer, total: total.1)
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
