internal import DistillationConfiguration
internal import DualChecker
internal import TeacherProtocol

extension TeacherCheckConfiguration.Calibration {
  /// What learns a calibration of this kind; nil for none.
  var learner: DualCheckerLoop.Calibrate? {
    func learner(
      _ learn: @escaping @Sendable ([Double], [Bool]) -> any ConfidenceCalibration
    ) -> DualCheckerLoop.Calibrate {
      { known, _ in
        let calibration = learn(known.map(\.answer.confidence), known.map(\.isRight))
        return { calibration.calibrated($0) }
      }
    }
    return switch self {
    case .none: nil
    case .evidence:
      { known, others in
        let calibration = EvidenceCalibration(known: known, others: others)
        return { calibration.calibrated($0) }
      }
    case .logistic: learner { LogisticCalibration(confidences: $0, correct: $1) }
    case .temperature: learner { TemperatureCalibration(confidences: $0, correct: $1) }
    case .isotonic: learner { IsotonicCalibration(confidences: $0, correct: $1) }
    }
  }
}
