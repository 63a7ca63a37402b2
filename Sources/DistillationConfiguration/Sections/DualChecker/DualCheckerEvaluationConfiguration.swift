package import ConfigurationFiles

/// The measurements of a DualChecker run.
package struct DualCheckerEvaluationConfiguration: ConfigurationSection {
  /// Draws of fixed demonstrations that the teacher is compared with. The default is 5; 0 leaves the comparison out.
  package var draws = 5
  /// Draws for which a student is trained too. The default is 1.
  package var studentDraws = 1
  /// Whether a student is trained on all gold labels for comparison. The default is true.
  package var trainsOnGold = true
  /// Rounds between two measures of the student on the way. The default is 10.
  package var every = 10

  /// The defaults.
  package init() {}

  /// The defaults.
  package static let blank = DualCheckerEvaluationConfiguration()

  /// The keys under `evaluation`.
  package static let keys: [ConfigurationKey<DualCheckerEvaluationConfiguration>] = [
    ConfigurationKey(
      "draws", \.draws, "Draws of fixed demonstrations to compare with.", range: .from(0, through: 1000)),
    ConfigurationKey(
      "student_draws", \.studentDraws, "Draws for which a student is trained too.", range: .from(0, through: 1000)),
    ConfigurationKey("gold_student", \.trainsOnGold, "Train a student on all gold labels to compare with."),
    ConfigurationKey("every", \.every, "Rounds between two measures on the way.", range: .from(1, through: 100_000)),
  ]
}
