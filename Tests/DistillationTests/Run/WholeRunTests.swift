import Distillation
import Foundation
import TeacherProtocol
import Testing

@Suite(.serialized) struct WholeRunTests {
  private static let names = [
    "teacher:a", "teacher:b", "teacher:counting", "majority", "agreement_plus_labels", "stage1", "stage1_sft",
    "stage1_dpo", "random_labels", "two_stage", "full_label",
  ]

  @Test func `a whole run leaves every file of its folder and every result of its evaluation`() async throws {
    try await withRunWorld { world in
      var world = world.with { $0.evaluation.results = .all }
      let teacher = CountingTeacher("counting") { request, _ in
        request.item.id.hasSuffix("3") ? "falsified" : request.item.id.hasSuffix("9") ? nil : "pristine"
      }
      world.plugins.teachers = [teacher]
      world.plugins.teacherLabels = 17
      try await world.run().run()

      for path in [
        "config.yaml", "replies.jsonl", "agreement.json", "review.jsonl", "metrics.jsonl", "evaluation.json",
        "report.html", "stage1/adapter_config.json", "stage1/adapter_model.safetensors", "stage2/adapter_config.json",
        "stage2/adapter_model.safetensors", "baselines/full_label/adapter_model.safetensors",
      ] {
        #expect(world.exists(path), "\(path)")
      }
      let checkpoints = world.folder.appending(path: "run/checkpoints").path
      #expect(try FileManager.default.contentsOfDirectory(atPath: checkpoints).isEmpty)
      let replies = try String(decoding: world.bytes("replies.jsonl"), as: UTF8.self)
      #expect(replies.split(separator: "\n").count == 3 * (RunWorld.train + RunWorld.test))

      let json = try #require(try JSONSerialization.jsonObject(with: world.bytes("evaluation.json")) as? [String: Any])
      #expect(json["items"] as? Int == RunWorld.train && json["test_items"] as? Int == RunWorld.test)
      #expect(json["labels_spent"] as? Int == 4 && json["teacher_labels"] as? Int == 17)
      let results = try #require(json["results"] as? [String: [String: Any]])
      #expect(Set(results.keys) == Set(Self.names))
      for (name, result) in results {
        for key in ["accuracy", "accuracy_falsified", "accuracy_pristine", "f1_macro"] {
          let value = try #require(result[key] as? Double, "\(name) \(key)")
          #expect((0...1).contains(value))
        }
        let interval = try #require(result["interval"] as? [Double])
        #expect(interval.count == 2 && interval[0] <= interval[1])
      }
      func labels(_ name: String) -> Int? { results[name]?["labels"] as? Int }
      #expect(labels("teacher:a") == 0 && labels("majority") == 0 && labels("stage1") == 0)
      #expect(["stage1_sft", "stage1_dpo", "random_labels", "two_stage"].allSatisfy { labels($0) == 4 })
      #expect(labels("full_label") == RunWorld.train)
      #expect(try Set(world.reviewed()).count == 4)

      // Teacher a is wrong on i30 and i36 of the 12 test items.
      #expect(abs((results["teacher:a"]?["accuracy"] as? Double ?? 0) - 10.0 / 12) < 1e-9)
      // Teacher b is wrong on i33, i37 and i41.
      #expect(abs((results["teacher:b"]?["accuracy"] as? Double ?? 0) - 9.0 / 12) < 1e-9)

      // Every update of the baselines that are compared at equal steps.
      let steps = try world.steps()
      #expect(steps["baselines/random_labels"] == steps["stage2"] && steps["baselines/stage1_dpo"] == steps["stage2"])
      #expect(steps["baselines/full_label"] == (steps["stage1"] ?? 0) + (steps["stage2"] ?? 0))
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(try world.reviewed().contains { page.contains("Caption \($0)") } && !page.contains("src=\"http"))
    }
  }

  @Test func `the same run again asks nobody, trains nothing and changes no byte`() async throws {
    try await withRunWorld { world in
      var world = world
      let teacher = CountingTeacher("counting") { _, _ in "pristine" }
      world.plugins.teachers = [teacher]
      try await world.run().run()
      let (before, calls) = (try world.results(), teacher.calls)
      // About training items alone, once each: no result is about teachers.
      #expect(calls == RunWorld.train)
      let adapter = world.folder.appending(path: "run/stage2/adapter_model.safetensors").path
      let written = try FileManager.default.attributesOfItem(atPath: adapter)[.modificationDate] as? Date
      let steps = try world.steps()
      try await world.run().run()
      #expect(teacher.calls == calls)
      #expect(try world.results() == before)
      #expect(try FileManager.default.attributesOfItem(atPath: adapter)[.modificationDate] as? Date == written)
      #expect(try world.steps() == steps)
      // Another folder, the same store: still nobody is asked.
      try await world.run("second").run()
      #expect(teacher.calls == calls)
      #expect(try world.results(of: "second") == before)
    }
  }

