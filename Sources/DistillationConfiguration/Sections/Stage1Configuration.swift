package import ConfigurationFiles

/// Stage 1: fine-tuning on all training items with the teachers' answers.
package struct Stage1Configuration: DefaultedSection {
  package var answers = Answers.all
  /// What becomes of items on which the teachers conflict. The default is `exclude`.
  package var conflicts = Conflicts.exclude
  package var rationales = true
  /// How the stage is trained. The default is ``TrainingConfiguration/init()``: 3 epochs of 16 at 1e-4.
  package var training = TrainingConfiguration()

  /// The treatment of conflicts in Stage 1.
  package enum Conflicts: String, ConfigurationChoice {
    /// They wait for Stage 2.
    case exclude
    /// Every teacher's answer is a target.
    case both
    /// The answers of the majority are targets; ties are left out.
    case majority
  }

  /// The teachers whose answers are targets.
  package enum Answers: ConfigurationValue {
    /// Every teacher that agrees with the item's label: several answers to one prompt.
    case all
    /// One teacher's alone, by its name.
    case teacher(String)

    package static var configurationForm: String { "all or a teacher's name" }

    /// Takes a text.
    package static func fromConfiguration(
      _ node: ConfigurationNode, over current: Answers?, with reader: inout ConfigurationReader
    ) -> Answers? {
      if case .text(let word) = node.content { return word == "all" ? .all : .teacher(word) }
      reader.reject(node, expected: configurationForm)
      return nil
    }

    /// `all`, or the name.
    package var configurationNode: ConfigurationNode? {
      switch self {
      case .all: .text("all")
      case .teacher(let name): .text(name)
      }
    }
  }

  /// All answers to agreed items.
  package init() {}

  /// The keys under `stage1`.
  package static let keys: [ConfigurationKey<Stage1Configuration>] =
    [
      ConfigurationKey("answers", \.answers, "Whose answers are targets: all agreeing teachers', or one teacher's."),
      ConfigurationKey("conflicts", \.conflicts, "Conflicts in this stage: left out, all answers, or the majority's."),
      ConfigurationKey("rationales", \.rationales, "Targets carry the rationale after the label."),
    ] + TrainingConfiguration.keys.map { $0.lifted(to: \.training) }
}
