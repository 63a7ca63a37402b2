internal import Annotations
internal import DPO
internal import Foundation
internal import Layers
internal import LoRA
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import DistillationConfiguration
internal import Evaluation
internal import Reporting
internal import Training
internal import TwoStage

/// Trains and asks the student of one run; everything it writes is in the run's folder.
struct StudentStages<Model: Student>: Sendable {
  let configuration: RunConfiguration
  let folder: URL
  let base: Model
  let baseKey: String
  let targets: StageTargets<Model>
  let reporter: ProgressReporter
  let records: StepRecords
  /// Where the reference's scores are kept for other runs; nil for nowhere.
  let cache: Tensor.Cache?
  /// The processes among which work is dealt out.
  let ranks: any Ranks

  private var seed: UInt64 { UInt64(configuration.seed) }

  /// The base with a fresh adapter, or with one that was trained before, and what that adapter is like.
  private func student(adapter: URL?) throws -> (model: Model, lora: LoRAConfiguration) {
    var student = base
    if let adapter {
      let lora = try student.loadAdapter(from: adapter)
      return (student, lora)
    }
    let lora = configuration.student.lora.asLoRA
    try student.attachAdapter(lora, seed: seed)
    return (student, lora)
  }

  /// Supervised training from an adapter (nil: a fresh one) to `folder/name`; skipped where it is done.
  func trainSupervised(
    _ name: String, from start: URL?, trees: [AnswerTree], training: TrainingConfiguration, steps: Int? = nil,
    key: String
  ) async throws -> URL {
    try await train(
      name, from: start, objective: SupervisedObjective(trees), training: training, steps: steps, key: key)
  }

  /// Supervised training of a fresh adapter on soft targets to `folder/name`; skipped where it is done.
  func trainSoft(
    _ name: String, targets: [SoftTarget], training: TrainingConfiguration, key: String
  ) async throws -> URL {
    try await train(name, from: nil, objective: SoftTargetObjective(targets), training: training, steps: nil, key: key)
  }

  /// Preference training from Stage 1's adapter to `folder/name`; skipped where it is done.
  ///
  /// - Parameters:
  ///   - usesPairs: false leaves the preference loss out.
  ///   - supervisedWeight: λ.
  func trainPreferences(
    _ name: String, from start: URL, trees: [PreferenceTree], usesPairs: Bool, supervisedWeight: Double,
    stage1: URL, steps: Int? = nil, key: String
  ) async throws -> URL {
    let stage = configuration.stage2
    let trees = usesPairs ? trees : trees.map { $0.withoutPairs() }
    let done = folder.appending(path: name)
    if records.isDone(name, key: key, outputs: Self.files(of: done), reporter: reporter) { return done }
    let reference: [ReferenceScores]? = try await onOwnThread {
      usesPairs ? try self.reference(trees, stage1: stage1) : nil
    }
    var options = configuration.twoStageOptions
    options.supervisedWeight = Float(supervisedWeight)
    let objective = PreferenceTrainingObjective<Model>(
      trees, reference: reference, objective: options.preferenceObjective)
    return try await train(
      name, from: start, objective: objective, training: stage.training, steps: steps, key: key)
  }

  /// The reference's scores of all answers, by the configuration's choice.
  private func reference(_ trees: [PreferenceTree], stage1: URL) throws -> [ReferenceScores]? {
    let adapter: URL?
    switch configuration.stage2.reference {
    case .some(.none), nil: return nil
    case .base: adapter = nil
    case .stage1Adapter: adapter = stage1
    case .adapter(let path): adapter = URL(filePath: path)
    }
    let scorer = try adapter.map { try student(adapter: $0).model } ?? base
    let key = try baseKey + (adapter.map { try digest(of: $0.appending(path: "adapter_model.safetensors")) } ?? "")
    return try KeptReference(cache: cache, scorer: key, ranks: ranks).scores(of: trees, under: scorer)
  }

  private func train(
    _ name: String, from start: URL?, objective: some TrainingObjective<Model>, training: TrainingConfiguration,
    steps: Int?,
    key: String
  ) async throws -> URL {
    try await onOwnThread {
      try trainHere(name, from: start, objective: objective, training: training, steps: steps, key: key)
    }
  }

