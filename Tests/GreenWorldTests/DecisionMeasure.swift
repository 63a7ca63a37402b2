import Distillation
import DualChecker
import Evaluation
import Foundation
import GreenWorld
import TeacherProtocol
import Testing

/// What the probabilities of DualChecker's students mean before and after calibration, and whether thresholds hold, on written
/// records: measured with `MEASURE_DECISIONS` set, and only then.
@Suite(
  .serialized, .enabled(if: ProcessInfo.processInfo.environment["MEASURE_DECISIONS"] != nil, "set MEASURE_DECISIONS"))
struct DecisionMeasure {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "decisions-\(UUID().uuidString)")

  /// A run of a student that is green or not, with development and test records of their own.
  private func run(
    seed: Int, dev: Int, _ calibration: DualCheckerEvaluationConfiguration.Calibration?
  ) async throws -> DualCheckerRun {
    let place = folder.appending(path: "\(seed)-\(calibration?.rawValue ?? "none")")
    func file(_ name: String, _ count: Int, world: Int) throws -> String {
      let data = place.appending(path: name)
      try GreenWorld.write(GreenWorld.records(count: count, seed: UInt64(world)), to: data)
      return data.appending(path: "cls.json").path
    }
    var run = DualCheckerConfiguration(data: .blank)
    run.data.files = SplitFiles(
      train: try file("train", 800, world: 3 * seed), dev: try file("dev", dev, world: 3 * seed + 1),
      test: try file("test", 2_000, world: 3 * seed + 2))
    (run.seed, run.store) = (seed, place.appending(path: "store").path)
    (run.aligner.shots, run.teacherCheck.followUps) = (8, 2)
    (run.student.learningRate, run.student.epochs, run.student.fresh.vocabularySize) = (1e-3, 24, 1_200)
    (run.evaluation.draws, run.evaluation.trainsOnGold, run.evaluation.every) = (0, false, 1_000)
    run.evaluation.calibration = calibration
    return try DualCheckerRun(run, folder: place.appending(path: "run"))
  }

  @Test func `calibration errors and log losses over four seeds`() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for source in [DualCheckerEvaluationConfiguration.Calibration.dev, .pool] {
      for seed in 1...4 {
        let run = try await run(seed: seed, dev: 200, source)
        let figures = try #require(try await run.run().calibration)
        let (before, after) = (figures.before, figures.after ?? figures.before)
        func row(_ value: (CalibrationScore) -> Double) -> String {
          String(format: "%.3f -> %.3f", value(before), value(after))
        }
        print(
          "\(source.rawValue), seed \(seed), \(figures.method?.rawValue ?? ""): ECE \(row(\.expectedCalibrationError)), "
            + "Brier \(row(\.brier)), log loss \(row(\.logLoss))")
        #expect(after.logLoss <= before.logLoss + 0.01)
        let isGood =
          after.expectedCalibrationError <= max(0.03, before.expectedCalibrationError / 2)
        #expect(isGood || source == .pool, "ECE is neither halved nor below 0.03")
      }
    }
  }

  @Test func `thresholds that are found hold in nine of ten seeds`() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    // Such students are right on three of four records: of few are they as sure as 19 of 20 would ask for.
    let precision = 0.85
    var (found, held) = (0, 0)
    for seed in 1...10 {
      let run = try await run(seed: seed, dev: 1_000, nil)
      _ = try await run.run()
      let threshold: ThresholdFile
      do {
        threshold = try await run.threshold(precision: precision, certainty: 0.95)
      } catch let error as ThresholdError {
        print("seed \(seed): \(error)")
        continue
      }
      let test = URL(filePath: try #require(run.configuration.data.files?.test))
      let task = try run.configuration.task.task()
      let gold = try GoldAnswers(contentsOf: test, task: task, mapping: .dualChecker)
      let accepted = try await run.predict(test).filter { $0.needsReview == false }
      let right = accepted.count { gold.answer(of: $0.itemID)?.key == $0.label }
      let share = Double(right) / Double(accepted.count)
      // What chance allows: two standard errors of that share among so many.
      let error = (precision * (1 - precision) / Double(max(1, accepted.count))).squareRoot()
      let holds = share >= precision - 2 * error
      (found, held) = (found + 1, held + (holds ? 1 : 0))
      print(
        String(
          format: "seed %d: from %.4f on, %d of %d accepted, %.2f %% right", seed, threshold.threshold.confidence,
          accepted.count, 2_000, 100 * share))
    }
    print("\(held) of \(found) thresholds hold")
    #expect(found > 0 && 10 * held >= 9 * found)
  }
}
