import Annotations
import Distillation
import Foundation
import TeacherProtocol
import Testing

/// Runs over labels that are levels.
@Suite(.serialized) struct OrderedLabelRunTests {
  private static let labels = ["low", "mid", "high"]

  private func withWorld(_ body: (RunWorld) async throws -> Void) async throws {
    try await withRunWorld(labels: Self.labels) { world in
      try await body(
        world.with { c in
          c.positive = nil
          c.evaluation.results = .init([.teachers, .majority, .agreementPlusLabels, .stage1, .twoStage])
        })
    }
  }

  /// How far apart the votes of both teachers on an item are; nil where not both have one.
  private func distance(_ row: RunWorld.Row) -> Int? {
    let votes = row.votes.values.compactMap { $0.flatMap(Self.labels.firstIndex(of:)) }
    return votes.count == 2 ? abs(votes[0] - votes[1]) : nil
  }

  @Test func `neighbours agree, far votes are reviewed, and answers are scored by their distance`() async throws {
    try await withWorld { world in
      let world = world.with { ($0.ordered, $0.agreement.distance) = (true, 1) }
      try await world.run().run()
      let far = world.items.filter { $0.split == "train" && distance($0) == 2 }.map(\.id)
      #expect(far.count == 3 && world.conflicts.count > far.count)
      #expect(try Set(world.reviewed()) == Set(far))

      let figures = try JSONSerialization.jsonObject(with: world.bytes("agreement.json")) as? [String: Any]
      let pair = (figures?["pairs"] as? [[String: Any]])?.first
      #expect(pair?["quadratic_kappa"] as? Double != nil && pair?["linear_kappa"] as? Double != nil)
      #expect((figures?["all"] as? [String: Any])?["ordinal_alpha"] as? Double != nil)

      let evaluation = try #require(try world.run().evaluation)
      for name in evaluation.resultNames {
        let levels = try #require(evaluation[name]?.levels, "\(name) is compared level by level")
        #expect(levels.meanAbsoluteErrorInterval.low <= levels.meanAbsoluteError)
        #expect((levels.expectedLevelError != nil) == [.stage1, .twoStage].contains(name), "\(name)")
      }
      // Teacher a on the twelve test items: wrong on 30 and 36 by one level, and on both of 35 by two.
      let test = world.items.filter { $0.split == "test" }
      let places = test.map { row in
        (Self.labels.firstIndex(of: row.label) ?? 0, row.votes["a"].flatMap { $0.flatMap(Self.labels.firstIndex(of:)) })
      }
      let errors = places.map { truth, vote in Double(vote.map { abs($0 - truth) } ?? max(truth, 2 - truth)) }
      let levels = try #require(evaluation[.teacher("a")]?.levels)
      #expect(abs(levels.meanAbsoluteError - errors.reduce(0, +) / 12) < 1e-12)
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(page.contains("Mean absolute error") && page.contains("κ²"))
    }
  }

  @Test func `an answer has its expected level, and without an order it has none`() async throws {
    try await withWorld { world in
      try await world.run().run()
      let data = world.folder.appending(path: "data/items.jsonl")
      let plain = try await world.run().predict(data, rationales: false)
      #expect(plain.allSatisfy { $0.score == nil })
      #expect(try world.run().evaluation?.results.values.allSatisfy { $0.levels == nil } == true)

      let before = try world.bytes("stage1/adapter_model.safetensors")
      let ordered = world.with { $0.ordered = true }
      try await ordered.run().run()
      #expect(try world.bytes("stage1/adapter_model.safetensors") == before)
      let predictions = try await ordered.run().predict(data, rationales: false)
      for prediction in predictions {
        let expected = (prediction.probabilities["mid"] ?? 0) + 2 * (prediction.probabilities["high"] ?? 0)
        #expect(abs(try #require(prediction.score) - expected) < 1e-12)
      }
      let scored = try await ordered.run().evaluate(data, split: "test")
      #expect(scored[.twoStage]?.levels?.expectedLevelError != nil)
    }
  }
}
