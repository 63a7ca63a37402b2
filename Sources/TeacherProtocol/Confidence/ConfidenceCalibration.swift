/// Maps a stated confidence to the share of answers of that confidence that is right, learned from answers whose
/// truth is known.
///
/// ```swift
/// let calibration = IsotonicCalibration(confidences: stated, correct: wasRight)
/// calibration.calibrated(0.9)  // 0.71, where 71 % of such answers are right
/// ```
///
/// Fit one for each teacher and each ``Confidence/Source``: numbers of different sources measure different things.
public protocol ConfidenceCalibration: Sendable {
  /// The probability that an answer of this confidence is right; both in 0...1.
  func calibrated(_ confidence: Double) -> Double
}

extension Confidence {
  /// The calibrated value; the source stays with it.
  package func calibrated(by calibration: any ConfidenceCalibration) -> Confidence {
    Confidence(calibration.calibrated(value), source: source)
  }
}
