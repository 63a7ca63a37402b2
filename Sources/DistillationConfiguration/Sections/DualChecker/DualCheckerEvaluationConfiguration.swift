package import ConfigurationFiles

/// The measurements of a DualChecker run.
package struct DualCheckerEvaluationConfiguration: DefaultedSection {
  package var draws = 5
  package var studentDraws = 1
  package var trainsOnGold = true
  package var every = 10
  /// From which gold labels the student's probabilities are calibrated. The default is none: they stay as they are.
  package var calibration: Calibration?

  /// The labels that a calibration is learned from.
  package enum Calibration: String, ConfigurationChoice {
    /// Those of development records, which then count as spent: of the file or split that is named for them, or of the part
    /// behind the one that is scored.
    case dev
    /// Those of the labelled pool, by five more trainings of the student, each without a fifth of them.
    case pool
  }

  package init() {}

  /// The keys under `evaluation`.
  package static let keys: [ConfigurationKey<DualCheckerEvaluationConfiguration>] = [
    ConfigurationKey(
      "draws", \.draws, "Draws of fixed demonstrations to compare with.", range: .from(0, through: 1000)),
    ConfigurationKey(
      "student_draws", \.studentDraws, "Draws for which a student is trained too.", range: .from(0, through: 1000)),
    ConfigurationKey("gold_student", \.trainsOnGold, "Train a student on all gold labels to compare with."),
    ConfigurationKey("every", \.every, "Rounds between two measures on the way.", range: .from(1, through: 100_000)),
    ConfigurationKey(
      "calibration", \.calibration,
      "Calibrate the student's probabilities on dev, whose labels count as spent, or on the pool's labels; without it not.",
      sample: "dev"),
  ]
}
