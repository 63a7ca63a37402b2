package import ConfigurationFiles
package import DualChecker

/// The labelled pool, and how demonstrations are chosen from it.
package struct AlignerConfiguration: DefaultedSection {
  package var pool = LabelBudget.fraction(0.1)
  package var poolSelection = PoolSelection.coverage
  package var selection = DemonstrationSelection.diverse
  package var shots = DualCheckerOptions().shots
  package var encoder: String?
  package var explains = DualCheckerOptions().explains
  package var contextCharacters = DualCheckerOptions().contextCharacters

  /// Which records people label.
  package enum PoolSelection: String, ConfigurationChoice {
    /// A quarter drawn by the seed, by which confidence is calibrated; then those that stand for the most others, by their
    /// texts.
    case coverage
    /// Any, drawn by the seed.
    case random
  }

  package init() {}

  /// The keys under `aligner`.
  package static let keys: [ConfigurationKey<AlignerConfiguration>] = [
    ConfigurationKey("pool", \.pool, "Records whose gold labels are seen: a share below 1, or a number."),
    ConfigurationKey(
      "pool_selection", \.poolSelection, "Which records these are: those that stand for the most others, or any."),
    ConfigurationKey("selection", \.selection, "How demonstrations are chosen."),
    ConfigurationKey("shots", \.shots, "Demonstrations of a prompt.", range: .from(0, through: 1000)),
    ConfigurationKey(
      "encoder", \.encoder, "Folder of a sentence encoder, or its GGUF file; without it hashed n-grams.",
      range: .ifGiven(.nonBlank),
      relativeTo: .configuration, sample: "models/all-MiniLM-L6-v2"),
    ConfigurationKey("explain", \.explains, "Let the teacher explain the pool's labels."),
    ConfigurationKey(
      "context", \.contextCharacters, "Longest prompt in characters.", range: .from(200, through: 10_000_000)),
  ]
}
