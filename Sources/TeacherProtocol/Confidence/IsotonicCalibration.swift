/// A calibration that assumes one thing alone: a higher confidence is not less often right.
///
/// The rising step function nearest to the outcomes, by pooling neighbours that go down (Zadrozny and Elkan 2002,
/// "Transforming Classifier Scores into Accurate Multiclass Probability Estimates"), joined by straight lines between its
/// steps and level beyond its ends. It bends to any shape and wants some hundreds of answers; with few of them take
/// ``TemperatureCalibration``.
public struct IsotonicCalibration: ConfidenceCalibration, Equatable, Codable {
  /// One corner of the function.
  package struct Point: Sendable, Equatable, Codable {
    /// A stated confidence, 0...1.
    package let confidence: Double
    /// What it is worth, 0...1.
    package let probability: Double

    package init(confidence: Double, probability: Double) {
      (self.confidence, self.probability) = (confidence, probability)
    }
  }

  /// The corners, rising in both; empty where nothing was known, and then every confidence stays as it is.
  package let points: [Point]

  /// A known function.
  ///
  /// - Parameter points: rising in both.
  package init(points: [Point]) { self.points = points }

  private enum CodingKeys: String, CodingKey { case points }

  /// Reads the corners.
  ///
  /// - Throws: `DecodingError` for corners that do not rise, or that lie outside of 0...1.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    points = try fields.decode([Point].self, forKey: .points)
    let isRising = zip(points, points.dropFirst()).allSatisfy {
      $0.confidence < $1.confidence && $0.probability <= $1.probability
    }
    guard isRising, points.allSatisfy({ (0...1).contains($0.confidence) && (0...1).contains($0.probability) }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .points, in: fields, debugDescription: "expected points from 0 to 1 that rise")
    }
  }

  /// Learns from answers whose truth is known.
  ///
  /// - Parameters:
  ///   - confidences: as stated, one per answer, each in 0...1.
  ///   - correct: whether the answer was right, in the same order.
  /// - Precondition: as many outcomes as confidences.
  /// - Complexity: O(n log n).
  public init(confidences: [Double], correct: [Bool]) {
    self.init(judgedInOrder(confidences, correct).map { ($0.confidence, $0.isRight, 1) })
  }

  /// The same from answers of which each counts as much as its weight, more than 0.
  ///
  /// - Precondition: as many outcomes and weights as confidences.
  package init(confidences: [Double], correct: [Bool], weights: [Double]) {
    precondition(
      confidences.count == correct.count && weights.count == correct.count,
      "\(confidences.count) confidences, \(correct.count) answers, \(weights.count) weights")
    let answers = correct.indices.map { (confidence: confidences[$0] + 0, isRight: correct[$0], weight: weights[$0]) }
    self.init(
      answers.sorted {
        ($0.confidence, $0.isRight ? 1 : 0, $0.weight) < ($1.confidence, $1.isRight ? 1 : 0, $1.weight)
      })
  }

  /// Learns from answers in the order of their confidences.
  private init(_ answers: [(confidence: Double, isRight: Bool, weight: Double)]) {
    var blocks: [Block] = []
    // Equal confidences are one block from the start.
    for (confidence, isRight, weight) in answers {
      if blocks.last?.high == confidence {
        blocks[blocks.count - 1].add(isRight, weight)
      } else {
        blocks.append(Block(confidence, isRight, weight))
      }
    }
    var pooled: [Block] = []
    for block in blocks {
      pooled.append(block)
      while pooled.count > 1, pooled[pooled.count - 2].mean >= pooled[pooled.count - 1].mean {
        let last = pooled.removeLast()
        pooled[pooled.count - 1].take(last)
      }
    }
    points = pooled.flatMap { block in
      let low = Point(confidence: block.low, probability: block.mean)
      return block.low == block.high ? [low] : [low, Point(confidence: block.high, probability: block.mean)]
    }
  }

  /// The probability that an answer of this confidence is right.
  public func calibrated(_ confidence: Double) -> Double {
    guard let first = points.first, let last = points.last else { return min(max(confidence, 0), 1) }
    if confidence <= first.confidence { return first.probability }
    guard let above = points.firstIndex(where: { $0.confidence >= confidence }) else { return last.probability }
    let (low, high) = (points[above - 1], points[above])
    let share = (confidence - low.confidence) / (high.confidence - low.confidence)
    return low.probability + share * (high.probability - low.probability)
  }

  /// Neighbouring answers that share one probability.
  private struct Block {
    let low: Double
    var high: Double
    var right: Double
    var count: Double
    var mean: Double { right / count }

    init(_ confidence: Double, _ isRight: Bool, _ weight: Double) {
      (low, high, right, count) = (confidence, confidence, isRight ? weight : 0, weight)
    }

    mutating func add(_ isRight: Bool, _ weight: Double) {
      right += isRight ? weight : 0
      count += weight
    }

    mutating func take(_ other: Block) {
      high = other.high
      right += other.right
      count += other.count
    }
  }
}
