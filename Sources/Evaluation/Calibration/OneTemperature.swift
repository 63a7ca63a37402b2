internal import Foundation
internal import TeacherProtocol

/// The one temperature that comes nearest to a calibration of another kind, and what it loses.
///
/// ```swift
/// let fitted = OneTemperature(of: calibration, on: answers)
/// fitted.temperature  // 1.8: softmax(log p / 1.8) is as near to what the calibration makes of p as any temperature comes
/// fitted.fitted - fitted.exact  // nats that an answer loses by it
/// ```
///
/// It minimises the mean cross-entropy from the calibrated probabilities, which are its targets, to those at the temperature.
package struct OneTemperature: Sendable, Equatable {
  /// More than 0.
  package let temperature: Double
  /// The number of labelled answers that it was found with.
  package let answers: Int
  /// The number of agreed items beside them.
  package let agreed: Int
  /// Mean log loss of the true labels in nats, as the student states its probabilities; of agreed items in the mean over what
  /// may be their label.
  package let stated: Double
  /// The same as the calibration makes them.
  package let exact: Double
  /// The same at the temperature.
  package let fitted: Double

  /// Finds the temperature.
  ///
  /// - Parameter answers: those that the calibration was learned from; at least one.
  /// - Precondition: every truth is one of the calibration's labels.
  package init(of calibration: StudentCalibration, on answers: [StudentCalibration.Answer]) {
    precondition(!answers.isEmpty, "no answers to find a temperature with")
    let rows = StudentCalibration.rows(answers, labels: calibration.labels)
    let found = TemperatureCalibration(
      distributions: rows.map(\.probabilities), targets: rows.map { calibration.calibrated($0.probabilities) },
      weights: rows.map(\.weight))
    func loss(_ map: ([Double]) -> [Double]) -> Double {
      StudentCalibration.mean(
        rows.map { -CalibrationRow.logarithm(map($0.probabilities)[$0.truth]) }, rows.map(\.weight))
    }
    (temperature, self.answers) = (found.temperature, rows.count(where: \.isLabelled))
    agreed = Set(answers.lazy.filter(\.isAgreed).map(\.id)).count
    stated = loss { $0 }
    exact = loss(calibration.calibrated)
    fitted = loss(found.calibrated)
  }
}
