import Foundation

/// A calibration by one number: log-odds, or logits, are divided by a temperature.
///
/// Above 1 the stated confidences were too high, below 1 too low; which label is likeliest never changes. Fitted by the
/// likelihood of the truth (Guo et al. 2017, "On Calibration of Modern Neural Networks"). One number needs few answers:
/// some tens will do.
///
/// ```swift
/// let calibration = TemperatureCalibration(distributions: [[0.99, 0.01], [0.98, 0.02]], truths: [0, 1])
/// calibration.calibrated([0.99, 0.01])  // near [0.5, 0.5]: of two answers this sure, one was wrong
/// ```
public struct TemperatureCalibration: ConfidenceCalibration, Equatable, Codable {
  /// What log-odds are divided by, within 0.01...100. 1 changes nothing.
  package let temperature: Double

  /// A known temperature.
  ///
  /// - Precondition: it is positive and finite.
  public init(temperature: Double) {
    precondition(temperature > 0 && temperature.isFinite, "a temperature of \(temperature), expected more than 0")
    self.temperature = temperature
  }

  private enum CodingKeys: String, CodingKey { case temperature }

  /// Reads the temperature.
  ///
  /// - Throws: `DecodingError` for one that is not positive and finite.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    temperature = try fields.decode(Double.self, forKey: .temperature)
    guard temperature > 0, temperature.isFinite else {
      throw DecodingError.dataCorruptedError(
        forKey: .temperature, in: fields, debugDescription: "expected a number above 0")
    }
  }

  /// Learns from answers whose truth is known, each with the confidence in the label given.
  ///
  /// - Parameters:
  ///   - confidences: as stated, one per answer, each in 0...1.
  ///   - correct: whether the answer was right, in the same order.
  /// - Precondition: as many outcomes as confidences.
  public init(confidences: [Double], correct: [Bool]) {
    precondition(confidences.count == correct.count, "\(confidences.count) confidences, \(correct.count) answers")
    self.init(distributions: confidences.map { [$0, 1 - $0] }, truths: correct.map { $0 ? 0 : 1 })
  }

  /// Learns from distributions over labels whose truth is known.
  ///
  /// - Parameters:
  ///   - distributions: axes (answer, label), each in 0...1.
  ///   - truths: the index of the true label of each.
  /// - Precondition: as many truths as distributions, each an index of its distribution.
  /// - Complexity: O(answers · labels).
  public init(distributions: [[Double]], truths: [Int]) {
    precondition(distributions.count == truths.count, "\(distributions.count) distributions, \(truths.count) truths")
    let targets = zip(distributions, truths).map { (distribution: [Double], truth: Int) -> [Double] in
      precondition(distribution.indices.contains(truth), "label \(truth) of \(distribution.count)")
      return distribution.indices.map { $0 == truth ? 1 : 0 }
    }
    self.init(distributions: distributions, targets: targets)
  }

  /// The temperature at which distributions come nearest to others, by the weighted sum of cross-entropies: -Σ target log p.
  ///
  /// - Parameters:
  ///   - distributions: axes (answer, label), each in 0...1.
  ///   - targets: of the same shape, each answer's with a sum of 1.
  ///   - weights: how much each answer counts, 0 or more. The default is 1 for all.
  /// - Precondition: as many targets and weights as distributions, over the same labels.
  package init(distributions: [[Double]], targets: [[Double]], weights: [Double]? = nil) {
    precondition(distributions.count == targets.count, "\(distributions.count) distributions, \(targets.count) targets")
    let weights = weights ?? [Double](repeating: 1, count: targets.count)
    precondition(weights.count == targets.count, "\(weights.count) weights, \(targets.count) targets")
    var rows: [(logits: [Double], target: [Double], weight: Double)] = []
    for (index, (distribution, target)) in zip(distributions, targets).enumerated() {
      precondition(distribution.count == target.count, "\(distribution.count) labels, \(target.count) of the target")
      rows.append((distribution.map(Self.logarithm), target, weights[index]))
    }
    // An order of their own, as sums depend on theirs in the last digits.
    rows.sort { one, other in
      if one.logits != other.logits { return one.logits.lexicographicallyPrecedes(other.logits) }
      if one.target != other.target { return one.target.lexicographicallyPrecedes(other.target) }
      return one.weight < other.weight
    }
    guard rows.contains(where: { $0.weight > 0 && Set($0.logits).count > 1 }) else {
      temperature = 1
      return
    }
    // The likelihood is concave in the inverse temperature, so its slope changes its sign once at most: halve the interval.
    temperature = Self.temperature { inverse in
      var slope = 0.0
      for row in rows {
        let shares = Self.softmax(row.logits.map { $0 * inverse })
        var own = 0.0
        for (place, logit) in row.logits.enumerated() { own += (row.target[place] - shares[place]) * logit }
        slope += row.weight * own
      }
      return slope
    }
  }

  /// The temperature where a falling slope over its inverse changes its sign.
  private static func temperature(_ slope: (Double) -> Double) -> Double {
    var (low, high) = (0.01, 100.0)
    // By ratio: the ends lie four decades apart.
    for _ in 0..<60 {
      let middle = (low * high).squareRoot()
      if slope(middle) > 0 { low = middle } else { high = middle }
    }
    return 1 / (low * high).squareRoot()
  }

  /// The probability that an answer of this confidence in its label is right.
  public func calibrated(_ confidence: Double) -> Double { calibrated([confidence, 1 - confidence])[0] }

  /// A distribution over labels at this temperature; it sums to 1.
  public func calibrated(_ distribution: [Double]) -> [Double] {
    Self.softmax(distribution.map { Self.logarithm($0) / temperature })
  }

  /// No probability is taken for less than 1e-12: one answer must not weigh infinitely much.
  private static func logarithm(_ probability: Double) -> Double {
    precondition((-1e-9...1 + 1e-9).contains(probability), "a probability of \(probability), expected 0...1")
    return log(max(probability, 1e-12))
  }

  private static func softmax(_ logits: [Double]) -> [Double] {
    let highest = logits.max() ?? 0
    let weights = logits.map { exp($0 - highest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}
