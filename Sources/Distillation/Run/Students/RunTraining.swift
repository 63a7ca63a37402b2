internal import Annotations
internal import DPO
internal import Evaluation
internal import Foundation
internal import Layers
internal import LoRA
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Training
internal import TwoStage
internal import ImageDecoding

extension DistillationRun {
  /// The steps that need this student, with its images read.
  func studentSteps<Model: Student>(
    _ base: Model, key baseKey: String, state: RunState
  ) async throws -> any StudentSteps {
    var items = (readsTrainingItems ? state.data.train : state.conflicts.map(\.item)) + state.data.test
    if configuration.readsDev { items += state.data.dev }
    let stages = try await stages(over: base, key: baseKey, labels: state.labels, of: items, in: state.data.dataset)
    return StepsOfStudent(self, stages, state)
  }

  /// Whether anything is trained here, or else conflicts alone are looked at.
  private var readsTrainingItems: Bool {
    let trains: Set<EvaluationConfiguration.Result> = [.stage1SFT, .stage1DPO, .randomLabels, .fullLabel]
    return configuration.stage1.adapter == nil || configuration.stage2.adapter == nil
      || !configuration.budgets.isEmpty || configuration.evaluation.calibration == .budget
      || !trains.isDisjoint(with: configuration.evaluation.results.names)
  }

  /// What trains and asks this student, with the images of these items read.
  func stages<Model: Student>(
    over base: Model, key baseKey: String, labels: LabelSet, of items: [Item], in dataset: Dataset
  ) async throws -> StudentStages<Model> {
    let features = try keepsFeatures(of: base) ? KeptFeatures(cache: tensorCache, student: baseKey) : nil
    let pixels = configuration.data.readPixels
    let images = try await onOwnThread { [reporter, ranks] in
      var isBegun = false
      let images = try StudentImages(of: items, in: dataset, ranks: ranks) { done, all in
        if !isBegun { reporter.begin("images", total: all, unit: "images") }
        isBegun = true
        reporter.advance(to: done)
      } read: { file in
        guard let features else { return try base.image(try pixels.decoder.decode(contentsOf: file.path)) }
        return try features.image(file, of: base, pixels: pixels)
      }
      if isBegun { reporter.finish() }
      features?.cache?.trim()
      // The tower's weights are not read again; the decoder's come back with the first step.
      if isBegun { base.releasePages() }
      return images
    }
    let targets = StageTargets(
      for: base, labels: labels, prompt: try PromptTemplate(configuration.prompt), images: images,
      options: configuration.twoStageOptions)
    return StudentStages(
      configuration: configuration, folder: folder, base: base, baseKey: baseKey, targets: targets,
      reporter: reporter, records: StepRecords(run: folder), cache: tensorCache, ranks: ranks)
  }

  /// Features can be computed once where nothing in front of the decoder is trained, nor differs in the reference.
  func keepsFeatures(of base: some Student) throws -> Bool {
    guard try !base.planAdapters(configuration.student.lora.asLoRA).reachesVision else { return false }
    guard case .adapter(let path) = configuration.stage2.reference else { return true }
    var reference = base
    try reference.loadAdapter(from: URL(filePath: path))
    return !reference.adaptersReachVision
  }

  /// Where features and reference scores are kept for other runs; nil where the configuration keeps none.
  var tensorCache: Tensor.Cache? {
    configuration.cacheFolder.map { Tensor.Cache($0) }
  }

  /// Stage 1: every agreed item, all agreeing teachers' answers to one prompt.
  func stage1(_ stages: StudentStages<some Student>, _ state: RunState) async throws -> TrainedStage {
    if let adapter = configuration.stage1.adapter {
      var stage = try await stages.take("stage1", from: adapter, trainedOn: exportKey(state))
      if readsTrainingItems {
        let examples = try stages.targets.supervised(state.judgements).count
        stage.steps = configuration.stage1.training.options.totalSteps(examples: examples)
      }
      return stage
    }
    let training = configuration.stage1.training
    let (adapter, key, examples): (URL, String, Int)
    switch configuration.stage1.targets {
    case .hard:
      let trees = try usable(stages.targets.supervised(state.judgements), stages, state)
      key = stages.key(
        trees.map { ($0, "") }, start: "", settings: training.keyed(updatesOf: trees.count), state)
      adapter = try await stages.trainSupervised("stage1", from: nil, trees: trees, training: training, key: key)
      examples = trees.count
    case .soft:
      let targets = try usable(stages.targets.soft(state.judgements), stages, state)
      key = stages.key(
        targets.map { ($0.tree, "\($0.weights)") }, start: "", settings: training.keyed(updatesOf: targets.count), state
      )
      adapter = try await stages.trainSoft("stage1", targets: targets, training: training, key: key)
      examples = targets.count
    }
    return TrainedStage(adapter: adapter, key: key, steps: training.options.totalSteps(examples: examples))
  }

