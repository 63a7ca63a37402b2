import Foundation

/// A logistic calibration for ten or twenty answers whose truth is known: it leaves the confidence as it is stated as far as these
/// do not speak against it.
///
/// Log-odds are stretched and shifted. A normal prior holds the slope to 1 and the shift to 0; how wide it is, is not known
/// beforehand, so narrow and wide priors are weighed by their evidence, the probability of the known answers under each (MacKay
/// 1992, "The Evidence Framework Applied to Classification Networks"; Laplace's approximation), and slope and shift are the means.
///
/// Answers without a known truth help where their teacher was asked again: one that it gave up then is rarely right. How rarely is
/// learned from the known answers, and what they say of all the others settles slope and shift.
///
/// ```swift
/// let calibration = EvidenceCalibration(
///   known: [.init(confidence: 0.9, isGivenUp: true, isRight: false), .init(confidence: 0.8, isGivenUp: false, isRight: true)],
///   others: [.init(confidence: 0.85, isGivenUp: false), .init(confidence: 0.95, isGivenUp: true)])
/// calibration.calibrated(0.9)  // 0.66
/// ```
package struct EvidenceCalibration: ConfidenceCalibration, Equatable {
  /// An answer of which no truth is known.
  package struct Answer: Sendable, Equatable {
    /// As stated, 0...1.
    package var confidence: Double
    /// Whether the teacher answered otherwise when it was asked again.
    package var isGivenUp: Bool

    package init(confidence: Double, isGivenUp: Bool) { (self.confidence, self.isGivenUp) = (confidence, isGivenUp) }
  }

  /// An answer whose truth is known.
  package struct Known: Sendable, Equatable {
    /// The answer.
    package var answer: Answer
    /// Whether it is right.
    package var isRight: Bool

    package init(confidence: Double, isGivenUp: Bool = false, isRight: Bool) {
      (answer, self.isRight) = (Answer(confidence: confidence, isGivenUp: isGivenUp), isRight)
    }
  }

  /// What log-odds are multiplied by, 0 or more: a higher confidence never becomes a lower one.
  package let slope: Double
  /// What is added to them.
  package let shift: Double

  /// Learns from answers; without a known one, every confidence stays as it is.
  ///
  /// The result does not depend on the order of the answers.
  package init(known: [Known], others: [Answer] = []) {
    guard !known.isEmpty else {
      (slope, shift) = (1, 0)
      return
    }
    let known = known.sorted { Self.order($0) < Self.order($1) }
    typealias Row = LogisticPosterior.Row
    // What is stated is believed of all answers together, so kept ones are righter than that as given up ones are less right.
    let usual = others.isEmpty ? 0 : Double(others.count(where: \.isGivenUp)) / Double(others.count)
    func row(_ answer: Answer, _ target: Double) -> Row {
      Row(
        features: [LogisticPosterior.logOdds(answer.confidence), 1, (answer.isGivenUp ? 1 : 0) - usual], target: target)
    }
    let rows = known.map { row($0.answer, $0.isRight ? 1 : 0) }
    let usesChanges = !others.isEmpty
    let fits = Self.slopeWidths.flatMap { slope in
      Self.shiftWidths.map { shift in
        LogisticPosterior(
          rows, mean: [1, 0] + (usesChanges ? [Self.givenUp.mean] : []),
          deviation: [slope, shift] + (usesChanges ? [Self.givenUp.deviation] : []))
      }
    }
    let highest = fits.map(\.logEvidence).max() ?? 0
    let weights = fits.map { exp($0.logEvidence - highest) }
    let all = weights.reduce(0, +)
    func mean(_ value: (LogisticPosterior) -> Double) -> Double {
      zip(weights, fits).reduce(0) { $0 + $1.0 * value($1.1) } / all
    }
    guard usesChanges else {
      (slope, shift) = Self.rising(mean { $0.values[0] }, mean { $0.values[1] }, rows)
      return
    }
    let unknown = others.sorted { ($0.confidence, $0.isGivenUp ? 1 : 0) < ($1.confidence, $1.isGivenUp ? 1 : 0) }
      .map { answer -> Row in
        var guessed = row(answer, 0)
        guessed.target = mean { $0.probability(of: guessed) }
        return guessed
      }
    let settled = LogisticPosterior(rows + unknown, mean: [1, 0], deviation: [1, 1])
    (slope, shift) = Self.rising(settled.values[0], settled.values[1], rows + unknown)
  }

  /// The probability that an answer of this confidence is right.
  package func calibrated(_ confidence: Double) -> Double {
    LogisticPosterior.sigmoid(slope * LogisticPosterior.logOdds(confidence) + shift)
  }

  /// Widths of the priors, from firmly believing what is stated to hardly at all.
  private static let slopeWidths = [0.1, 0.25, 0.5, 1]
  private static let shiftWidths = [0.1, 0.3, 1, 2]
  /// What is expected of answers that are given up: their odds are those of one in twenty, give or take a factor of seven.
  private static let givenUp = (mean: -3.0, deviation: 2.0)

  private static func order(_ known: Known) -> (Double, Int, Int) {
    (known.answer.confidence, known.answer.isGivenUp ? 1 : 0, known.isRight ? 1 : 0)
  }

  /// Where sureness says nothing, or the contrary, all answers are worth the same.
  private static func rising(_ slope: Double, _ shift: Double, _ rows: [LogisticPosterior.Row]) -> (Double, Double) {
    guard slope < 0 else { return (slope, shift) }
    return (0, LogisticPosterior(rows, mean: [0, 0], deviation: [1e-6, 1]).values[1])
  }
}