  private func trainHere(
    _ name: String, from start: URL?, objective: some TrainingObjective<Model>, training: TrainingConfiguration,
    steps: Int?,
    key: String
  ) throws -> URL {
    let output = folder.appending(path: name)
    if records.isDone(name, key: key, outputs: Self.files(of: output), reporter: reporter) { return output }
    let began = Date()
    records.begin(name)
    var (student, lora) = try self.student(adapter: start)
    let checkpoint = Checkpoint(
      url: folder.appending(path: "checkpoints/\(name.replacing("/", with: "-")).safetensors"), key: key)
    var options = training.options
    options.steps = steps
    var trainer = Trainer(stage: name, options: options, seed: seed, checkpoint: checkpoint)
    trainer.ranks = ranks
    let done = try checkpoint.steps() ?? 0
    let total = options.totalSteps(examples: objective.exampleCount)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let log = try MetricsLog(file: folder.appending(path: "metrics.jsonl"), stage: name, after: done)
    let events = folder.appending(path: "events/\(name)")
    try FileManager.default.createDirectory(at: events, withIntermediateDirectories: true)
    let board = try TensorBoardWriter(folder: events, resumingAfter: done > 0 ? done : nil)
    reporter.begin(name, total: total, done: done, unit: "updates")
    try trainer.train(&student, objective: objective, adapter: lora) { update in
      let values = Dictionary(uniqueKeysWithValues: update.values.map { ($0.name, $0.value) })
      try log.append(MetricsRow(stage: name, step: update.step, values: values))
      try board.add(values, step: update.step)
      reporter.advance(to: update.step, note: String(format: "loss %.4f", update.metrics.loss))
    }
    reporter.finish()
    try student.saveAdapter(
      to: output, configuration: lora, baseModel: configuration.student.model ?? "base", taskType: "CAUSAL_LM")
    try records.finish(name, key: key, outputs: Self.files(of: output), seconds: Date().timeIntervalSince(began))
    checkpoint.remove()
    return output
  }

  /// The files of an adapter in a folder.
  static func files(of folder: URL) -> [URL] {
    AdapterFolder.files.map { folder.appending(path: $0) }
  }

  /// Takes a stage's adapter over under another name.
  func keep(_ stage: TrainedStage, as name: String) throws -> TrainedStage {
    let output = folder.appending(path: name)
    let kept = TrainedStage(adapter: output, key: stage.key, steps: 0)
    if records.isDone(name, key: stage.key, outputs: Self.files(of: output), reporter: reporter) { return kept }
    records.begin(name)
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    for file in Self.files(of: output) {
      let bytes = try Data(contentsOf: stage.adapter.appending(path: file.lastPathComponent))
      try bytes.write(to: file, options: .atomic)
    }
    return kept
  }

  /// The student's answer to each item: the most probable label, with probabilities and, if wanted, a rationale.
  ///
  /// - Parameters:
  ///   - rationales: whether a rationale is wanted. A student that answers by its label alone has none.
  ///   - scoring: how the labels' probabilities are made; what the run's rules say where something is chosen by them.
  ///   - calibration: of the probabilities, by which the label is chosen then; nil for as they are.
  ///   - isPart: whether others begin and end the progress of which these items are a part.
  func predict(
    _ items: [Item], adapter: URL?, rationales: Bool = false, scoring: LabelScoring = .ended,
    calibration: StudentCalibration? = nil, isPart: Bool = false
  ) async throws -> [Prediction] {
    let rationales = rationales && configuration.student.answer != .label
    return try await onOwnThread {
      if !isPart { reporter.begin("student's answers", total: items.count, unit: "items") }
      defer { if !isPart { reporter.finish() } }
      return try predictHere(
        items, adapter: adapter, rationales: rationales, scoring: scoring, calibration: calibration)
    }
  }

  private func predictHere(
    _ items: [Item], adapter: URL?, rationales: Bool, scoring: LabelScoring, calibration: StudentCalibration?
  ) throws -> [Prediction] {
    var student = base
    if let adapter { try student.loadAdapter(from: adapter) }
    return try targets.predictions(
      for: items, by: student, rationaleTokens: rationales ? configuration.student.maximumNewTokens : 0,
      scoring: scoring, calibration: calibration, ranks: ranks
    ) { [reporter] in reporter.advance(by: $0) }
  }
}

extension PreferenceTree {
  /// The same answers with nothing rejected: supervised training alone.
  func withoutPairs() -> PreferenceTree { PreferenceTree(tree: tree, chosen: chosenAnswers, rejected: []) }
}