  /// Stage 1's examples; none is an error that says why.
  private func usable<Example>(
    _ examples: [Example], _ stages: StudentStages<some Student>, _ state: RunState
  ) throws -> [Example] {
    guard examples.isEmpty else { return examples }
    throw RunError.noExample(stages.targets.setAside.all, by: configuration, state)
  }

  /// Stage 2, in as many rounds as the configuration asks for; in later rounds the student is one more voter.
  func stage2(
    _ stages: StudentStages<some Student>, _ state: RunState, first: TrainedStage,
    uncertainty: [String: [String: Double]]?
  ) async throws -> SecondStage {
    var human = HumanLabels()
    var uncertainty = uncertainty
    var current = first
    var trees: [PreferenceTree] = []
    var steps = 0
    var (way, choice) = (StageWay.preferences, StageChoice?.none)
    for round in 1...configuration.rounds {
      let conflicts = round == 1 ? state.conflicts : try await newConflicts(stages, state, student: current)
      if round > 1, configuration.review.order == .studentUncertainty {
        // What Stage 1 was unsure of may be settled by the labels of the rounds before.
        uncertainty = try await probabilities(stages, of: conflicts, student: current)
      }
      human = try await reviewed(
        state, uncertainty: uncertainty, rounds: round, conflicts: conflicts, given: human)
      let labels = human.labels
      if let adapter = configuration.stage2.adapter {
        let stage = try await stages.take("stage2", from: adapter, trainedOn: exportKey(state, labels: labels))
        // For what is trained beside it.
        let trees = readsTrainingItems ? try stages.targets.preferences(state.judgements, labels: labels) : []
        return SecondStage(
          trained: stage, human: human, trees: trees,
          steps: configuration.stage2.training.options.totalSteps(examples: trees.count), way: way, choice: choice)
      }
      trees = try stages.targets.preferences(state.judgements, labels: labels)
      guard !trees.isEmpty else { continue }
      let name = round == configuration.rounds ? "stage2" : "rounds/\(round)"
      let latest = try await chosenStage2(
        stages, state, name: name, round: round, trees: trees, labels: labels, from: current, stage1: first)
      (current, choice) = (latest.stage, latest.choice)
      // A later round that is left out leaves the student of the one before.
      if latest.way != .none || steps == 0 { way = latest.way }
      // Where the stage is left out what is trained beside it is trained as long as the stage would have been.
      steps += configuration.stage2.training.options.totalSteps(examples: trees.count)
    }
    // Without a labelled conflict Stage 1 is where the student stays; stage2/ is what others load, so it is there too.
    if trees.isEmpty { current = try stages.keep(first, as: "stage2") }
    return SecondStage(
      trained: current, human: human, trees: trees, steps: steps, way: way, choice: choice)
  }

  /// A reference of the caller's own counts by its bytes: another adapter under the same path trains anew. Empty for others.
  func referenceDigest() throws -> String {
    guard case .adapter(let path) = configuration.stage2.reference else { return "" }
    return try digest(of: URL(filePath: path))
  }

  /// One training of Stage 2.
  func trainStage2(
    _ stages: StudentStages<some Student>, _ state: RunState, name: String, trees: [PreferenceTree],
    from start: TrainedStage, stage1: TrainedStage, usesPairs: Bool = true, supervisedWeight: Double? = nil,
    steps: Int? = nil
  ) async throws -> TrainedStage {
    var stage = configuration.stage2
    (stage.adapter, stage.choose) = (nil, nil)
    let weight = supervisedWeight ?? stage.sftWeight
    let reference = try referenceDigest()
    let key = stages.key(
      trees.map { ($0.tree, "\($0.pairs)\($0.chosenAnswers)") }, start: start.key,
      settings: stage.json + "\(usesPairs) \(weight) \(steps ?? 0)" + reference
        + stage.training.onlyUpdate(of: trees.count, steps: steps), state)
    let adapter = try await stages.trainPreferences(
      name, from: start.adapter, trees: trees, usesPairs: usesPairs, supervisedWeight: weight,
      stage1: stage1.adapter, steps: steps, key: key)
    return TrainedStage(
      adapter: adapter, key: key, steps: steps ?? stage.training.options.totalSteps(examples: trees.count))
  }

