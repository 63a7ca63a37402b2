import Annotations
import Distillation
import Foundation
import TeacherProtocol
import Testing

/// Runs on data as people have it: without labels, without a test split, for one step alone.
@Suite(.serialized) struct UnlabelledRunTests {
  /// Writes the world's items without their labels, or with those of some alone.
  private func write(_ world: RunWorld, isLabelled: (RunWorld.Row) -> Bool = { _ in false }) throws {
    let lines = world.items.map { row in
      let label = isLabelled(row) ? "\"label\":\"\(row.label)\"," : ""
      return
        "{\"id\":\"\(row.id)\",\"image\":\"\(row.image)\",\"text\":\"Caption \(row.id)\",\(label)\"split\":\"\(row.split)\"}\n"
    }
    try Data(lines.joined().utf8).write(to: world.folder.appending(path: "data/items.jsonl"))
  }

  /// Lets people answer all questions of a run's page as the world knows them.
  private func answer(_ world: RunWorld, _ name: String = "run") async throws {
    let review = try await world.run(name).review()
    let log = review.log
    for question in review.questions {
      let label = world.items.first { $0.id == question.item.id }?.label ?? ""
      try await log.add(ReviewEntry(item: question.item.id, reviewer: "anna", decision: .label(label)))
    }
  }

  @Test func `a question that is the same about every item is refused before anybody is asked, a teacher's own too`()
    async throws
  {
    try await withRunWorld { world in
      let own = world.with {
        $0.data.fields.image = nil
        $0.prompt = "Does it hold?"
      }
      let fault = TeacherProtocolError.asksNothing(template: "Does it hold?", known: ["text"])
      await #expect(throws: fault) { try await own.run().run() }
      var teacher = OpenAITeacherConfiguration(baseURL: "http://nowhere.invalid/v1", model: "m")
      teacher.prompt = "Does it hold?"
      let asked = own.with {
        $0.prompt = "{text}"
        $0.teachers[1] = .init(name: "s", source: .openAI(teacher))
      }
      await #expect(throws: fault) { try await asked.run().annotate(Shard(index: 1, of: 2)) }
      #expect(!world.exists("annotations.sqlite") && !world.exists("shards"))
    }
  }

  @Test(arguments: ["label", nil])
  func `without any label a run trains on what people decide at its page, and says that nothing is scored`(
    column: String?
  ) async throws {
    try await withRunWorld { world in
      try write(world)
      let own = world.with {
        $0.data.fields.label = column
        $0.data.fields.group = nil
        $0.review.source = .page
        $0.positive = nil
        $0.evaluation.results = .all
        $0.budgets = [.count(2)]
      }
      let folder = world.folder.appending(path: "run")
      await #expect(throws: RunError.waitingForReview(folder.path, conflicts: 4)) { try await own.run().run() }
      try await answer(own)
      try await own.run().run()
      #expect(world.exists("stage2/adapter_model.safetensors"))
      let evaluation = try #require(try own.run().evaluation)
      #expect(evaluation.results.isEmpty && evaluation.labelsSpent == 4)
      #expect(evaluation.unsaid == ["nothing is scored: none of the 12 test items has a label"])
      #expect(EvaluationTable(evaluation).description.contains("nothing is scored: none of the 12 test items"))
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(page.contains("nothing is scored: none of the 12 test items has a label"))
      // Nobody was asked about test items.
      #expect(try String(decoding: world.bytes("replies.jsonl"), as: UTF8.self).split(separator: "\n").count == 48)
      // Started again, it is finished.
      let said = Said()
      try await DistillationRun(own.configuration, folder: folder, reporter: said.reporter).run()
      #expect(said.text.contains("annotate, agree, review, stage1, stage2, evaluate, report"))
    }
  }

