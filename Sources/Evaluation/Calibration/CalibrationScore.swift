internal import Foundation
package import TeacherProtocol

/// How well a voter's probabilities fit what is true, over the items of a test split that have some.
///
/// ```json
/// {"items": 2000, "ece": 0.08, "ece_interval": [0.07, 0.1], "ece_by_chance": [0.002, 0.01], "brier": 0.2,
///  "brier_interval": [0.18, 0.23], "log_loss": 0.5, "log_loss_interval": [0.4, 0.6], "reliability": {"bins": [...]}}
/// ```
///
/// Intervals hold 95 % of resamples of whole groups.
package struct CalibrationScore: Codable, Sendable, Equatable {
  /// The number of items with probabilities; all else is about these.
  package var items: Int
  /// Expected calibration error of the confidence in the label given, over ten bins of equal width, in 0...1.
  package var expectedCalibrationError: Double
  package var errorInterval: Interval
  /// Between these lie 95 % of the errors that the same confidences would show if each were the chance of being right. An
  /// error within it tells of no miscalibration, and few items can't tell of any smaller one.
  ///
  /// Nil without resamples, and in files that were written before there was one.
  package var errorByChance: Interval?
  /// The mean squared distance of all labels' probabilities from the truth, summed over the labels, in 0...2 (Brier 1950).
  package var brier: Double
  package var brierInterval: Interval
  /// The mean negative logarithm of the true label's probability, in nats; no probability is taken for less than 1e-12.
  package var logLoss: Double
  package var logLossInterval: Interval
  /// Confidence and share right, bin by bin.
  package var reliability: Reliability

  /// The reliability diagram: of the bins that have items, mean confidence, share right, and how many items.
  package var curve: [(confidence: Double, right: Double, items: Int)] {
    reliability.bins.filter { $0.items > 0 }.map { ($0.confidence, $0.accuracy, $0.items) }
  }

  private enum CodingKeys: String, CodingKey {
    case items, brier, reliability
    case expectedCalibrationError = "ece"
    case errorInterval = "ece_interval"
    case errorByChance = "ece_by_chance"
    case brierInterval = "brier_interval"
    case logLoss = "log_loss"
    case logLossInterval = "log_loss_interval"
  }

  /// Scores predictions; nil where none has probabilities.
  ///
  /// - Parameters:
  ///   - predictions: no item twice; those of other items are passed over.
  ///   - resamples: of each interval; 0 makes intervals of no width.
  package init?(of predictions: [Prediction], on split: TestSplit, resamples: Int, seed: UInt64) {
    let stated = Dictionary(predictions.map { ($0.itemID, $0) }) { _, _ in
      preconditionFailure("one of the predictions comes twice")
    }
    let rows = split.items.compactMap { item in
      stated[item.id].flatMap { $0.probabilities.isEmpty ? nil : (item, $0) }
    }
    guard !rows.isEmpty else { return nil }
    let confidences = rows.map { min(max($1.confidence ?? $1.probabilities.values.max() ?? 0, 0), 1) }
    let correct = rows.map { $0.label == $1.label }
    let losses = rows.map { item, prediction in -log(max(prediction.probabilities[item.label] ?? 0, 1e-12)) }
    let distances = rows.map { item, prediction in
      split.labels.reduce(0) { sum, label in
        let distance = (prediction.probabilities[label] ?? 0) - (label == item.label ? 1 : 0)
        return sum + distance * distance
      }
    }
    reliability = Reliability(confidences: confidences, correct: correct)
    items = rows.count
    expectedCalibrationError = reliability.expectedCalibrationError
    let count = Double(rows.count)
    (brier, logLoss) = (distances.reduce(0, +) / count, losses.reduce(0, +) / count)
    // For each item: 1, loss, distance, and by bin how much more was stated than was right.
    let bins = reliability.bins.count
    let values = rows.indices.map { row in
      var values = [Double](repeating: 0, count: 3 + bins)
      values[0] = 1
      values[1] = losses[row]
      values[2] = distances[row]
      values[3 + Reliability.bin(of: confidences[row], of: bins)] = confidences[row] - (correct[row] ? 1 : 0)
      return values
    }
    let bootstrap = GroupBootstrap(groups: rows.map(\.0.group), resamples: resamples, seed: seed)
    let intervals = bootstrap.intervals(ofSums: values) { sums in
      [sums[3...].reduce(0) { $0 + abs($1) } / sums[0], sums[2] / sums[0], sums[1] / sums[0]]
    }
    (errorInterval, brierInterval, logLossInterval) = (intervals[0], intervals[1], intervals[2])
    errorByChance = Self.errorByChance(confidences, bins: bins, resamples: resamples, seed: seed)
  }

  /// Draws anew which answers are right, each by its confidence, and takes the error of each drawing (consistency
  /// resampling, Bröcker and Smith 2007, "Increasing the Reliability of Reliability Diagrams").
  private static func errorByChance(
    _ confidences: [Double], bins: Int, resamples: Int, seed: UInt64
  ) -> Interval? {
    guard resamples > 0 else { return nil }
    // In sorted order, so that the order of the items changes nothing.
    let confidences = confidences.sorted()
    let places = confidences.map { Reliability.bin(of: $0, of: bins) }
    var draws = DrawSequence(state: seed)
    let errors = (0..<resamples).map { _ in
      var surplus = [Double](repeating: 0, count: bins)
      for (confidence, place) in zip(confidences, places) {
        surplus[place] += confidence - (draws.nextShare() < confidence ? 1 : 0)
      }
      return surplus.reduce(0) { $0 + abs($1) } / Double(confidences.count)
    }
    return Interval(of: errors, else: 0)
  }
}
