internal import Annotations
internal import Evaluation
internal import Foundation
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import DistillationConfiguration

/// The steps of a run of the two-stage method in the order in which they are carried out.
///
/// What a step reads is known from files and from what came of the steps before it, so that a finished run is looked
/// through without a model or a row being read. What one step finds the later ones take from here; where the step itself was
/// skipped it is found again, without asking or training.
final class RunSteps {
  private let run: DistillationRun
  private let configuration: RunConfiguration
  private let engine: StepEngine
  private let labels: LabelSet
  private let files: DataFiles
  private let rules: RunRules
  private var keys: [String: String] = [:]
  /// The step that is asked for.
  private var last = RunStep.report

  private var foundData: RunData?
  private var foundState: RunState?
  private var foundStudent: (any StudentSteps)?
  private var foundBaseKey: String?
  /// What people decided so far, where that is kept on a server.
  private var decided: String?
  private var hasUsableAdapter = false

  init(_ run: DistillationRun) throws {
    self.run = run
    configuration = run.configuration
    engine = StepEngine(records: StepRecords(run: run.folder), reporter: run.reporter)
    labels = try configuration.labelSet()
    files = try DataFiles(configuration)
    rules = try RunRules(of: run.folder)
  }

  /// All parts up to and with a step.
  func parts(through last: RunStep) -> [Part] {
    var order = RunStep.allCases
    if configuration.review.order == .studentUncertainty {
      order = [.annotate, .agree, .stage1, .review, .stage2, .evaluate, .report]
    }
    var parts: [Part] = []
    let isFresh = run.plugins.student == nil && configuration.student.model == nil
    for teacher in configuration.teachers {
      guard case .trained(let recipe) = teacher.source else { continue }
      if recipe.base == nil, configuration.student.model == nil, !parts.contains(.base) { parts.append(.base) }
      parts.append(.teacher(teacher.name))
    }
    for step in order {
      if step == .stage1, isFresh, !parts.contains(.base) { parts.append(.base) }
      parts.append(.step(step))
      if step == last { break }
    }
    return parts
  }

  /// Skips or carries out every part up to and with a step.
  func carryOut(through last: RunStep) async throws {
    self.last = last
    defer { if let student = foundStudent { run.say(setAside: student.setAside) } }
    try run.agree(files)
    for part in parts(through: last) {
      if part == .step(.review), run.asksOnServer {
        decided = try await run.ofFirst("people's decisions") { try await run.decisionsOnServer(files) }
      }
      try run.ranks.agree([("what \(part.name) is made from", inputs(of: part)?.key ?? "")], "the step \(part.name)")
      keys[part.name] = try await engine.carryOut(
        Step(
          name: part.name, inputs: inputs(of: part), outputs: outputs(of: part).map { run.folder.appending(path: $0) },
          // Later rounds write to it, too.
          growing: [run.folder.appending(path: "review.jsonl")],
          includes: part == .step(.evaluate)
            ? ["baselines", "budgets", "calibration"] : part == .step(.stage2) ? ["rounds", "choice"] : []
        ) {
          try await self.body(of: part)
        })
    }
    run.reporter.say(skipped: engine.outcomes)
  }

  // MARK: - What parts are made from

  /// Development items as a part of inputs.
  private func developmentData() throws -> [String: String] {
    try images().merging(["the data": files.key]) { own, _ in own }
  }

  /// The images' content as a part of inputs; none for items without images, and where the run's rules don't count it.
  private func images() throws -> [String: String] {
    guard rules.images == .byContent, configuration.data.fields.image != nil, let images = try data().images else {
      return [:]
    }
    return ["the images": images]
  }

  private func key(_ part: Part) -> String { keys[part.name] ?? "" }

