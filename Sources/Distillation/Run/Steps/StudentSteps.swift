internal import Annotations
internal import StudentModels
internal import TwoStage

/// The steps of a run that need its student, each carried out at most once.
protocol StudentSteps: AnyObject {
  /// Items that the student could not take.
  var setAside: SetAside { get }
  /// Stage 1's adapter.
  func stage1() async throws -> TrainedStage
  /// Item -> label -> the probability after Stage 1, on the conflicts.
  func uncertainty() async throws -> [String: [String: Double]]
  /// Stage 2's adapter, with the labels that it was trained on.
  func stage2() async throws -> SecondStage
  /// Writes evaluation.json and predictions/.
  func evaluate() async throws
  /// Writes report.html.
  func report(_ outcomes: [StepEngine.Outcome]) async throws
}

/// The steps with a student of a known type.
final class StepsOfStudent<Model: Student>: StudentSteps {
  private let run: DistillationRun
  private let stages: StudentStages<Model>
  private let state: RunState
  private var first: TrainedStage?
  private var second: SecondStage?
  private var probabilities: [String: [String: Double]]?

  init(_ run: DistillationRun, _ stages: StudentStages<Model>, _ state: RunState) {
    self.run = run
    self.stages = stages
    self.state = state
  }

  var setAside: SetAside { stages.targets.setAside }

  func stage1() async throws -> TrainedStage {
    if let first { return first }
    let stage = try await run.stage1(stages, state)
    first = stage
    return stage
  }

  func uncertainty() async throws -> [String: [String: Double]] {
    if let probabilities { return probabilities }
    let found = try await run.probabilities(stages, of: state.conflicts, student: stage1())
    probabilities = found
    return found
  }

  func stage2() async throws -> SecondStage {
    if let second { return second }
    let isUncertain = run.configuration.review.order == .studentUncertainty
    let stage = try await run.stage2(
      stages, state, first: stage1(), uncertainty: isUncertain ? uncertainty() : nil)
    second = stage
    return stage
  }

  func evaluate() async throws { try await run.evaluate(stages, state, first: stage1(), second: stage2()) }

  func report(_ outcomes: [StepEngine.Outcome]) async throws {
    try await run.writeReport(stages, state, second: stage2(), outcomes: outcomes)
  }
}