  /// Item -> label -> the student's probability, on these conflicts.
  func probabilities(
    _ stages: StudentStages<some Student>, of conflicts: [Conflict], student: TrainedStage
  ) async throws -> [String: [String: Double]] {
    let predictions = try await stages.predict(
      conflicts.map(\.item), adapter: student.adapter, scoring: RunRules(of: folder).choosing)
    return Dictionary(uniqueKeysWithValues: predictions.map { ($0.itemID, $0.probabilities) })
  }

  /// Items on which teachers and student together do not agree.
  private func newConflicts(
    _ stages: StudentStages<some Student>, _ state: RunState, student: TrainedStage
  ) async throws -> [Conflict] {
    let predictions = try await stages.predict(
      state.data.train, adapter: student.adapter, scoring: RunRules(of: folder).choosing)
    let votes = zip(state.judgements, predictions).map { judgement, prediction in
      let own = prediction.label.map {
        Vote(
          teacher: "student", label: $0,
          confidence: prediction.confidence.map { Confidence($0, source: .labelTokenProbability) })
      }
      return judgement.annotations.compactMap(\.vote) + (own.map { [$0] } ?? [])
    }
    let rule = try rule(
      over: VoteTable(teachers: state.teachers + ["student"], items: state.train.items.map(\.id), votes))
    return zip(state.judgements, votes).compactMap { judgement, votes in
      rule.verdict(on: votes) == .conflict
        ? Conflict(item: judgement.item, annotations: judgement.annotations) : nil
    }
  }
}

/// An adapter that a stage has trained.
struct TrainedStage: Sendable {
  let adapter: URL
  let key: String
  /// Updates; of an adapter that was trained elsewhere those that training here would take, where that is known.
  var steps: Int
}

/// What Stage 2 ended with.
struct SecondStage: Sendable {
  let trained: TrainedStage
  let human: HumanLabels
  let trees: [PreferenceTree]
  /// Updates of all rounds.
  let steps: Int
  /// What the last round did that was not left out.
  let way: StageWay
  /// How that was chosen; nil where it was not.
  let choice: StageChoice?

  /// Item -> label.
  var labels: [String: String] { human.labels }

  /// What the stage was, in a few words.
  var detail: String {
    switch way {
    case .preferences: "LoRA and DPO on \(labels.count) labelled conflicts"
    case .supervised: "LoRA on \(labels.count) labelled conflicts, without preferences"
    case .none: "left out: the student is that of Stage 1"
    }
  }

  /// The labels of development items that the way was chosen by; none where they were too few to choose by.
  var devLabels: Int {
    guard let choice, choice.reason == nil, choice.source == Stage2Configuration.Choice.dev.rawValue else { return 0 }
    return choice.labels
  }
}

extension StudentStages {
  /// The key of a stage: everything that its result depends on.
  func key(
    _ trees: [(tree: AnswerTree, note: String)], start: String, settings: String, _ state: RunState
  ) -> String {
    let tokens = trees.map { "\($0.tree.prompt) \($0.tree.answers) \($0.note)" }.joined(separator: "\n")
    return StepRecords.key(
      baseKey, configuration.student.lora.json, "\(configuration.seed)", start, settings, state.data.key,
      state.train.keys, tokens)
  }
}

/// The digest of a student that comes from code: of its parameters.
struct StudentDigest {
  mutating func of(_ student: some Student) -> String {
    StepRecords.key(
      student.parameters().map { path, parameter in
        parameter.value.withScalars { scalars in
          "\(path) \(parameter.value.shape) \(scalars.reduce(0) { ($0 &* 31) &+ UInt64($1.bitPattern) })"
        }
      }.joined(separator: "\n"))
  }
}