  @Test func `two runs with one seed have the same bytes, with another seed others`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.evaluation.results = .all }
      try await world.run("one").run()
      try await world.run("two").run()
      try await world.with { $0.seed = 2 }.run("three").run()
      let (one, two, three) = try (
        world.results(of: "one"), world.results(of: "two"), world.results(of: "three")
      )
      #expect(one == two && one.keys == three.keys)
      for name in one.keys where name.hasSuffix(".safetensors") { #expect(one[name] != three[name], "\(name)") }
    }
  }

  @Test func `the number of threads changes no byte`() async throws {
    try await withRunWorld { world in
      try await world.with { $0.threads = 1 }.run("one").run()
      try await world.with { $0.threads = 3 }.run("three").run()
      #expect(try world.results(of: "one") == world.results(of: "three"))
    }
  }

  @Test func `another beta trains Stage 2 again and leaves Stage 1 alone`() async throws {
    try await withRunWorld { world in
      try await world.run().run()
      let before = try world.results()
      let first = world.folder.appending(path: "run/stage1/adapter_model.safetensors").path
      let written = try FileManager.default.attributesOfItem(atPath: first)[.modificationDate] as? Date
      let other = world.with { $0.stage2.beta = 0.7 }
      try await other.run().run()
      let after = try other.results()
      #expect(try FileManager.default.attributesOfItem(atPath: first)[.modificationDate] as? Date == written)
      #expect(after["stage2/adapter_model.safetensors"] != before["stage2/adapter_model.safetensors"])
      #expect(after["review.jsonl"] == before["review.jsonl"])
      // And back: the same bytes as at first.
      try await world.run().run()
      #expect(try world.results() == before)
    }
  }

  @Test func `each step can be the last, and goes on from the one before`() async throws {
    try await withRunWorld { world in
      let expected: [(RunStep, String, String?)] = [
        (.annotate, "replies.jsonl", "agreement.json"), (.agree, "agreement.json", "review.jsonl"),
        (.review, "review.jsonl", "stage1"), (.stage1, "stage1/adapter_model.safetensors", "stage2"),
        (.stage2, "stage2/adapter_model.safetensors", "evaluation.json"), (.evaluate, "evaluation.json", "report.html"),
        (.report, "report.html", nil),
      ]
      for (step, made, notYet) in expected {
        try await world.run("steps").run(through: step)
        #expect(world.exists(made, of: "steps"), "\(step)")
        if let notYet { #expect(!world.exists(notYet, of: "steps"), "\(step)") }
      }
      try await world.run("whole").run()
      #expect(try world.results(of: "steps") == world.results(of: "whole"))
      #expect(try world.run("steps").evaluation?.testItems == RunWorld.test)
      #expect(try world.run("none").evaluation == nil)
    }
  }

  @Test func `a model in this process can teach, seeing grey or blurred`() async throws {
    try await withRunWorld { world in
      var grey = ModelTeacherConfiguration(model: world.folder.appending(path: "base").path)
      grey.imageView = .grey
      grey.maximumTokens = 3
      var blurred = grey
      blurred.imageView = .blurred
      let world = world.with {
        $0.teachers += [.init(name: "grey", source: .model(grey)), .init(name: "blurred", source: .model(blurred))]
        $0.evaluation.results = .init([.teachers, .twoStage])
      }
      try await world.run().run()
      let file = try #require(try world.run().evaluation)
      #expect(file.results["teacher:grey"] != nil && file.results["teacher:blurred"] != nil)
    }
  }

  @Test func `a run is opened from its folder, and another folder is no run`() async throws {
    try await withRunWorld { world in
      #expect(throws: RunError.self) { try DistillationRun.opening(world.folder.appending(path: "none")) }
      #if Run
        let run = try world.run()
        try await run.run(through: .agree)
        let opened = try DistillationRun.opening(world.folder.appending(path: "run"))
        #expect(opened.configuration == run.configuration && run.configuration.data.pixels == PixelConfiguration())
      #endif
    }
  }

  @Test func `what is missing is refused by its name`() async throws {
    try await withRunWorld { world in
      func error(_ change: (inout RunConfiguration) -> Void) async -> String {
        do {
          try await world.with(change).run("bad").run()
          return "no error"
        } catch { return "\(error)" }
      }
      #expect(await error { $0.data.file = "/nowhere/items.jsonl" }.contains("/nowhere/items.jsonl"))
      #expect(await error { $0.student.model = "/nowhere/base" }.contains("/nowhere/base"))
      #expect(await error { $0.data.splits.test = .names(["final"]) }.contains("\"test\""))
      #expect(
        await error {
          $0.teachers[0].source = .openAI(.init(baseURL: "http://localhost:1/v1", model: "m"))
        }.contains("openai"))
    }
  }
}
