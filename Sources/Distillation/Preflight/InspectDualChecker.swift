internal import ConfigurationFiles
internal import DualChecker
internal import Evaluation
internal import Foundation
internal import DistillationConfiguration
internal import TeacherProtocol
internal import TwoStage
internal import Wording

extension RunCheck {
  /// Looks at a configuration of the method `dualchecker`: records, labels, pool, teacher, student.
  static func inspectChecked(
    _ file: URL, dataFolder: URL?, setting: [ConfigurationSetting], environment: [String: String],
    speed: MachineSpeed? = nil
  ) -> [CheckFinding] {
    var findings: [CheckFinding] = []
    let run: DualCheckerConfiguration
    do throws(ConfigurationError) {
      run = try DualCheckerConfiguration(contentsOf: file, dataFolder: dataFolder, setting: setting)
    } catch {
      return error.problems.map { CheckFinding(.error, "configuration", "\(file.relativePath): \($0)") }
    }
    findings.ok(
      "configuration",
      "dualchecker, \(run.task.kind.rawValue), \(NumberText.counted(run.task.labels.count, "label")), seed \(run.seed)")
    var records: DualCheckerRecords?
    do {
      let data = try DualCheckerRecords(run, rows: .ofFile)
      records = data
      let toLabel = data.training.count - data.poolSize
      findings.ok(
        "data",
        "\(NumberText.counted(toLabel, "record")) to label, \(data.poolSize) in the labelled pool, "
          + "\(data.test.count) to score")
      if !data.setAside.isEmpty {
        findings.append(
          CheckFinding(
            .warning, "data", "\(NumberText.counted(data.setAside.count, "row")) set aside",
            details: data.setAside.prefix(5).map { "\($0)" }))
      }
      if let unscored = data.unscored { findings.warn("data.fields.label", unscored) }
      inspectOccurrence(data, into: &findings)
      inspectCalibration(run, data, into: &findings)
      if data.poolSize == 0 {
        findings.append(CheckFinding(.warning, "aligner.pool", "no labelled record: the teacher has no demonstrations"))
      }
      if toLabel == 0 {
        findings.warn(
          "aligner.pool",
          "it takes all \(NumberText.counted(data.poolSize, "record")), so the teacher labels none; lower it")
      }
      let questions = DualCheckerQuestions(run, pool: data.poolSize, toLabel: toLabel, test: data.test.count)
      if let budget = run.loop.budget,
        let fault = PoolExceedsBudget(
          budget: budget, pool: data.poolSize, questions: questions.pool, toLabel: toLabel)
      {
        findings.fail("loop.budget", FaultText.sentence(for: fault))
      } else if let budget = run.loop.budget, budget < questions.least {
        findings.append(
          CheckFinding(
            .warning, "loop.budget",
            "\(budget) questions do not reach all records, which take at least \(questions.least)"))
      } else {
        findings.ok(
          "questions",
          "at least \(questions.least), at most \(questions.most) to label the records, at most \(questions.scoring) to "
            + "score")
      }
      inspectCheckedCost(run, data, questions, speed: speed, into: &findings)
    } catch {
      findings.append(CheckFinding(.error, "data", FaultText.sentence(for: error)))
    }
    for (key, teacher) in [("teacher", run.teacher as DualCheckerTeacherConfiguration?), ("second", run.second)] {
      guard let teacher, teacher.kind == .openAI, let name = teacher.service.keyVariable else { continue }
      if environment[name]?.isEmpty ?? true {
        findings.append(CheckFinding(.error, key, "the environment has no key in \(name); set it"))
      } else {
        findings.ok(key, "its key stands in \(name)")
      }
    }
    inspectModels(run, records, into: &findings)
    do { try LabelsAlike.refuse(run) } catch {
      findings.append(CheckFinding(.error, "task.labels", FaultText.sentence(for: error)))
    }
    return findings
  }

  /// Whether every label and span type that the configuration names occurs.
  private static func inspectOccurrence(_ data: DualCheckerRecords, into findings: inout [CheckFinding]) {
    guard data.gold.count > 0 else { return }
    var found: Set<String> = []
    let answers = data.gold.answers(of: (data.training + data.test).map(\.id)).values + data.development.map(\.answer)
    for answer in answers {
      switch answer {
      case .label(let name): found.insert(name)
      case .spans(let spans): found.formUnion(spans.map(\.label))
      }
    }
    let absent = data.task.names.filter { !found.contains($0) }
    guard !absent.isEmpty else { return }
    let isOne = absent.count == 1
    let what = (data.task.kind == .spans ? "a span of the type" : "the label") + (isOne ? "" : "s")
    let names = absent.map { "'\($0)'" }.joined(separator: ", ")
    findings.warn("task.labels", "no record has \(what) \(names): nobody learns \(isOne ? "it" : "them")")
  }

  /// Whether there are labels enough to calibrate on.
  private static func inspectCalibration(
    _ run: DualCheckerConfiguration, _ data: DualCheckerRecords, into findings: inout [CheckFinding]
  ) {
    guard let source = run.evaluation.calibration else { return }
    let (labelled, of) =
      source == .pool
      ? (data.poolSize, "the labelled pool has")
      : (data.development.count, "the development records have")
    let (key, fewest) = ("evaluation.calibration", StudentCalibration.fewest)
    let words = "\(of) \(NumberText.counted(labelled, "label"))"
    if labelled < fewest {
      findings.warn(key, "\(words): it takes \(fewest)")
    } else {
      findings.ok(key, words)
    }
  }
}
