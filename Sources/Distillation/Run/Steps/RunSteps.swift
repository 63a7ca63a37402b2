internal import Annotations
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
  let run: DistillationRun
  let configuration: RunConfiguration
  private let engine: StepEngine
  let labels: LabelSet
  let files: DataFiles
  let rules: RunRules
  var keys: [String: String] = [:]
  /// The step that is asked for.
  private var last = RunStep.report

  private var foundData: RunData?
  private var foundState: RunState?
  private var foundStudent: (any StudentSteps)?
  var foundBaseKey: String?
  /// What people decided so far, where that is kept on a server.
  var decided: String?
  private var hasUsableAdapter = false
  /// Whether the teachers' step was carried out, as it is where the data has changed.
  var hasReadAnew: Bool { engine.outcomes.contains { $0.name == RunStep.annotate.rawValue && !$0.wasSkipped } }

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
    try forgetIdleStages(parts(through: last))
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
      // Before people are asked.
      if configuration.stage1.adapter == nil, !last.isBefore(.stage1),
        try await Stage1Supply(configuration.twoStageOptions, state()).isEmpty
      {
        throw try await RunError.nothingAgreed(by: configuration, state())
      }
      let human = try await run.reviewed(state(), uncertainty: firstUncertainty())
      if let expected = try await run.expectation(state(), human) { run.reporter.message(expected.sentence) }
      let lines = human.labels.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      // Where every label is one person's, it says nothing more.
      let more = human.opinions.filter { $0.value != 1 || human.labels[$0.key] == nil }.sorted { $0.key < $1.key }
      let labels = StepRecords.key((lines + more.map { "\($0.key) by \($0.value)" }).joined(separator: "\n"))
      return .init(key: HumanKey(labels: labels, setAside: human.setAside).text)
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

  func data() throws -> RunData {
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
