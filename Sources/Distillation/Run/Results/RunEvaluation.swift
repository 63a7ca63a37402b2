internal import Annotations
internal import DPO
internal import Foundation
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Evaluation

extension DistillationRun {
  /// Scores every result that the configuration names over the whole test split and writes evaluation.json.
  func evaluate(
    _ stages: StudentStages<some Student>, _ state: RunState, first: TrainedStage, second: SecondStage
  ) async throws {
    try OwnerOnly.makeFolder(folder.appending(path: "predictions"))
    let fitted = try await calibrate(stages, state, first: first, second: second)
    let items = state.data.labelled
    let nothing = state.data.nothingScored(configuration.evaluation.split.rawValue)
    guard let gold = state.data.gold, nothing == nil else {
      return try write(
        nothing ?? "", stages, state, second, labelsRead: max(fitted?.labelsRead ?? 0, second.devLabels))
    }
    let split = testSplit(items, gold: gold)
    var wanted = Set(configuration.evaluation.results.names)
    var unsaid: [String] = []
    let silent = state.teachers.filter { !state.test.teachers.contains($0) }
    if configuration.evaluation.asksTeachers, !silent.isEmpty {
      unsaid.append("\(silent.map { "teacher:\($0)" }.joined(separator: ", ")): no replies on the scored items")
    }
    if state.test.teachers.isEmpty { wanted.subtract([.teachers, .majority, .agreementPlusLabels]) }
    if !state.data.train.contains(where: { gold.has($0.id) }) {
      let unlabelled = [EvaluationConfiguration.Result.randomLabels, .fullLabel].filter { wanted.remove($0) != nil }
      let names = unlabelled.map(\.rawValue) + (configuration.budgets.isEmpty ? [] : ["budgets"])
      if !names.isEmpty { unsaid.append("\(names.joined(separator: ", ")): no training item has a label") }
    }
    if configuration.evaluation.choosesThresholdOnDev, configuration.labels.count == 2, configuration.positive == nil {
      unsaid.append("dev_for_threshold: no label is positive, so no threshold is chosen")
    }
    var candidates: [Evaluator.Candidate] = []
    if wanted.contains(.teachers) { candidates += teacherCandidates(state) }
    if wanted.contains(.majority) { candidates.append(majority(state)) }
    if wanted.contains(.agreementPlusLabels) { candidates.append(agreementPlusLabels(state, gold)) }
    var devLabels = max(fitted?.labelsRead ?? 0, second.devLabels)
    var stated: [Prediction] = []
    func add(
      _ name: ResultName, _ adapter: URL, labels: Int, calibration: FittedCalibration? = nil
    ) async throws {
      let plain = try await stages.predict(items, adapter: adapter)
      let (predictions, thresholdLabels) = try await thresholded(
        plain, stages, state, adapter: adapter, gold: gold, calibration: calibration?.calibration)
      if name == .twoStage { stated = plain }
      let chosenBy = name == .twoStage ? second.devLabels : 0
      let read = max(thresholdLabels, calibration?.labelsRead ?? 0, chosenBy)
      devLabels = max(devLabels, read)
      candidates.append(.init(name, predictions: predictions, labels: labels + read))
      try write(predictions, name: name.rawValue)
    }
    let spent = second.human.spent
    if wanted.contains(.stage1) { try await add(.stage1, first.adapter, labels: 0) }
    if wanted.contains(.stage1SFT), !second.trees.isEmpty {
      let stage =
        second.way == .supervised && configuration.rounds == 1
        ? second.trained
        : try await trainStage2(
          stages, state, way: .supervised, name: "baselines/stage1_sft", trees: second.trees, from: first,
          stage1: first)
      try await add(.stage1SFT, stage.adapter, labels: spent)
    }
    if wanted.contains(.stage1DPO), !second.trees.isEmpty {
      let stage = try await trainStage2(
        stages, state, name: "baselines/stage1_dpo", trees: second.trees, from: first, stage1: first,
        supervisedWeight: 0)
      try await add(.stage1DPO, stage.adapter, labels: spent)
    }
    if wanted.contains(.randomLabels), !second.trees.isEmpty {
      let stage = try await randomLabels(stages, state, first: first, second: second, gold: gold)
      try await add(.randomLabels, stage.adapter, labels: second.labels.count)
    }
    if wanted.contains(.twoStage) {
      try await add(.twoStage, second.trained.adapter, labels: spent, calibration: fitted)
    }
    if wanted.contains(.fullLabel) {
      let (adapter, labels) = try await fullLabel(stages, state, steps: first.steps + second.steps, gold: gold)
      try await add(.fullLabel, adapter, labels: labels)
    }
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("bootstrap")
    let evaluator = Evaluator(split: split, resamples: configuration.evaluation.bootstrap, using: &generator)
    let points = try await budgetPoints(
      stages, state, items, first: first, second: second, evaluator: evaluator, gold: gold)
    var file = evaluator.evaluation(
      of: candidates, items: state.data.train.count, labelsSpent: spent + devLabels,
      teacherLabels: plugins.teacherLabels ?? (state.data.teaching.isEmpty ? nil : state.data.teaching.count),
      budgets: points.isEmpty ? nil : points)
    file.calibration = evaluator.calibration(of: stated, by: fitted?.calibration)
    file.stage2 = second.choice
    let unlabelled = gold.problems(of: state.data.test)
    if let listed = unlabelled.listed { reporter.warn(listed) }
    let scored = Set(items.map(\.id))
    let refused = refused(state, stages, second, areScored: true) { !scored.contains($0) }
    let notTaken = notTaken(stages) { scored.contains($0) }
    file.setAside = refused.isEmpty ? nil : refused
    file.notTaken = notTaken.isEmpty ? nil : notTaken
    file.unsaid = unsaid.isEmpty ? nil : unsaid
    try file.write(to: folder.appending(path: "evaluation.json"))
  }

