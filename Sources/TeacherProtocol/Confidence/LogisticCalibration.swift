import Foundation

/// A calibration by two numbers: log-odds are stretched and shifted (Platt 1999, "Probabilistic Outputs for Support Vector
/// Machines").
///
/// The shift is what a temperature lacks: a teacher that states 0.6 and is right nine times of ten can't be mended by
/// stretching around 0.5 alone. Some tens of answers will do; targets are drawn in a little, as Platt does, so that a few
/// answers which are all right don't become certainty.
///
/// ```swift
/// let calibration = LogisticCalibration(confidences: stated, correct: wasRight)
/// calibration.calibrated(0.6)  // 0.88
/// ```
package struct LogisticCalibration: ConfidenceCalibration, Equatable, Codable {
  /// What log-odds are multiplied by, 0 or more: a higher confidence never becomes a lower one.
  package let slope: Double
  /// What is added to them.
  package let shift: Double

  /// Learns from answers whose truth is known; without any, every confidence stays as it is.
  ///
  /// - Parameters:
  ///   - confidences: as stated, one per answer, each in 0...1.
  ///   - correct: whether the answer was right, in the same order.
  /// - Precondition: as many outcomes as confidences, each confidence in 0...1.
  package init(confidences: [Double], correct: [Bool]) {
    let answers = judgedInOrder(confidences, correct)
    guard !answers.isEmpty else {
      (slope, shift) = (1, 0)
      return
    }
    let right = Double(correct.count { $0 })
    let wrong = Double(correct.count) - right
    let rows = answers.map { answer in
      LogisticPosterior.Row(
        features: [LogisticPosterior.logOdds(answer.confidence), 1],
        target: answer.isRight ? (right + 1) / (right + 2) : 1 / (wrong + 2))
    }
    let values = LogisticPosterior(rows, mean: [1, 0], deviation: [Self.deviation, Self.deviation]).values
    let (a, b) = (values[0], values[1])
    if a < 0 {
      // Sureness says nothing here, or the contrary: all answers are worth the same.
      let mean = rows.reduce(0) { $0 + $1.target } / Double(rows.count)
      (slope, shift) = (0, LogisticPosterior.logOdds(mean))
    } else {
      (slope, shift) = (a, b)
    }
  }

  private enum CodingKeys: String, CodingKey { case slope, shift }

  /// Reads both numbers.
  ///
  /// - Throws: `DecodingError` for a slope below 0, and for a number that is not finite.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    (slope, shift) = (try fields.decode(Double.self, forKey: .slope), try fields.decode(Double.self, forKey: .shift))
    for (key, holds, expected) in [
      (CodingKeys.slope, slope >= 0 && slope.isFinite, "expected a number of 0 or more"),
      (.shift, shift.isFinite, "expected a number"),
    ] where !holds {
      throw DecodingError.dataCorruptedError(forKey: key, in: fields, debugDescription: expected)
    }
  }

  package func calibrated(_ confidence: Double) -> Double {
    LogisticPosterior.sigmoid(slope * LogisticPosterior.logOdds(confidence) + shift)
  }

  /// How firmly stated confidence is believed before anything is known: the deviation of a normal prior around slope 1 and shift
  /// 0, so that twenty answers do not overturn it and some hundreds do.
  private static let deviation = 1.0
}
