internal import DistillationConfiguration

extension RunConfiguration {
  /// The configuration as far as a step depends on it: without the sections that it does not read, and without places and
  /// numbers that change no result. What is added to the configuration counts for every step until it is left out here.
  func settings(for step: RunStep) -> RunConfiguration {
    var copy = self
    (copy.out, copy.threads, copy.store, copy.cache) = (nil, nil, "-", "-")
    (copy.storeIsDurable, copy.spending, copy.missingReplies) = (false, SpendingConfiguration(), nil)
    copy.data.outsideImages = nil
    // Adapters that come from elsewhere count by their bytes.
    (copy.stage1.adapter, copy.stage2.adapter) = (nil, nil)
    copy.teachers = teachers.map(\.inKeys)
    if step != .report { copy.report = ReportConfiguration() }
    if step.isBefore(.evaluate) {
      copy.evaluation = EvaluationConfiguration()
      // Teachers are asked about the items that are scored.
      copy.evaluation.split = evaluation.split
      copy.budgets = []
    }
    if step.isBefore(.stage2) {
      // Whatever a step before it is told of a reference, it is the same to it.
      copy.stage2 = Stage2Configuration(reference: .none)
      // As keys have it since nothing was replayed unless it was said.
      copy.stage2.replay = 0
      (copy.rounds, copy.review) = (1, ReviewConfiguration())
    }
    if step.isBefore(.stage1) {
      copy.student = .blank
      copy.stage1 = Stage1Configuration()
      copy.pretrain = nil
    }
    // Later steps depend on what the rule came to; the rule itself is used again in later rounds alone.
    if step != .report, copy.rounds == 1 { copy.agreement = AgreementConfiguration() }
    // What is asked and learnt is the same whether labels are levels or not.
    if step.isBefore(.evaluate), copy.rounds == 1 { copy.ordered = nil }
    // Later steps depend on what teachers said.
    if step == .stage1 || step == .stage2 { copy.teachers = [] }
    return copy
  }
}

extension RunConfiguration {
  /// The configuration as far as a step depends on it, in JSON.
  func settingsKey(for step: RunStep) -> String {
    let copy = settings(for: step)
    return copy.json.replacing(copy.review.json, with: copy.review.keyed)
  }
}

extension ReviewConfiguration {
  /// The section in JSON as keys of steps have it: how many decide an item came to it later, and is named where it is not one.
  var keyed: String { json.replacing("\"opinions\":1,", with: "") }
}

extension RunConfiguration {
  /// Refuses what the steps up to and with one need and the configuration does not say, before anything is done.
  ///
  /// - Parameter hasStudent: whether the student comes from code.
  /// - Throws: ``RunError/unset(_:step:)``.
  func demand(through last: RunStep, hasStudent: Bool = false, otherTeachers: Int = 0) throws(RunError) {
    if stage2.adapter != nil, rounds > 1, !last.isBefore(.stage2) {
      throw .notExported(
        "stage2.adapter",
        "what people are asked in round 2 follows from an adapter that is trained here; set rounds to 1, or leave the key out"
      )
    }
    if stage1.adapter != nil, stage1.targets == .soft, !last.isBefore(.stage1) {
      throw .notExported(
        "stage1.adapter",
        "it was trained on labels elsewhere, as TRL takes no probabilities; set stage1.targets to hard, or leave the key out"
      )
    }
    if let missing = missing(hasStudent: hasStudent, otherTeachers: otherTeachers), !last.isBefore(missing.step) {
      throw .unset(missing.key, step: missing.step)
    }
  }

  /// The first step that lacks something, and the key that it needs; nil where nothing is lacking.
  ///
  /// - Parameter otherTeachers: how many are not in the configuration.
  func missing(hasStudent: Bool = false, otherTeachers: Int = 0) -> (key: String, step: RunStep)? {
    if teachers.count + otherTeachers < 2 {
      return ("teachers with at least two of them (one alone never disagrees)", .agree)
    }
    if !hasStudent, student.model == nil, student.fresh == nil {
      return (
        "student.model (the folder of the base model) or student.fresh (the sizes of one)",
        review.order == .studentUncertainty ? .review : .stage1
      )
    }
    guard stage2.reference == nil else { return nil }
    return (
      "stage2.reference, the model that DPO compares the student with (stage1_adapter: the student as Stage 1 left it, as in "
        + "the paper; base: the base without an adapter; none: the loss sees the student alone; {adapter: FOLDER}: another "
        + "adapter on the base)", .stage2
    )
  }
}

extension RunStep {
  /// The step before it; nil for the first.
  var before: RunStep? { RunStep.allCases.last { $0.isBefore(self) } }

  /// Whether the step stands before another in the order of their names.
  func isBefore(_ other: RunStep) -> Bool {
    (RunStep.allCases.firstIndex(of: self) ?? 0) < (RunStep.allCases.firstIndex(of: other) ?? 0)
  }
}