  private func inputs(of part: Part) throws -> StepInputs? {
    let version = StepRecords.version
    func settings(_ step: RunStep) -> String { configuration.settingsKey(for: step) }
    // Figures of agreement and the order of conflicts go by the levels, where labels are some.
    let order = configuration.levels.map { ["ordered in the configuration": $0.joined(separator: "\n")] } ?? [:]
    switch part {
    case .base: return try StepInputs(key: run.freshBaseKey(files))
    case .teacher(let name): return try StepInputs(key: trainedTeacher(name).key)
    case .step(.annotate):
      let teachers = try configuration.teachers.map { try files(of: $0) }
      let own = run.plugins.teachers.map { "\($0.name) \($0.model)" }
      // Without figures about teachers they are asked about training items alone.
      let asked = configuration.evaluation.asksTeachers ? "" : " on training items"
      let settings = settings(.annotate)
      return try StepInputs(
        settings: settings,
        [
          "the version": version, "the data": files.key, StepInputs.settings: settings, "the run's rules": rules.key,
          "the files of teachers": teachers.joined(separator: "\n"),
          "teachers from code": own.joined(separator: "\n") + asked,
        ], and: images())
    case .step(.agree):
      guard run.plugins.agreement == nil else { return nil }
      return StepInputs(
        [
          "the version": version, "the teachers' replies": key(.step(.annotate)),
          "agreement in the configuration": configuration.agreement.json,
        ], and: order)
    case .step(.review):
      let answers = [configuration.review.file, run.reviewJournal.path].compactMap(\.self)
        .filter { FileManager.default.fileExists(atPath: $0) }
      return try StepInputs(
        [
          "the version": version, "what the votes came to": key(.step(.agree)),
          "review in the configuration": configuration.review.keyed,
          "rounds or seed in the configuration": "\(configuration.rounds) \(configuration.seed)",
          "what stage1 came to": configuration.review.order == .studentUncertainty ? key(.step(.stage1)) : "",
          "people's answers": answers.map { try digest(of: URL(filePath: $0)) }.joined(separator: "\n"),
        ], and: order.merging(decided.map { ["people's decisions on the server": $0] } ?? [:]) { own, _ in own })
    case .step(.stage1):
      let settings = settings(.stage1)
      return try StepInputs(
        settings: settings,
        [
          "the version": version, "the teachers' replies": key(.step(.annotate)),
          "what the votes came to": key(.step(.agree)), StepInputs.settings: settings, "the run's rules": rules.key,
          "the student's base": baseKey(),
        ], and: taken(configuration.stage1.adapter, "stage1.adapter"))
    case .step(.stage2):
      let settings = settings(.stage2)
      return try StepInputs(
        settings: settings,
        [
          "the version": version, "what stage1 came to": key(.step(.stage1)), "the human labels": key(.step(.review)),
          StepInputs.settings: settings, "the reference's adapter": run.referenceDigest(),
        ],
        and: taken(configuration.stage2.adapter, "stage2.adapter")
          // Development items are none of what stage1 came to.
          .merging(configuration.stage2.choose == .dev ? developmentData() : [:]) { own, _ in own })
    case .step(.evaluate):
      let settings = settings(.evaluate)
      return try StepInputs(
        settings: settings,
        [
          "the version": version, "what stage2 came to": key(.step(.stage2)),
          "the teachers' replies": key(.step(.annotate)), "what the votes came to": key(.step(.agree)),
          "the data": files.key, StepInputs.settings: settings,
          "what the caller says of teachers' labels": "\(run.plugins.teacherLabels ?? -1)",
        ],
        and: (configuration.review.opinionsOfItem > 1 ? ["the human labels": key(.step(.review))] : [:])
          .merging(
            configuration.evaluation.calibration == nil
              ? [:] : ["how calibrations are learned": StudentCalibration.rule]
          ) { own, _ in own }
          .merging(images()) { own, _ in own })
    case .step(.report):
      let settings = settings(.report)
      return StepInputs(
        settings: settings,
        ["the version": version, "the evaluation": key(.step(.evaluate)), StepInputs.settings: settings])
    }
  }

  private func outputs(of part: Part) -> [String] {
    switch part {
    case .base, .teacher: ["\(part.name)/model.safetensors"]
    case .step(.annotate): ["replies.jsonl"]
    case .step(.agree): ["agreement.json"]
    case .step(.review): configuration.review.source == .oracle ? ["review.jsonl"] : []
    case .step(.stage1), .step(.stage2):
      ["adapter_config.json", "adapter_model.safetensors"].map { "\(part.name)/\($0)" }
    case .step(.evaluate):
      ["evaluation.json", "predictions"] + (configuration.evaluation.calibration == nil ? [] : ["calibration.json"])
    case .step(.report): ["report.html"]
    }
  }

  private func baseKey() throws -> String {
    if let foundBaseKey { return foundBaseKey }
    let key = try run.baseKey()
    foundBaseKey = key
    return key
  }

  /// A digest of the files that a teacher answers from.
  private func files(of teacher: TeacherConfiguration) throws -> String {
    switch teacher.source {
    case .recorded(let recorded): try digest(of: URL(filePath: recorded.file))
    case .model(let model):
      try configuration.digests.digest(ofModel: URL(filePath: model.model))
        + (model.adapter.map { try " " + configuration.digests.digest(of: URL(filePath: $0)) } ?? "")
    case .trained: key(.teacher(teacher.name))
    case .openAI, .decision: ""
    }
  }

  /// An adapter that was trained elsewhere, as a part of inputs.
  private func taken(_ adapter: String?, _ name: String) throws -> [String: String] {
    guard let adapter else { return [:] }
    return [name: try TakenAdapter(URL(filePath: adapter), key: name).digest]
  }

