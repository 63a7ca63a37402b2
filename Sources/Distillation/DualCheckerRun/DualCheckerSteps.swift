internal import Annotations
internal import DualChecker
internal import Evaluation
internal import Foundation
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import TextStudents

/// The steps of a run of the method `dualchecker` in the order in which they are carried out, and what later ones need of
/// earlier ones: found once, and only where a step is not skipped.
final class DualCheckerSteps {
  private let run: DualCheckerRun
  private let engine: StepEngine
  private let records: DualCheckerRecords
  private let hashed: HashedNGramEncoder
  private let teachers: DualCheckerTeachers
  private let conductor: StudentConductor

  private var foundWork: Work?
  private var foundState: DualCheckerState?
  private var foundExamples: DualCheckerLoop.FinalExamples?
  private var foundStudent: (any DualCheckerStudent)?

  /// What labelling, training and scoring work with.
  private struct Work {
    let data: DualCheckerData
    let untrained: any DualCheckerStudent
    let loop: DualCheckerLoop
    let retrievalPrompt: String?
  }

  init(_ run: DualCheckerRun) throws {
    self.run = run
    engine = StepEngine(records: StepRecords(run: run.folder), reporter: run.reporter)
    conductor = StudentConductor(run.ranks)
    records = try DualCheckerRecords(run.configuration, rows: RunRules(of: run.folder).rows)
    if let listed = records.setAside.listed { run.reporter.warn(listed) }
    if records.poolSize == 0 {
      let learners = [run.configuration.teacher, run.configuration.second].compactMap(\.self).filter {
        $0.kind == .inContext
      }
      run.reporter.warn(
        "no training record has a label: teachers are asked without demonstrations, and the template's versions are not compared"
          + learners.map {
            "; teacher '\($0.name)' learns from demonstrations alone, and goes by what task.labels says of their meaning"
          }.joined())
    }
    hashed = HashedNGramEncoder(suiting: records.training.map(\.wholeText))
    teachers = try DualCheckerTeachers(run, task: records.task, hashed: hashed, conductor: conductor)
  }

  /// Skips or carries out every step.
  func carryOut() async throws {
    // Labelling says it as it goes on; scoring asks too.
    defer { if let closing = teachers.ledger.closing { run.reporter.message(closing) } }
    try run.agree(records)
    if run.configuration.student.model == nil { try await makeBase() }
    let key = try StepRecords.key(
      run.settings, records.key, FileDigests(cache: nil).digest(ofModel: model),
      teachers.teacher(run.configuration.teacher).model)
    try await step("label", key, ["loop.json"]) { _ = try await self.state(key) }
    let trained = try studentKey(key)
    try await step("student", trained, ["student/trained.safetensors"]) { _ = try await self.student(key) }
    var scored = run.configuration.task.ordered == true ? StepRecords.key(trained, "ordered") : trained
    if let source = run.configuration.evaluation.calibration {
      scored = StepRecords.key(
        scored, "calibration", source.rawValue, records.developmentDigest ?? "", StudentCalibration.rule)
    }
    let learned = run.configuration.evaluation.calibration == nil ? [] : ["calibration.json"]
    try await step("evaluate", scored, ["evaluation.json"] + learned) { try await self.evaluate(key) }
    let page = StepRecords.key(trained, run.configuration.yaml)
    try await step("report", page, ["report.html"]) {
      guard let evaluation = try self.run.evaluation else { throw RunError.missing("evaluation.json") }
      try await self.run.writeReport(evaluation, self.state(key), key: key)
    }
    for (watch, name) in zip(
      teachers.watches, [run.configuration.teacher, run.configuration.second].compactMap(\.?.name))
    {
      if let words = watch.tally.words { run.reporter.message("teacher \(name): \(words)") }
    }
    run.reporter.say(skipped: engine.outcomes)
    if run.ranks.count > 1 { try conductor.end() }
  }

