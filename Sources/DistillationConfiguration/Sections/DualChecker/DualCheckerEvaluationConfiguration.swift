package import ConfigurationFiles

/// The measurements of a DualChecker run.
package struct DualCheckerEvaluationConfiguration: DefaultedSection {
  package var draws = 5
  package var studentDraws = 1
  package var trainsOnGold = true
  package var every = 10

  package init() {}

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
