import Distillation
import Foundation
import Synchronization
import TeacherProtocol
import Testing

/// Which steps are carried out, in which order, and which are skipped.
@Suite(.serialized) struct StepTests {
  final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
  }

  static let all =
    "skipped, since their inputs are unchanged: annotate, agree, review, stage1, stage2, evaluate, report"

  private func written(_ world: RunWorld, _ names: String...) throws -> [Date?] {
    try names.map { name in
      let path = world.folder.appending(path: "run/\(name)").path
      return try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }
  }

  @Test func `a finished run carries out no step again, whatever became of its store`() async throws {
    try await withRunWorld { world in
      #expect(try await !start(world).contains("skipped"))
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(page.contains("Evaluate") && !page.contains("(skipped)"))
      let before = try written(world, "replies.jsonl", "agreement.json", "evaluation.json", "report.html")
      try FileManager.default.removeItem(atPath: world.configuration.store)
      #expect(try await start(world).contains(Self.all))
      #expect(try written(world, "replies.jsonl", "agreement.json", "evaluation.json", "report.html") == before)
      #expect(!FileManager.default.fileExists(atPath: world.configuration.store))
    }
  }

  @Test func `a change carries out the steps that depend on it and no other, and the report says which`() async throws {
    try await withRunWorld { world in
      _ = try await start(world)
      let titled = world.with { $0.report.title = "Another" }
      #expect(
        try await start(titled).contains(Self.all.replacingOccurrences(of: ", report", with: "\n")))
      #expect(
        String(decoding: try world.bytes("report.html"), as: UTF8.self).components(separatedBy: "(skipped)").count == 7)
      let resampled = world.with { $0.evaluation.bootstrap = 30 }
      #expect(
        try await start(resampled).contains(Self.all.replacingOccurrences(of: ", evaluate, report", with: "\n")))
      let beta = resampled.with { $0.stage2.beta = 0.7 }
      #expect(
        try await start(beta).contains(Self.all.replacingOccurrences(of: ", stage2, evaluate, report", with: "\n")))
    }
  }

  @Test func `a rule that comes to the same verdicts leaves the later steps as they are`() async throws {
    try await withRunWorld { world in
      _ = try await start(world)
      // With two teachers a majority by both votes is unanimity.
      let other = world.with {
        $0.agreement.rule = .majority
        $0.agreement.margin = 2
      }
      let text = try await start(other)
      #expect(text.contains("skipped, since their inputs are unchanged: annotate, review, stage1, stage2"), "\(text)")
    }
  }

  @Test func `labels of the data that stand for people's are looked at again where the data has changed`() async throws
  {
    try await withRunWorld { world in
      func review() async throws -> String {
        let said = Said()
        try await DistillationRun(
          world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter
        ).run(through: .review)
        return said.text
      }
      _ = try await review()
      let paid = try world.reviewed()
      #expect(try await review().contains("skipped, since their inputs are unchanged: annotate, agree, review"))
      var rows = world.items
      let changed = try #require(rows.firstIndex { $0.id == paid[0] })
      rows[changed].label = rows[changed].label == "pristine" ? "falsified" : "pristine"
      try RunWorld.write(rows, to: world.folder.appending(path: "data/items.jsonl"))
      // What is said follows from the journal: the label that was paid for counts.
      let said = try await review()
      #expect(said.contains("review is carried out again, as these have changed: the data"), "\(said)")
      #expect(said.contains("1 label that the data no longer has, as of item '\(paid[0])'"), "\(said)")
      #expect(try world.reviewed() == paid)
      #expect(try await review().contains("skipped, since their inputs are unchanged: annotate, agree, review"))
    }
  }

  /// What an older version left: one update, its row in metrics.jsonl with a learning rate of 0, and the adapter of Stage 1.
  @Test func `a stage whose only update learned nothing is made anew, with a word, and any other is not`() async throws
  {
    try await withRunWorld { world in
      let world = world.with {
        ($0.stage2.training.epochs, $0.stage2.training.batch) = (1, 64)
        $0.evaluation.results = .init([.stage1, .twoStage, .stage1DPO])
      }
      _ = try await start(world)
      #expect(try world.steps()["stage2"] == 1)
      let (results, run) = (try world.results(), world.folder.appending(path: "run"))
      #expect(results["stage2/adapter_model.safetensors"] != results["stage1/adapter_model.safetensors"])
      #expect(try await start(world).contains(Self.all))

      func leave(_ stage: String) throws {
        let log = run.appending(path: "metrics.jsonl")
        let rows = try MetricsLog.rows(of: log).map { row in
          var row = row
          if row.stage == stage { row.values["learning_rate"] = 0 }
          return row.json + "\n"
        }
        try Data(rows.joined().utf8).write(to: log)
        let file = run.appending(path: "steps/\(stage).json")
        var record = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        record["outputs"] = nil
        try JSONSerialization.data(withJSONObject: record).write(to: file)
        let adapter = "adapter_model.safetensors"
        try #require(results["stage1/\(adapter)"]).write(to: run.appending(path: "\(stage)/\(adapter)"))
      }
      for stage in ["stage2", "baselines/stage1_dpo"] {
        try leave(stage)
        let said = try await start(world)
        #expect(
          said.contains("\(stage) is made anew: an older version made its only update with a learning rate of 0"),
          "\(said)")
        #expect(try world.results() == results, "\(stage)")
        #expect(try await start(world).contains(Self.all))
      }
      // The first update of a longer stage has such a rate where its warm-up begins.
      var rows = try MetricsLog.rows(of: run.appending(path: "metrics.jsonl"))
      let first = try #require(rows.firstIndex { $0.stage == "stage1" && $0.step == 1 })
      rows[first].values["learning_rate"] = 0
      try Data(rows.map { $0.json + "\n" }.joined().utf8).write(to: run.appending(path: "metrics.jsonl"))
      #expect(try await start(world).contains(Self.all))
    }
  }

  @Test func `people are asked before Stage 1 is trained, but where it says whom to ask about`() async throws {
    try await withRunWorld { world in
      let own = world.with { $0.review.source = .page }
      await #expect(throws: RunError.self) { try await own.run().run() }
      #expect(own.exists("review-queue.jsonl") && !own.exists("stage1"))
      let unsure = own.with { $0.review.order = .studentUncertainty }
      await #expect(throws: RunError.self) { try await unsure.run("unsure").run() }
      #expect(unsure.exists("review-queue.jsonl", of: "unsure"))
      #expect(unsure.exists("stage1/adapter_model.safetensors", of: "unsure"))
    }
  }

  @Test func `a service that was away is asked about what is missing, and the steps after it follow`() async throws {
    try await withRunWorld { world in
      var world = world
      let isUp = Flag()
      let far = CountingTeacher("far") { request, _ in
        if !isUp.isSet, request.item.id.hasSuffix("4") {
          throw TeacherUnavailable(teacher: "far", reason: "it is down")
        }
        return "pristine"
      }
      world.plugins.teachers = [far]
      world.configuration.missingReplies = .accept
      _ = try await start(world)
      let (before, calls) = (try world.bytes("replies.jsonl"), far.calls)
      isUp.set()
      #expect(try await !start(world).contains("skipped, since their inputs are unchanged: annotate"))
      let answered = String(decoding: before, as: UTF8.self).components(separatedBy: "\"far\"").count - 1
      let missing = RunWorld.train - answered
      #expect(missing > 0 && far.calls == calls + missing)
      #expect(try world.bytes("replies.jsonl") != before)
      #expect(try await start(world).contains(Self.all))
    }
  }

  @Test func `records of older versions, which name no inputs, are taken up without training again`() async throws {
    try await withRunWorld { world in
      _ = try await start(world)
      let results = try world.results()
      let folder = world.folder.appending(path: "run/steps")
      for name in ["annotate", "stage1", "stage2"] {
        let file = folder.appending(path: "\(name).json")
        var record = try #require(
          JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        #expect(record.removeValue(forKey: "inputs") is String)
        try JSONSerialization.data(withJSONObject: record).write(to: file)
      }
      for name in ["agree", "review", "evaluate", "report"] {
        try FileManager.default.removeItem(at: folder.appending(path: "\(name).json"))
      }
      let adapters = try written(world, "stage1/adapter_model.safetensors", "stage2/adapter_model.safetensors")
      #expect(try await !start(world).contains("stage1:"))
      #expect(try written(world, "stage1/adapter_model.safetensors", "stage2/adapter_model.safetensors") == adapters)
      #expect(try world.results() == results)
    }
  }
}
