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
    // With its types written out: left to be found, they take the compiler 20 seconds.
    let rows: [(logits: [Double], truth: Int)] = zip(distributions, truths).map {
      (distribution: [Double], truth: Int) -> (logits: [Double], truth: Int) in
      precondition(distribution.indices.contains(truth), "label \(truth) of \(distribution.count)")
      return (logits: distribution.map(Self.logarithm), truth: truth)
    }.sorted { (one: (logits: [Double], truth: Int), other: (logits: [Double], truth: Int)) -> Bool in
      // An order of their own, as sums depend on theirs in the last digits.
      one.logits == other.logits
        ? one.truth < other.truth : one.logits.lexicographicallyPrecedes(other.logits)
    }
    // The likelihood is concave in the inverse temperature, so its slope changes its sign once at most: halve the interval.
    func slope(_ inverse: Double) -> Double {
      var slope = 0.0
      for row in rows {
        let weights = Self.softmax(row.logits.map { $0 * inverse })
        var mean = 0.0
        for (weight, logit) in zip(weights, row.logits) { mean += weight * logit }
        slope = slope + row.logits[row.truth] - mean
      }
      return slope
    }
    guard !rows.isEmpty, rows.contains(where: { Set($0.logits).count > 1 }) else {
      temperature = 1
      return
    }
    temperature = Self.temperature(slope)
  }

  /// The temperature at which distributions come nearest to others, by the mean cross-entropy: -Σ target log p.
  ///
  /// - Parameters:
  ///   - distributions: axes (answer, label), each in 0...1.
  ///   - targets: of the same shape, each answer's with a sum of 1.
  /// - Precondition: as many targets as distributions, over the same labels.
  package init(distributions: [[Double]], targets: [[Double]]) {
    precondition(distributions.count == targets.count, "\(distributions.count) distributions, \(targets.count) targets")
    var rows: [(logits: [Double], target: [Double])] = []
    for (distribution, target) in zip(distributions, targets) {
      precondition(distribution.count == target.count, "\(distribution.count) labels, \(target.count) of the target")
      rows.append((distribution.map(Self.logarithm), target))
    }
    rows.sort { one, other in
      one.logits == other.logits
        ? one.target.lexicographicallyPrecedes(other.target) : one.logits.lexicographicallyPrecedes(other.logits)
    }
    guard rows.contains(where: { Set($0.logits).count > 1 }) else {
      temperature = 1
      return
    }
    temperature = Self.temperature { inverse in
      var slope = 0.0
      for row in rows {
        let weights = Self.softmax(row.logits.map { $0 * inverse })
        for (place, logit) in row.logits.enumerated() { slope += (row.target[place] - weights[place]) * logit }
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