  /// Writes evaluation.json of a run that can't be scored, with the reason.
  private func write(
    _ reason: String, _ stages: StudentStages<some Student>, _ state: RunState, _ second: SecondStage, labelsRead: Int
  ) throws {
    reporter.warn(reason)
    var file = EvaluationFile(
      items: state.data.train.count, testItems: 0, labelsSpent: second.human.spent + labelsRead,
      teacherLabels: plugins.teacherLabels, results: [:])
    file.unsaid = [reason]
    file.stage2 = second.choice
    let refused = refused(state, stages, second, areScored: false)
    file.setAside = refused.isEmpty ? nil : refused
    try file.write(to: folder.appending(path: "evaluation.json"))
  }

  /// What could not be used, in words: rows, lines of human labels, and of the items that a student does not take those that are
  /// meant.
  private func refused(
    _ state: RunState, _ stages: StudentStages<some Student>, _ second: SecondStage, areScored: Bool,
    isMeant: (String) -> Bool = { _ in true }
  ) -> [String] {
    (state.data.setAside + rowsWithoutLabel(state.data, areScored: areScored) + second.human.setAside)
      .map(\.description) + notTaken(stages, isMeant: isMeant)
  }

  /// The items that a student does not take, of those that are meant, in words.
  private func notTaken(_ stages: StudentStages<some Student>, isMeant: (String) -> Bool) -> [String] {
    stages.targets.setAside.all.filter { isMeant($0.item) }.map { "item \($0.item): \($0.reason)" }
  }

  private func testSplit(_ items: [Item], gold: GoldAnswers<String>) -> TestSplit {
    let slice = configuration.data.fields.slices.first
    return TestSplit(
      items: items.map { item in
        .init(
          id: item.id, label: gold.answer(of: item.id) ?? "", group: item.group,
          slice: slice.flatMap { item.attributes[$0] })
      }, labels: configuration.labels.map(\.name), positive: configuration.positive,
      ordered: configuration.ordered ?? false)
  }

  private func teacherCandidates(_ state: RunState) -> [Evaluator.Candidate] {
    state.test.teachers.map { name in
      let predictions = zip(state.test.items, state.test.annotations).map { item, annotations in
        Prediction(itemID: item.id, label: annotations.first { $0.teacher == name }?.reply.label)
      }
      return .init(.teacher(name), predictions: predictions, labels: 0)
    }
  }

  private func majority(_ state: RunState) -> Evaluator.Candidate {
    let rule = MajorityRule(minimumVotes: 1)
    return .init(
      .majority,
      predictions: state.test.judgements(by: rule).map { Prediction(itemID: $0.item.id, label: $0.label) }, labels: 0)
  }

  /// What a person would get without a student: the agreed label, and a human label on each conflict of the test split.
  private func agreementPlusLabels(_ state: RunState, _ gold: GoldAnswers<String>) -> Evaluator.Candidate {
    let conflicts = state.testJudgements.filter { $0.conflict != nil && gold.has($0.item.id) }
    return .init(
      .agreementPlusLabels,
      predictions: state.testJudgements.map { judgement in
        Prediction(
          itemID: judgement.item.id,
          label: judgement.conflict == nil ? judgement.label : gold.answer(of: judgement.item.id))
      }, labels: conflicts.count)
  }

  /// Stage 1 plus as many human labels on random items, at equal steps.
  private func randomLabels(
    _ stages: StudentStages<some Student>, _ state: RunState, first: TrainedStage, second: SecondStage,
    gold: GoldAnswers<String>
  ) async throws -> TrainedStage {
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("random labels")
    let chosen = state.data.train.shuffled(using: &generator).filter { gold.has($0.id) }.prefix(second.labels.count)
    let trees = try stages.targets.preferences(state.judgements, labels: gold.answers(of: chosen.map(\.id)))
    return try await trainStage2(
      stages, state, way: second.way, name: "baselines/random_labels", trees: trees, from: first, stage1: first,
      steps: second.steps)
  }

