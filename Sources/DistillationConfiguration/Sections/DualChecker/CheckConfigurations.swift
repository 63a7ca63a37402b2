package import ConfigurationFiles
package import DualChecker

/// When the teacher is asked again.
package struct TeacherCheckConfiguration: DefaultedSection {
  package var threshold = DualCheckerOptions().threshold
  package var targetPrecision: Double?
  package var steps = DualCheckerOptions().steps
  package var followUps = DualCheckerOptions().followUps
  package var acceptance = Acceptance.pool
  package var calibration = Calibration.evidence

  /// Which reply counts.
  package enum Acceptance: String, ConfigurationChoice {
    /// By that of the other rules which is best on the labelled pool; without one, or without follow-ups, the surest.
    case pool
    /// The surest one with a label.
    case surest
    /// The label with the largest sum of confidences.
    case sum
    /// The last one with a label.
    case latest
    /// The first one with a label.
    case first
    /// Of spans what the replies come to word by word, each by the odds that it is right; of classes as `sum`.
    case vote
  }

  /// How stated confidence is corrected.
  package enum Calibration: String, ConfigurationChoice {
    /// Not at all.
    case none
    /// Log-odds are stretched and shifted as far as the labels speak against what is stated; what labelling gave up helps.
    case evidence
    /// Log-odds are stretched and shifted.
    case logistic
    /// One number divides log-odds.
    case temperature
    /// A rising step function, which wants some hundreds of labels.
    case isotonic
  }

  package init() {}

  /// The rule of acceptance; nil where the pool chooses it.
  package var rule: AcceptanceRule? { AcceptanceRule(rawValue: acceptance.rawValue) }

  /// The keys under `teacher_check`.
  package static let keys: [ConfigurationKey<TeacherCheckConfiguration>] = [
    ConfigurationKey(
      "threshold", \.threshold, "Replies less sure than this are asked again.", range: .from(0, through: 1)),
    ConfigurationKey(
      "target_precision", \.targetPrecision, "Precision on the pool for which the threshold is chosen.",
      range: .ifGiven(.from(0, through: 1)), sample: "0.9"),
    ConfigurationKey("steps", \.steps, "The details that follow-up questions add, in this order."),
    ConfigurationKey("follow_ups", \.followUps, "Most questions after the first.", range: .from(0, through: 100)),
    ConfigurationKey(
      "acceptance", \.acceptance,
      "Which reply counts; pool chooses the rule on the labelled pool, which is asked again too."),
    ConfigurationKey("calibration", \.calibration, "How stated confidence is corrected by the pool."),
  ]
}

/// Borderline cases of the student, and what becomes of them.
package struct StudentCheckConfiguration: DefaultedSection {
  package var kind = Kind.margin
  package var threshold = MarginCheck().threshold
  package var refinement = Refinement.demonstrations
  package var limit = BorderlineDemonstrations().limit
  package var every = DualCheckerOptions().refinesEvery
  package var rollsBack = DualCheckerOptions().rollsBack

  /// The test for borderline cases.
  package enum Kind: String, ConfigurationChoice {
    /// Nothing: the student is not checked.
    case none
    /// The two best classes are close.
    case margin
    /// The probabilities are spread out.
    case entropy
    /// The student contradicts a teacher that is sure.
    case disagreement
  }

  /// The use of borderline cases.
  package enum Refinement: String, ConfigurationChoice {
    /// Nothing.
    case none
    /// A standing demonstration.
    case demonstrations
    case instructions
  }

  package init() {}

  /// The keys under `student_check`.
  package static let keys: [ConfigurationKey<StudentCheckConfiguration>] = [
    ConfigurationKey("kind", \.kind, "The test for borderline cases."),
    ConfigurationKey(
      "threshold", \.threshold,
      "The margin below which, or the entropy or confidence above which, a case is borderline.",
      range: .from(0, through: 1)),
    ConfigurationKey("refinement", \.refinement, "The use of borderline cases in the template."),
    ConfigurationKey(
      "limit", \.limit, "Most parts of the template that come from them.", range: .from(1, through: 100)),
    ConfigurationKey("every", \.every, "Rounds between two refinements.", range: .from(1, through: 100_000)),
    ConfigurationKey("roll_back", \.rollsBack, "Roll back what lowers the score on the pool."),
  ]

  package var check: any StudentCheck {
    switch kind {
    case .none: NoStudentCheck()
    case .margin: MarginCheck(threshold: threshold)
    case .entropy: EntropyCheck(threshold: threshold)
    case .disagreement: DisagreementCheck(minimumConfidence: threshold)
    }
  }

  package var asRefinement: any TemplateRefinement {
    switch refinement {
    case .none: NoRefinement()
    case .demonstrations: BorderlineDemonstrations(limit: limit)
    case .instructions: BorderlineInstructions(limit: limit)
    }
  }
}

/// Batches and budget.
package struct DualCheckerLoopConfiguration: DefaultedSection {
  package var batch = DualCheckerOptions().batch
  package var budget: Int?
  package var replay = DualCheckerOptions().replay
  package var checkpointEvery = 10

  package init() {}

  /// The keys under `loop`.
  package static let keys: [ConfigurationKey<DualCheckerLoopConfiguration>] = [
    ConfigurationKey(
      "batch", \.batch, "Records labelled between two looks at the student.", range: .from(1, through: 10_000)),
    ConfigurationKey(
      "budget", \.budget, "Most questions of every kind; without it until the records end.",
      range: .ifGiven(.from(1, through: 1_000_000_000)),
      sample: "2000"),
    ConfigurationKey(
      "replay", \.replay, "Older examples shown again with each batch.", range: .from(0, through: 100_000)),
    ConfigurationKey(
      "checkpoint_every", \.checkpointEvery, "Rounds between two checkpoints.", range: .from(1, through: 100_000)),
  ]
}
