import Distillation
import DualChecker
import Foundation
import TeacherProtocol
import Testing

@Suite struct OrderedClassesTests {
  @Test func `classes that are levels are scored by distance, and a finished run is not labelled anew for it`()
    async throws
  {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.task.kind = .multiclass
      configuration.evaluation.draws = 0
      let out = folder.appending(path: "run")
      let plain = try await DualCheckerRun(configuration, folder: out).run()
      #expect(plain.results.allSatisfy { $0.score.levels == nil } && !plain.table.contains("quadratic kappa"))
      let labelled = try Data(contentsOf: out.appending(path: "loop.json"))

      configuration.task.ordered = true
      let run = try DualCheckerRun(configuration, folder: out)
      let found = try await run.run()
      #expect(try Data(contentsOf: out.appending(path: "loop.json")) == labelled)
      for name in ["teacher", "student", "labels"] {
        let score = try #require(found[name]?.score)
        let levels = try #require(score.levels, "\(name) is compared level by level")
        // Of two levels the mean distance is the share of wrong answers.
        #expect(abs(levels.meanAbsoluteError - (1 - score.accuracy)) < 1e-12)
        #expect((levels.expectedLevelError != nil) == (name == "student"), "\(name)")
      }
      #expect(try run.evaluation == found)
      #expect(found.table.contains("quadratic kappa"))
      let page = try String(contentsOf: out.appending(path: "report.html"), encoding: .utf8)
      #expect(page.contains("mean absolute error"))

      let data = URL(filePath: try #require(configuration.data.file))
      for prediction in try await run.predict(data) {
        let second = try #require(prediction.probabilities["dry"])
        #expect(abs(try #require(prediction.score) - second) < 1e-12)
      }
      let scored = try await run.evaluate(data)
      #expect(scored.levels?.expectedLevelError != nil && scored.table.contains("quadratic kappa"))
    }
  }
}
