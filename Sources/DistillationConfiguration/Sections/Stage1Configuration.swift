package import ConfigurationFiles
package import TwoStage

private let library = TwoStageOptions()

/// Stage 1: fine-tuning on all training items with the teachers' answers.
package struct Stage1Configuration: DefaultedSection {
  package var answers = library.answers
  /// What becomes of items on which the teachers conflict. The default is `exclude`.
  package var conflicts = library.conflicts
  package var targets = library.targets
  package var rationales = library.learnsRationales
  /// Folder of an adapter that was trained elsewhere, taken in place of training. The default is none.
  package var adapter: String?
  /// How the stage is trained. The default is ``TrainingConfiguration/init()``: 3 epochs of 16 at 1e-4.
  package var training = TrainingConfiguration()

  /// All answers to agreed items.
  package init() {}

  /// The keys under `stage1`.
  package static let keys: [ConfigurationKey<Stage1Configuration>] =
    [
      ConfigurationKey("answers", \.answers, "Whose answers are targets: all agreeing teachers', or one teacher's."),
      ConfigurationKey("conflicts", \.conflicts, "Conflicts in this stage: left out, all answers, or the majority's."),
      ConfigurationKey(
        "targets", \.targets,
        "What is learned of an item's label: hard, the label of each answer; soft, the probability of every label by the teachers "
          + "together, their confidences weighed by how reliable each is (estimated without human labels)."),
      ConfigurationKey("rationales", \.rationales, "Targets carry the rationale after the label."),
      ConfigurationKey(
        "adapter", \.adapter,
        "Folder of a PEFT adapter that was trained elsewhere on this stage's rows (distill export-training), taken in place of "
          + "training here.", range: .ifGiven(.nonBlank), relativeTo: .configuration, sample: "training/stage1/adapter"),
    ] + TrainingConfiguration.keys.map { $0.lifted(to: \.training) }
}
