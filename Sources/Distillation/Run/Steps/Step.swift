internal import Foundation
internal import Reporting

/// One step of a run: what it is made from, what it leaves, and how it is carried out.
struct Step {
  /// What its record and the report call it, such as `stage1`.
  let name: String
  /// Everything that it reads. Nil where that can't be told, as with code of the caller: it is then always
  /// carried out.
  let inputs: StepInputs?
  /// Files and folders without which it does not count as finished.
  let outputs: [URL]
  /// Those of them that others write to later.
  var growing: [URL] = []
  /// Folders of records whose parts are made with it, such as `baselines`.
  var includes: [String] = []
  /// Carries it out.
  let body: () async throws -> Result

  /// What came of a step.
  struct Result {
    /// A digest of it, from which later steps are made. Equal digests are equal results: a step that came to the same again
    /// leaves the later ones as they are.
    let key: String
    /// Whether nothing is missing that another start may find, such as the answers of a service that was not to be reached.
    /// A step that is not whole is carried out again.
    var isWhole = true
  }
}

/// Carries out the steps of a run, one after another, and skips those whose inputs are what they were.
final class StepEngine {
  /// What became of a step.
  struct Outcome: Sendable, Equatable {
    let name: String
    /// How long it took, now or when it was carried out.
    let seconds: Double
    /// Whether it was left as it was, since its inputs were.
    let wasSkipped: Bool
  }

  /// The steps so far, in their order.
  private(set) var outcomes: [Outcome] = []
  private let records: StepRecords
  private let reporter: ProgressReporter

  init(records: StepRecords, reporter: ProgressReporter) { (self.records, self.reporter) = (records, reporter) }

  /// Skips the step or carries it out, and records it.
  ///
  /// - Returns: the digest of what came of it.
  func carryOut(_ step: Step) async throws -> String {
    let record = records[step.name]
    if let record, let inputs = step.inputs {
      if inputs.agree(with: record) {
        var damage = records.damage(to: step.name, outputs: step.outputs)
        for name in records.names(in: step.includes) { damage += records.damage(to: name, outputs: []) }
        if damage.isEmpty {
          try records.complete(step.name, with: inputs)
          outcomes.append(Outcome(name: step.name, seconds: record.seconds, wasSkipped: true))
          return record.key
        }
        records.clear(damage, of: step.name, reporter: reporter)
      } else {
        let changes = inputs.changes(since: record)
        if !changes.isEmpty {
          reporter.message(
            "\(step.name) is carried out again, as these have changed: \(changes.joined(separator: ", "))")
        }
      }
    }
    try records.beginAgain(step.name)
    let began = Date()
    let result = try await step.body()
    let key = result.key
    // A step may find that it has nothing to do, as a training that is finished: its time is that of then.
    let now = records[step.name]
    let seconds = now?.key == key ? now?.seconds : nil
    let taken = seconds ?? Date().timeIntervalSince(began)
    let growing = Set(step.growing)
    try records.finish(
      step.name, key: key, inputs: result.isWhole ? step.inputs : nil,
      outputs: step.outputs.filter { !growing.contains($0) }, seconds: taken)
    outcomes.append(Outcome(name: step.name, seconds: taken, wasSkipped: false))
    return key
  }
}

extension ProgressReporter {
  /// A line about the steps that were left as they were; none where all were carried out.
  func say(skipped outcomes: [StepEngine.Outcome]) {
    let names = outcomes.filter(\.wasSkipped).map(\.name)
    if !names.isEmpty { message("skipped, since their inputs are unchanged: \(names.joined(separator: ", "))") }
  }
}