  private func step(
    _ name: String, _ inputs: String, _ outputs: [String], _ body: @escaping () async throws -> Void
  ) async throws {
    _ = try await engine.carryOut(
      Step(name: name, inputs: StepInputs(key: inputs), outputs: outputs.map { run.folder.appending(path: $0) }) {
        try await body()
        return .init(key: inputs)
      })
  }

  private var model: URL {
    run.configuration.student.model.map { URL(filePath: $0) } ?? run.folder.appending(path: "base")
  }

  private func makeBase() async throws {
    let configuration = run.configuration
    let key = StepRecords.key("\(configuration.student.fresh)", "\(configuration.seed)", records.key)
    try await step("base", key, ["base/config.json"]) {
      try configuration.student.fresh.write(
        to: self.model, texts: self.records.training.map(\.text), seed: UInt64(configuration.seed))
    }
  }

  private func evaluate(_ key: String) async throws {
    let work = try await work()
    let evaluation = try await run.evaluate(
      work.loop, state(key), student: student(key), learned: examples(key), data: work.data, untrained: work.untrained,
      teachers: teachers)
    let json = JSONEncoder()
    json.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try (json.encode(evaluation) + Data("\n".utf8)).write(
      to: run.folder.appending(path: "evaluation.json"), options: .atomic)
  }

  private func work() async throws -> Work {
    if let foundWork { return foundWork }
    let folderEncoder = try run.folderEncoder()
    let encoder: any SentenceEncoder = folderEncoder ?? hashed
    let data = try await DualCheckerData(records, run.configuration, encoder: encoder)
    let untrained = try untrained(data.task)
    try untrained.check(records.ofStudent)
    if let sentence = records.cut(by: untrained).sentence { run.reporter.warn(sentence) }
    let loop = try await run.loop(data, teachers: teachers, encoder: encoder)
    let work = Work(data: data, untrained: untrained, loop: loop, retrievalPrompt: folderEncoder?.prompt)
    foundWork = work
    return work
  }

  /// The student as it begins, that of the other ranks along with it.
  private func untrained(_ task: LabellingTask) throws -> any DualCheckerStudent {
    let student = try run.student(task, model: model)
    guard run.ranks.count > 1 else { return student }
    try conductor.begin()
    if run.configuration.student.model == nil { _ = try RankFolder.place(of: model, run.ranks) }
    return RankedStudent(student, conductor)
  }

  private func state(_ key: String) async throws -> DualCheckerState {
    if let foundState { return foundState }
    let finished = try run.finishedState(key)
    let state: DualCheckerState
    if let finished {
      state = finished
    } else {
      let work = try await work()
      if [run.configuration.teacher, run.configuration.second].contains(where: { $0?.kind == .openAI }) {
        run.reporter.message("about to ask " + run.requestsAtMost(about: records))
      }
      state = try await run.label(
        work.loop, data: work.data, student: work.untrained, retrievalPrompt: work.retrievalPrompt,
        teachers: teachers, key: key)
    }
    foundState = state
    return state
  }

  /// What the final student is made from, where that is more than what the labels are made from.
  private func studentKey(_ key: String) throws -> String {
    let noise = try run.labelNoise
    return noise == .none ? key : StepRecords.key(key, "label_noise", noise.rawValue)
  }

  private func student(_ key: String) async throws -> any DualCheckerStudent {
    if let foundStudent { return foundStudent }
    let work = try await work()
    let student = try await run.finalStudent(work.loop, state(key), from: work.untrained, key: studentKey(key)) {
      try await self.examples(key).examples
    }
    foundStudent = student
    return student
  }

  private func examples(_ key: String) async throws -> DualCheckerLoop.FinalExamples {
    if let foundExamples { return foundExamples }
    let (loop, state) = (try await work().loop, try await state(key).loop)
    if loop.options.labelNoise == .posterior {
      run.reporter.message("judging labels by the words of the other records")
    }
    let examples = loop.finalExamples(state)
    foundExamples = examples
    return examples
  }
}
