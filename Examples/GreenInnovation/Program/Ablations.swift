import Distillation
import DualChecker

/// The settings of a run with one part left out, or put in another way.
enum Ablations {
  /// Names and changes, in the order of the table; the first changes nothing.
  static let all: [(name: String, change: @Sendable (inout DualCheckerConfiguration) -> Void)] = [
    ("everything", { _ in }),
    ("pool: random", { $0.aligner.poolSelection = .random }),
    ("no ContextAligner", { $0.aligner.selection = .none }),
    ("no teacher checker", { $0.teacherCheck.followUps = 0 }),
    ("no student checker", { $0.studentCheck.kind = .none }),
    ("no roll-back", { $0.studentCheck.rollsBack = false }),
    ("selection: similarity", { $0.aligner.selection = .similarity }),
    ("selection: label_balanced", { $0.aligner.selection = .labelBalanced }),
    ("borderline: entropy", { ($0.studentCheck.kind, $0.studentCheck.threshold) = (.entropy, 0.9) }),
    ("borderline: disagreement", { ($0.studentCheck.kind, $0.studentCheck.threshold) = (.disagreement, 0.5) }),
    ("confidence: agreement", { $0.teacher.confidence = .agreement }),
    ("confidence: verbalised", { $0.teacher.confidence = .verbalised }),
    ("calibration: logistic", { $0.teacherCheck.calibration = .logistic }),
    ("calibration: temperature", { $0.teacherCheck.calibration = .temperature }),
    ("calibration: isotonic", { $0.teacherCheck.calibration = .isotonic }),
    ("calibration: none", { $0.teacherCheck.calibration = .none }),
    ("acceptance: surest", { $0.teacherCheck.acceptance = .surest }),
    ("acceptance: latest", { $0.teacherCheck.acceptance = .latest }),
    ("labels not weighed", { $0.student.weighs = false }),
  ]

  /// A change on top of a configuration, without the comparisons that it does not alter.
  static func configuration(
    _ configuration: DualCheckerConfiguration, _ change: (inout DualCheckerConfiguration) -> Void
  ) -> DualCheckerConfiguration {
    var changed = configuration
    (changed.evaluation.draws, changed.evaluation.trainsOnGold) = (0, false)
    change(&changed)
    return changed
  }
}