  @Test func `without a split all items are trained on`() async throws {
    try await withRunWorld { world in
      try write(world)
      let own = world.with {
        $0.data.fields.group = nil
        $0.data.fields.split = nil
        $0.review.source = .page
      }
      let folder = world.folder.appending(path: "run")
      await #expect(throws: RunError.waitingForReview(folder.path, conflicts: 4)) { try await own.run().run() }
      try await answer(own)
      try await own.run().run()
      let evaluation = try #require(try own.run().evaluation)
      #expect(
        evaluation.items == world.items.count && evaluation.unsaid == ["nothing is scored: there are no test items"])
    }
  }

  @Test func `with labels on test items alone these are scored`() async throws {
    try await withRunWorld { world in
      try write(world) { $0.split == "test" }
      let own = world.with {
        $0.data.fields.group = nil
        $0.review.source = .page
        $0.evaluation.results = .all
      }
      await #expect(throws: RunError.self) { try await own.run().run() }
      try await answer(own)
      try await own.run().run()
      let evaluation = try #require(try own.run().evaluation)
      #expect(evaluation.testItems == RunWorld.test && evaluation.results["two_stage"] != nil)
      #expect(evaluation.results["full_label"] == nil)
      #expect(evaluation.unsaid == ["random_labels, full_label: no training item has a label"])
    }
  }

  @Test func `where labels are to be read and there are none, nobody is asked`() async throws {
    try await withRunWorld { world in
      try write(world)
      let own = world.with { $0.data.fields.group = nil }
      let error = RunError.nothingLabelled(own.configuration.data.file ?? "", isReviewed: true)
      await #expect(throws: error) { try await own.run().run() }
      #expect("\(error)".contains("set it to page or file"))
      #expect(!own.exists("replies.jsonl"))
      try await own.run().run(through: .agree)
      #expect(own.exists("agreement.json"))
    }
  }

  @Test func `one teacher can be asked, and agree says what it needs`() async throws {
    try await withRunWorld { world in
      try write(world)
      let own = world.with {
        $0.data.fields.group = nil
        $0.teachers.removeLast()
      }
      try await own.run().run(through: .annotate)
      #expect(try String(decoding: world.bytes("replies.jsonl"), as: UTF8.self).split(separator: "\n").count == 24)
      await #expect {
        try await own.run().run(through: .agree)
      } throws: {
        "\($0)".contains("at least two of them") && "\($0)".contains("the step agree")
          && "\($0)".contains("--through annotate")
      }
      // Another teacher more, and what the first one said counts.
      try await world.with { $0.data.fields.group = nil }.run().run(through: .agree)
      #expect(world.exists("agreement.json"))
    }
  }

  @Test func `a column that was given a name is missed`() async throws {
    try await withRunWorld { world in
      try write(world)
      let own = world.with {
        $0.data.fields.group = nil
        $0.data.fields.label = "truth"
      }
      await #expect {
        try await own.run().run(through: .annotate)
      } throws: { "\($0)".contains("has no column 'truth'") }
    }
  }

  @Test func `recorded teachers need replies on training items alone`() async throws {
    try await withRunWorld { world in
      let file = world.folder.appending(path: "data/replies.jsonl")
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").prefix(RunWorld.train)
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      let own = world.with {
        $0.evaluation.results = .init([.teachers, .majority, .agreementPlusLabels, .stage1, .twoStage])
      }
      let said = Said()
      let folder = world.folder.appending(path: "run")
      try await DistillationRun(own.configuration, folder: folder, reporter: said.reporter).run()
      let evaluation = try #require(try own.run().evaluation)
      #expect(Set(evaluation.results.keys) == ["stage1", "two_stage"])
      #expect(evaluation.unsaid == ["teacher:a, teacher:b: no replies on the scored items"])
      #expect(said.text.contains("teacher a has no recorded reply on the test items: its result is left out"))
    }
  }

  @Test(arguments: [
    ([EvaluationConfiguration.Result.stage1, .twoStage], RunWorld.train), ([.majority], RunWorld.train + RunWorld.test),
  ])
  func `teachers are asked about scored items where a result is about teachers`(
    results: [EvaluationConfiguration.Result], questions: Int
  ) async throws {
    try await withRunWorld { world in
      let teacher = CountingTeacher("c") { request, _ in request.item.id.hasSuffix("1") ? "falsified" : "pristine" }
      var own = world.with { $0.evaluation.results = .init(results) }
      own.plugins.teachers = [teacher]
      try await own.run().run(through: .annotate)
      #expect(teacher.calls == questions)
    }
  }

  @Test func `a step demands what it needs and nothing else`() async throws {
    try await withRunWorld { world in
      let bare = world.with {
        $0.student = .blank
        $0.stage2 = .blank
      }
      try await bare.run().run(through: .review)
      #expect(bare.exists("review.jsonl"))
      await #expect {
        try await bare.run().run()
      } throws: { "\($0)".contains("does not set student.model") && "\($0)".contains("--through review") }
      let trained = bare.with { $0.student = world.configuration.student }
      try await trained.run().run(through: .stage1)
      await #expect {
        try await trained.run("other").run()
      } throws: { "\($0)".contains("does not set stage2.reference") && "\($0)".contains("stage1_adapter: ") }
      #expect(!trained.exists("replies.jsonl", of: "other"))
    }
  }

  @Test func `figures that need a positive label are left out without one`() async throws {
    try await withRunWorld { world in
      let own = world.with {
        $0.positive = nil
        $0.evaluation.choosesThresholdOnDev = true
      }
      try await own.run().run()
      let evaluation = try #require(try own.run().evaluation)
      let result = try #require(evaluation.results["two_stage"])
      #expect(result.accuracyOnPositive == nil && result.accuracyOnOthers == nil && result.byLabel?.count == 2)
      #expect(evaluation.unsaid == ["dev_for_threshold: no label is positive, so no threshold is chosen"])
    }
  }

  @Test func `a limit below the first group names the group and its size`() async throws {
    try await withRunWorld { world in
      let own = world.with { $0.data.limit.test = 1 }
      await #expect {
        try await own.run().run(through: .annotate)
      } throws: {
        "\($0)"
          == "data.limit.test keeps none of 12 rows: groups stay whole, and the first, 'gtest15', has 2 items; raise the "
          + "limit from 1 to 2 or more"
      }
    }
  }

  @Test func `check says how far a configuration without a student goes`() throws {
    try withCheckFixture { fixture in
      try fixture.edit(
        "run.yaml",
        "student: {model: student}\nstage2: {reference: stage1_adapter, choose: as_configured, replay: 0}\n", "")
      let check = fixture.check()
      #expect(check.isUsable && check.texts(.warning, "student.model").count == 1)
      #expect(check.text().hasSuffix("\nready for the steps up to review, with 1 warning\n"))
      try fixture.edit("run.yaml", "text: caption", "text: caption, label: null")
      #expect(fixture.check().text().hasSuffix("\nready for the steps up to agree, with 3 warnings\n"))
    }
  }

  @Test func `check refuses a run whose labels nobody can give`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "text: caption", "text: caption, label: null")
      #expect(fixture.check().texts(.error, "review.source").first?.contains("set it to page or file") == true)
      try fixture.edit("run.yaml", "review: {budget: 4}", "review: {budget: 4, source: page}")
      #expect(fixture.check().isUsable)
    }
  }
}
