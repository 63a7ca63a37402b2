extension StudentCalibration {
  /// The label that calibrated probabilities choose.
  package struct Choice: Sendable, Equatable {
    /// Calibrated, in the order of the labels.
    package let probabilities: [Double]
    /// The place of the most probable label.
    package let place: Int
    /// Whether another label was just as probable before and after.
    package let isTied: Bool
  }

  /// The most probable label after calibration.
  ///
  /// Isotonic functions have level parts, on which labels become equally probable: there, and where labels differ by less than
  /// rounding does, the label stays that which was most probable before.
  ///
  /// - Parameters:
  ///   - raw: probabilities as the student states them, in the order of ``labels``.
  ///   - calibration: nil leaves them as they are.
  package static func choice(_ raw: [Double], by calibration: StudentCalibration?) -> Choice {
    let mapped = calibration?.calibrated(raw) ?? raw
    let first = raw.indices.max { raw[$0] < raw[$1] } ?? 0
    let best = mapped.indices.max { mapped[$0] < mapped[$1] } ?? 0
    guard mapped[best] <= mapped[first] + 1e-9 else {
      return Choice(probabilities: mapped, place: best, isTied: mapped.count { $0 == mapped[best] } > 1)
    }
    // A calibration may tell apart what was equally probable before.
    let tied = raw.indices.filter { raw[$0] == raw[first] && mapped[$0] >= mapped[first] - 1e-9 }
    return Choice(probabilities: mapped, place: first, isTied: tied.count > 1)
  }
}

extension Prediction {
  /// The same with calibrated probabilities, and with the label that they choose; without probabilities nothing changes.
  package func calibrated(by calibration: StudentCalibration) -> Prediction {
    guard !probabilities.isEmpty else { return self }
    let choice = StudentCalibration.choice(calibration.labels.map { probabilities[$0] ?? 0 }, by: calibration)
    var copy = self
    copy.label = choice.isTied ? nil : calibration.labels[choice.place]
    copy.probabilities = Dictionary(uniqueKeysWithValues: zip(calibration.labels, choice.probabilities))
    if score != nil { copy.score = copy.expectedLevel(over: calibration.labels) }
    return copy
  }
}