  private func trainedTeacher(_ name: String) throws -> TrainedTeacher {
    guard let teacher = configuration.teachers.first(where: { $0.name == name }),
      case .trained(let recipe) = teacher.source
    else { preconditionFailure("RunSteps: \(name) is no teacher that the run trains") }
    let base = try recipe.base.map { URL(filePath: $0) } ?? run.basePath()
    return try TrainedTeacher(
      name: name, recipe: recipe, base: base,
      key: StepRecords.key(
        files.key + images().values.joined(), configuration.digests.digest(ofModel: base), recipe.json,
        recipe.prompt ?? configuration.prompt,
        labels.labels.map { "\($0.name) \($0.answer) \($0.meaning)" }.joined(separator: "\n"), "\(configuration.seed)"))
  }

  // MARK: - How they are carried out

  /// Looks, before anything is made or asked for it, whether the student can be trained.
  private func checkAdapter() throws {
    guard !hasUsableAdapter, !last.isBefore(.stage1) else { return }
    try run.refuseUnusableAdapter()
    hasUsableAdapter = true
  }

  private func body(of part: Part) async throws -> Step.Result {
    switch part {
    case .base, .teacher, .step(.annotate): try checkAdapter()
    case .step: break
    }
    switch part {
    case .base:
      let key = try run.freshBaseKey(files)
      try await run.makeFreshBase(data(), labels: labels, key: key)
      return .init(key: key)
    case .teacher(let name):
      let teacher = try trainedTeacher(name)
      try await run.make(teacher, data())
      return .init(key: teacher.key)
    case .step(.annotate):
      let state = try await state()
      if let news = try run.newReplies(state.train, state.test) { run.reporter.message(news) }
      try run.writeReplies(state.train, state.test)
      return .init(
        key: StepRecords.key(state.data.key, state.train.keys, state.test.keys),
        isWhole: state.train.failures.isEmpty && state.test.failures.isEmpty)
    case .step(.agree):
      let state = try await state()
      let report = try AgreementReport(state.train.votes, levels: run.configuration.levels).json()
      try Data((report + "\n").utf8).write(to: run.folder.appending(path: "agreement.json"), options: .atomic)
      return .init(key: state.verdictsKey)
    case .step(.review):
      let human = try await run.reviewed(state(), uncertainty: firstUncertainty())
      if let expected = try await run.expectation(state(), human) { run.reporter.message(expected.sentence) }
      let lines = human.labels.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      // Where every label is one person's, it says nothing more.
      let more = human.opinions.filter { $0.value != 1 || human.labels[$0.key] == nil }.sorted { $0.key < $1.key }
      return .init(
        key: StepRecords.key((lines + more.map { "\($0.key) by \($0.value)" }).joined(separator: "\n")))
    case .step(.stage1): return try await .init(key: student().stage1().key)
    case .step(.stage2): return try await .init(key: student().stage2().trained.key)
    case .step(.evaluate):
      try await student().evaluate()
      return try .init(key: digest(of: run.folder.appending(path: "evaluation.json")))
    case .step(.report):
      try await student().report(engine.outcomes)
      return .init(key: key(.step(.evaluate)))
    }
  }

  // MARK: - What they find

  private func data() throws -> RunData {
    if let foundData { return foundData }
    let data = try run.readData(files, labels)
    // Before teachers are asked and paid.
    if configuration.review.source == .oracle, data.gold == nil, !last.isBefore(.review) {
      throw data.nothingToReview
    }
    // Before teachers are made, which takes time.
    if configuration.teachers.contains(where: { $0.kind == .trained }) {
      var recorded = configuration
      recorded.teachers = configuration.teachers.filter { $0.kind == .recorded }
      let plainIDs = data.plainIDs
      try RunTeachers(recorded, labels: labels, plugins: RunPlugins(), folder: run.folder, plainIDs: plainIDs)
        .refuseSilentRecords(on: data.train)
    }
    foundData = data
    return data
  }

  private func state() async throws -> RunState {
    if let foundState { return foundState }
    let state = try await run.state(data(), labels: labels)
    foundState = state
    return state
  }

  private func student() async throws -> any StudentSteps {
    if let foundStudent { return foundStudent }
    let student = try await run.studentSteps(run.loadBase(), key: baseKey(), state: state())
    foundStudent = student
    return student
  }

  /// The student's probabilities on the conflicts, where people are asked by them.
  private func firstUncertainty() async throws -> [String: [String: Double]]? {
    guard configuration.review.order == .studentUncertainty else { return nil }
    return try await student().uncertainty()
  }
}
