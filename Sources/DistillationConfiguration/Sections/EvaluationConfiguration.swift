package import ConfigurationFiles

/// The measurements, and the splits that are reported.
package struct EvaluationConfiguration: DefaultedSection {
  package var results = Results([.teachers, .majority, .agreementPlusLabels, .stage1, .twoStage])
  package var bootstrap = 1000
  package var split = Split.test
  /// Whether the decision threshold is chosen on the development split, whose labels then count as spent. The default
  /// is false.
  package var choosesThresholdOnDev = false

  /// From which human labels the student's probabilities are calibrated. The default is none: they stay as they are.
  package var calibration: Calibration?

  /// The labels that a calibration is learned from.
  package enum Calibration: String, ConfigurationChoice {
    /// Those of the development items, which then count as spent.
    case dev
    /// Those of the labelled conflicts, by five more trainings of Stage 2, each without a fifth of them.
    case budget
  }

  package enum Split: String, ConfigurationChoice {
    /// The training items.
    case train
    /// The development items.
    case dev
    /// The test items.
    case test
  }

  /// A result to compute.
  package enum Result: String, ConfigurationChoice {
    /// Each teacher alone: `teacher:<name>` for every name.
    case teachers
    /// The teachers' majority.
    case majority
    /// Agreed labels, and human labels on conflicts: what a person has without a student.
    case agreementPlusLabels = "agreement_plus_labels"
    /// The student after Stage 1.
    case stage1
    /// Stage 1, then fine-tuning on conflicts without preferences.
    case stage1SFT = "stage1_sft"
    /// Stage 1, then preferences on conflicts without fine-tuning.
    case stage1DPO = "stage1_dpo"
    /// Stage 1 plus as many human labels on random items at equal steps.
    case randomLabels = "random_labels"
    /// The whole method.
    case twoStage = "two_stage"
    /// Fine-tuning with every human label.
    case fullLabel = "full_label"
  }

  /// Whether an evaluation asks the student about development items, and reads their labels.
  package var readsDev: Bool { choosesThresholdOnDev || calibration == .dev }

  /// Results by name, in the order of ``Result``; `all` is short for every one.
  package struct Results: ConfigurationValue {
    package var names: [Result]

    package init(_ names: [Result]) {
      self.names = names
    }

    /// Every result.
    package static let all = Results(Result.allCases)

    package static var configurationForm: String { "all, or a list, each " + Result.configurationForm }

    /// Takes `all` or a list of names.
    package static func fromConfiguration(
      _ node: ConfigurationNode, over current: Results?, with reader: inout ConfigurationReader
    ) -> Results? {
      if node.content == .text("all") { return .all }
      guard case .list = node.content else {
        reader.reject(node, expected: configurationForm)
        return nil
      }
      return [Result].fromConfiguration(node, over: nil, with: &reader).map { Results($0) }
    }

    /// The list of names.
    package var configurationNode: ConfigurationNode? { names.configurationNode }
  }

  /// The default results on the test split.
  package init() {}

  /// The keys under `evaluation`.
  package static let keys: [ConfigurationKey<EvaluationConfiguration>] = [
    ConfigurationKey("results", \.results, "Results to compute; the others cost more training; all for every one."),
    ConfigurationKey(
      "bootstrap", \.bootstrap, "Resamples of groups for 95 % intervals; 0 for none.",
      range: .from(0, through: 1_000_000)),
    ConfigurationKey("split", \.split, "The split that is scored."),
    ConfigurationKey(
      "dev_for_threshold", \.choosesThresholdOnDev, "Choose the decision threshold on dev; its labels count as spent."),
    ConfigurationKey(
      "calibration", \.calibration,
      "Calibrate the student's probabilities on dev, whose labels count as spent, or on the budget's labels; without it not.",
      sample: "dev"),
  ]

  /// Every result once.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      Set(results.names).count == results.names.count, "results", expected: "every result once", found: "one twice")
    reader.require(
      !(choosesThresholdOnDev && split == .dev), "dev_for_threshold", "split",
      expected: "false, since the scored split is dev itself", found: "true")
    reader.require(
      !(calibration == .dev && split == .dev), "calibration", "split",
      expected: "budget, since the scored split is dev itself", found: "the text 'dev'")
  }
}

/// The page that a run ends with.
package struct ReportConfiguration: DefaultedSection {
  /// How many conflicts the gallery shows. The default is 24.
  package var gallery = 24
  package var title = "Multi-teacher distillation"

  /// A gallery of 24 conflicts.
  package init() {}

  /// The keys under `report`.
  package static let keys: [ConfigurationKey<ReportConfiguration>] = [
    ConfigurationKey("gallery", \.gallery, "Conflicts shown with photo and answers.", range: .from(0, through: 10_000)),
    ConfigurationKey("title", \.title, "Title of the page."),
  ]
}
