public import Layers
internal import Student
public import Tensor

/// Images and captions of a part of an update find each other: InfoNCE in both directions, as in CLIP (Radford et al. 2021,
/// "Learning Transferable Visual Models From Natural Language Supervision").
///
/// Every other caption of the part is a wrong one, so larger parts are harder and teach more. Captions of the same image
/// are never held against each other.
public struct ContrastiveObjective: TrainingObjective {
  /// A caption with its image.
  public struct Pair: Sendable {
    /// The image's pixels.
    public var image: PromptImage
    /// Which image it is: pairs of one image are no negatives of each other.
    public var imageNumber: Int
    /// The caption's tokens, at least one.
    public var caption: [Int]

    /// A pair.
    public init(image: PromptImage, imageNumber: Int, caption: [Int]) {
      self.image = image
      self.imageNumber = imageNumber
      self.caption = caption
    }
  }

  /// One pair an example.
  public let pairs: [Pair]
  /// Divides cosines. The default is 0.07.
  public let temperature: Float

  /// An objective over these pairs.
  ///
  /// - Precondition: no caption is empty.
  public init(_ pairs: [Pair], temperature: Float = 0.07) {
    precondition(pairs.allSatisfy { !$0.caption.isEmpty }, "a caption without tokens")
    self.pairs = pairs
    self.temperature = temperature
  }

  /// The number of pairs.
  public var exampleCount: Int { pairs.count }

  /// The number of these examples.
  public func weight(of examples: [Int]) -> Float { Float(examples.count) }

  /// The mean of both directions over the pairs of a part.
  ///
  /// - Precondition: the scorer is a ``PairEncoder``, as every student of a known family is.
  public func loss(
    of examples: [Int], under scorer: some SequenceScorer, total: Float
  ) -> (loss: Tensor, metrics: StepMetrics) {
    guard let encoder = scorer as? any PairEncoder else {
      preconditionFailure("\(type(of: scorer)) gives no vectors of images and texts")
    }
    let part = examples.map { pairs[$0] }
    let images = encoder.imageVectors(part.map(\.image))
    let texts = encoder.textVectors(part.map(\.caption))
    let count = part.count
    let others = Tensor(shape: [count, count]) { out in
      for row in 0..<count {
        for column in 0..<count {
          out[row * count + column] =
            row != column && part[row].imageNumber == part[column].imageNumber ? -1e9 : 0
        }
      }
    }
    let own = Tensor(shape: [count, count]) { out in
      out.update(repeating: 0)
      for row in 0..<count { out[row * count + row] = 1 }
    }
    let scores = images.matmul(texts, transposeB: true) / temperature + others
    let found = (scores.logSoftmax() + scores.permuted([1, 0]).logSoftmax()) * own
    return (-found.sum() / (2 * total), StepMetrics())
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
