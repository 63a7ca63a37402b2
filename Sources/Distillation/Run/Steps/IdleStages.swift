internal import DistillationConfiguration
internal import Foundation
internal import Reporting

/// Stages of one update that an older version finished: its warm-up left the learning rate at 0, so that nothing was learned.
extension RunSteps {
  /// Forgets such stages among these parts, with a word, so that they are made anew, and what was made with them.
  func forgetIdleStages(_ parts: [Part]) throws {
    let log = run.folder.appending(path: "metrics.jsonl")
    guard FileManager.default.fileExists(atPath: log.path) else { return }
    var idle: Set<String> = []
    for row in try MetricsLog.rows(of: log) {
      if row.step == 1, row[.learningRate] == 0 { idle.insert(row.stage) } else { idle.remove(row.stage) }
    }
    let records = StepRecords(run: run.folder)
    for stage in idle.sorted() where records[stage] != nil {
      guard let step = Self.step(of: stage), parts.contains(.step(step)) else { continue }
      // What was trained elsewhere is taken as it is.
      let taken = step == .stage1 ? configuration.stage1.adapter : step == .stage2 ? configuration.stage2.adapter : nil
      guard taken == nil else { continue }
      run.reporter.warn(
        "\(stage) is made anew: an older version made its only update with a learning rate of 0, so that nothing was learned"
      )
      records.begin(stage)
      records.begin(step.rawValue)
    }
  }

  /// The step with which a training is done.
  private static func step(of stage: String) -> RunStep? {
    switch stage.split(separator: "/").first {
    case "stage1": .stage1
    case "stage2", "rounds", "choice": .stage2
    case "baselines", "budgets": .evaluate
    default: nil
    }
  }
}

extension TrainingConfiguration {
  /// The section in JSON, as keys of a training of so many examples have it.
  func keyed(updatesOf examples: Int) -> String { json + onlyUpdate(of: examples) }

  /// What keys say of a training of one update: older versions, which learned nothing by it, do not say it.
  func onlyUpdate(of examples: Int, steps: Int? = nil) -> String {
    (steps ?? options.totalSteps(examples: examples)) == 1 ? " one update at the highest rate" : ""
  }
}