  /// LoRA on all training items with their gold labels: same base, target format and number of updates.
  private func fullLabel(
    _ stages: StudentStages<some Student>, _ state: RunState, steps: Int, gold: GoldAnswers<String>
  ) async throws -> (adapter: URL, labels: Int) {
    let labels = gold.answers(of: state.data.train.map(\.id))
    let trees = try state.judgements.compactMap { judgement in
      try labels[judgement.item.id].flatMap {
        try stages.targets.labelled(judgement.item, judgement.annotations, label: $0)
      }
    }
    let training = configuration.stage1.training
    let key = stages.key(
      trees.map { ($0, "") }, start: "",
      settings: training.json + " \(steps)" + training.onlyUpdate(of: trees.count, steps: steps), state)
    let adapter = try await stages.trainSupervised(
      "baselines/full_label", from: nil, trees: trees, training: training, steps: steps, key: key)
    return (adapter, labels.count)
  }

  /// Predictions, calibrated where there is a calibration; where the configuration asks for it, with the threshold that is best
  /// on the dev split.
  private func thresholded(
    _ stated: [Prediction], _ stages: StudentStages<some Student>, _ state: RunState, adapter: URL,
    gold: GoldAnswers<String>, calibration: StudentCalibration?
  ) async throws -> (predictions: [Prediction], devLabels: Int) {
    func calibrated(_ predictions: [Prediction]) -> [Prediction] {
      calibration.map { calibration in predictions.map { $0.calibrated(by: calibration) } } ?? predictions
    }
    let plain = calibrated(stated)
    guard let positive = configuration.positive, configuration.evaluation.choosesThresholdOnDev,
      configuration.labels.count == 2, !state.data.dev.isEmpty,
      let negative = configuration.labels.first(where: { $0.name != positive })?.name
    else { return (plain, 0) }
    let dev = calibrated(try await stages.predict(state.data.dev, adapter: adapter))
    let truth = gold.answers(of: state.data.dev.map(\.id))
    let threshold = bestThreshold(
      dev.compactMap { p in truth[p.itemID].map { (p.probabilities[positive] ?? 0, $0 == positive) } })
    let moved = plain.map { prediction in
      // No threshold gives an answer to what was not asked.
      guard prediction.error == nil else { return prediction }
      var prediction = prediction
      prediction.label = (prediction.probabilities[positive] ?? 0) > threshold ? positive : negative
      return prediction
    }
    return (moved, truth.count)
  }

  /// Stage 2 again with fewer or more labels: accuracy over labels spent.
  private func budgetPoints(
    _ stages: StudentStages<some Student>, _ state: RunState, _ items: [Item], first: TrainedStage,
    second: SecondStage, evaluator: Evaluator, gold: GoldAnswers<String>
  ) async throws -> [EvaluationFile.BudgetPoint] {
    guard !configuration.budgets.isEmpty, state.data.train.contains(where: { gold.has($0.id) }) else { return [] }
    let budgets = Set(configuration.budgets.map { $0.labels(ofItems: state.data.train.count) }).sorted()
    let place = folder.appending(path: "budgets")
    let conflicts = try order(state.conflicts, state, uncertainty: nil)
    var points: [EvaluationFile.BudgetPoint] = []
    for budget in budgets {
      let own = place.appending(path: "\(budget)")
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      let labels = try await goldLabels(
        of: conflicts, upTo: budget, state, budget: budget, journal: own.appending(path: "review.jsonl"))
      let trees = try stages.targets.preferences(state.judgements, labels: labels)
      guard !trees.isEmpty else { continue }
      let stage = try await trainStage2(
        stages, state, way: second.way, name: "budgets/\(budget)/stage2", trees: trees, from: first, stage1: first)
      let predictions = try await stages.predict(items, adapter: stage.adapter)
      let result = evaluator.result(of: predictions, labels: labels.count)
      points.append(
        .init(
          result: ResultName.twoStage.rawValue, labels: labels.count, accuracy: result.accuracy,
          interval: result.interval))
    }
    return points
  }

  private func write(_ predictions: [Prediction], name: String) throws {
    let place = folder.appending(path: "predictions")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let lines = try predictions.map { try encoder.encode($0) + Data("\n".utf8) }
    try OwnerOnly.write(lines.reduce(Data(), +), to: place.appending(path: "\(name).jsonl"))
  }
}

/// The threshold on a probability that gets most cases right; of equally good ones that nearest to one half.
package func bestThreshold(_ cases: [(probability: Double, isPositive: Bool)]) -> Double {
  let sorted = cases.sorted { $0.probability < $1.probability }
  var right = sorted.count { $0.isPositive }
  var best = (right: right, threshold: 0.0)
  for (i, one) in sorted.enumerated() {
    right += one.isPositive ? -1 : 1
    if i + 1 < sorted.count, sorted[i + 1].probability == one.probability { continue }
    let next = i + 1 < sorted.count ? sorted[i + 1].probability : 1
    let threshold = (one.probability + next) / 2
    if right > best.right || right == best.right && abs(threshold - 0.5) < abs(best.threshold - 0.5) {
      best = (right, threshold)
    }
  }
  return best.threshold
}
