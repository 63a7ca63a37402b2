import Annotations
import Distillation
import Foundation
import TeacherProtocol
import Testing

/// Which human labels a run reads, from whom, and how they are counted.
@Suite(.serialized) struct ReviewOptionTests {
  @Test func `labels are read on conflicts alone, up to the budget, a count or a fraction`() async throws {
    try await withRunWorld { world in
      let conflicts = Set(world.conflicts.map(\.id))
      for (budget, labels) in [(LabelBudget.count(2), 2), (.fraction(0.13), 3), (.count(24), conflicts.count)] {
        let own = world.with { $0.review.budget = budget }
        let name = "\(budget)"
        try await own.run(name).run()
        let read = try own.reviewed(of: name)
        #expect(Set(read).count == labels && conflicts.isSuperset(of: read))
        #expect(try own.run(name).evaluation?.labelsSpent == labels)
      }
    }
  }

  @Test func `each order reads other conflicts first, always the same ones`() async throws {
    try await withRunWorld { world in
      var read: [ReviewConfiguration.Order: [String]] = [:]
      for order in ReviewConfiguration.Order.allCases {
        let own = world.with { $0.review.order = order }
        try await own.run("\(order)").run(through: .review)
        try await own.run("\(order) again").run(through: .stage2)
        let ids = try own.reviewed(of: "\(order)")
        #expect(try own.reviewed(of: "\(order) again") == ids && ids.count == 4)
        read[order] = ids
      }
      // Two teachers differ in two ways alone, so that the orders by votes may begin like others.
      #expect(Set([.disagreement, .random, .studentUncertainty].map { read[$0] }).count == 3)
      let other = world.with {
        $0.review.order = .random
        $0.seed = 5
      }
      try await other.run("seed").run(through: .review)
      #expect(try other.reviewed(of: "seed") != read[.random])
    }
  }

  @Test func `a run waits for a review file, and goes on once it is filled in`() async throws {
    try await withRunWorld { world in
      let file = world.folder.appending(path: "review.csv")
      let own = world.with {
        $0.review.source = .file
        $0.review.file = file.path
      }
      let queue = world.folder.appending(path: "run/review-queue.csv")
      await #expect(throws: RunError.waitingForLabels(queue.path, conflicts: 4)) { try await own.run().run() }
      let table = String(decoding: try Data(contentsOf: queue), as: UTF8.self)
      #expect(table.hasPrefix("\u{FEFF}item,label,image"))
      let ids = table.split(whereSeparator: \.isNewline).dropFirst().map { String($0.prefix { $0 != "," }) }
      #expect(ids.count == 4 && Set(world.conflicts.map(\.id)).isSuperset(of: ids))
      // An empty queue saved as it is answers nothing: still waiting.
      try FileManager.default.copyItem(at: queue, to: file)
      await #expect(throws: RunError.waitingForLabels(queue.path, conflicts: 4)) { try await own.run().run() }
      // Three of the four are labelled.
      let rows = ids.prefix(3).map { id in "\(id),\(own.items.first { $0.id == id }?.label ?? "")\n" }
      try Data(("item,label\n" + rows.joined()).utf8).write(to: file)
      let said = Said()
      try await DistillationRun(
        own.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter, plugins: own.plugins
      ).run()
      #expect(said.text.contains("1 of 4 conflicts for people have no label yet"), "\(said.text)")
      #expect(said.text.contains("decide them with \(file.path), and run again"))
      #expect(try own.run().evaluation?.labelsSpent == 3)
      #expect(try own.run().evaluation?.results["two_stage"]?.labels == 3)
    }
  }

  @Test func `what people wrote in vain is heard without progress, and stands in the figures and the report`()
    async throws
  {
    try await withRunWorld { world in
      let file = world.folder.appending(path: "review.csv")
      let own = world.with {
        $0.review.source = .file
        $0.review.file = file.path
      }
      let folder = world.folder.appending(path: "run")
      await #expect(throws: RunError.self) { try await own.run().run() }
      let queue = try String(contentsOf: folder.appending(path: "review-queue.csv"), encoding: .utf8)
      let ids = queue.split(whereSeparator: \.isNewline).dropFirst().map { String($0.prefix { $0 != "," }) }
      func label(_ id: String) -> String { own.items.first { $0.id == id }?.label ?? "" }
      func run(_ table: String) async throws -> String {
        try Data(("item,label\n" + table).utf8).write(to: file)
        let said = Said(.warnings)
        try await DistillationRun(
          own.configuration, folder: folder, reporter: said.reporter, plugins: own.plugins
        ).run()
        return said.text
      }
      // Two of four labels, a word that is no label, and an item that the run has not.
      let usable = ids.prefix(2).map { "\($0),\(label($0))\n" }.joined()
      let text = try await run(usable + "\(ids[2]),falsfied\nx9,\(label(ids[0]))\n")
      #expect(text.contains("2 rows can't be used:\n  \(file.path):4: "), "\(text)")
      #expect(text.contains("found 'falsfied'") && text.contains("found 'x9'"))
      #expect(text.contains("2 of 4 conflicts for people have no label yet"))
      #expect(!text.contains("stage 1") && !text.contains("in 0 s"), "\(text)")
      let evaluation = try #require(try own.run().evaluation)
      #expect(evaluation.labelsSpent == 2)
      #expect(evaluation.setAside?.map { $0.contains("falsfied") || $0.contains("'x9'") } == [true, true])
      let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
      #expect(page.contains("falsfied"))
      // The same labels without those lines: nothing is trained again, and the figures no longer name them.
      let adapter = try own.bytes("stage2/adapter_model.safetensors")
      #expect(!(try await run(usable)).contains("can't be used"))
      #expect(try own.run().evaluation?.setAside == nil)
      #expect(try own.bytes("stage2/adapter_model.safetensors") == adapter)
    }
  }

  @Test func `a run without a conflict needs no review file`() async throws {
    try await withRunWorld { world in
      let own = world.with {
        $0.review.source = .file
        $0.review.file = world.folder.appending(path: "review.csv").path
        // The same replies twice.
        $0.teachers = ["a", "b"].map { name in
          var recorded = RecordedTeacherConfiguration(file: world.folder.appending(path: "data/replies.jsonl").path)
          recorded.recordedName = "a"
          return .init(name: name, source: .recorded(recorded))
        }
      }
      try await own.run().run()
      #expect(try own.run().evaluation?.labelsSpent == 0)
      #expect(!own.exists("review-queue.csv"))
    }
  }

  @Test func `a run waits for people at its page, and goes on with what they have decided`() async throws {
    try await withRunWorld { world in
      let own = world.with { $0.review.source = .page }
      let folder = world.folder.appending(path: "run")
      await #expect(throws: RunError.waitingForReview(folder.path, conflicts: 4)) { try await own.run().run() }
      let review = try await own.run().review()
      #expect(review.questions.count == 4)
      #expect(Set(world.conflicts.map(\.id)).isSuperset(of: review.questions.map(\.item.id)))
      #expect(review.questions[0].answers.map(\.teacher) == ["a", "b"])
      let photo = try #require(review.questions[0].item.images.first)
      #expect(FileManager.default.fileExists(atPath: review.images.appending(path: photo).path))
      let log = review.log
      for (number, question) in review.questions.enumerated() {
        let label = own.items.first { $0.id == question.item.id }?.label ?? ""
        try await log.add(
          ReviewEntry(
            item: question.item.id, reviewer: "anna", decision: number == 3 ? .skipped : .label(label)))
      }
      let said = Said()
      try await DistillationRun(own.configuration, folder: folder, reporter: said.reporter, plugins: own.plugins).run()
      #expect(said.text.contains("1 of 4 conflicts for people have no label yet"), "\(said.text)")
      #expect(said.text.contains("distill review --run \(folder.path)"))
      #expect(try own.run().evaluation?.labelsSpent == 3)
      await #expect(throws: RunError.self) { try await world.run("oracle").review() }
      // What is decided and asked no more is told, and stays.
      let fewer = own.with { $0.review.budget = .count(1) }
      let less = Said()
      try await DistillationRun(fewer.configuration, folder: folder, reporter: less.reporter, plugins: own.plugins)
        .run()
      #expect(less.text.contains("has decisions about 2 items that the run does not ask about now"), "\(less.text)")
      #expect(try await review.log.entries().count == 4)
    }
  }

  @Test func `labels of a run are found from its folder, wherever it reads them`() async throws {
    try await withRunWorld { world in
      // The answers of the world's labels are "It is NAME.".
      func truth(_ item: String) -> String { world.items.first { $0.id == item }?.label ?? "" }
      func known(_ name: String, of own: RunWorld) async throws -> KnownLabels {
        let replies = try await own.run(name).openStore().all()
        return try await HumanTruth.labels(in: own.folder.appending(path: name), of: replies)
      }
      try await world.run("oracle").run(through: .review)
      let read = try world.reviewed(of: "oracle")
      #expect(
        try await known("oracle", of: world).labels == Dictionary(uniqueKeysWithValues: read.map { ($0, truth($0)) }))

      let page = world.with { $0.review.source = .page }
      let folder = world.folder.appending(path: "page")
      await #expect(throws: RunError.self) { try await page.run("page").run(through: .review) }
      await #expect(throws: CheckingError.self) { try await known("page", of: page) }
      let review = try await page.run("page").review()
      for question in review.questions {
        let entry = ReviewEntry(item: question.item.id, reviewer: "anna", decision: .label(truth(question.item.id)))
        try await review.log.add(entry)
      }
      let expected = Dictionary(uniqueKeysWithValues: review.questions.map { ($0.item.id, truth($0.item.id)) })
      #expect(expected.count == 4)
      #expect(try await known("page", of: page).labels == expected)
      // The file that a run with gold labels would have.
      let error = await #expect(throws: CheckingError.self) {
        try await HumanTruth.labels(in: folder.appending(path: "review.jsonl"), of: [])
      }
      #expect(error?.description.contains("(review.source: page), so give its folder") == true, "\(error as Any)")

      let table = world.folder.appending(path: "labels.csv")
      let file = world.with {
        $0.review.source = .file
        $0.review.file = table.path
      }
      let rows = expected.sorted { $0.key < $1.key }.map { "\($0.key),it is \($0.value).\n" }
      try Data(("item,label\n" + rows.joined()).utf8).write(to: table)
      try await file.run("file").run(through: .review)
      #expect(try await known("file", of: file).labels == expected)
      let replies = try await file.run("file").openStore().all()
      #expect(try await HumanTruth.labels(in: table, of: replies).labels == expected)
      await #expect(throws: CheckingError.self) { try await HumanTruth.labels(in: world.folder, of: replies) }
    }
  }

  @Test func `in later rounds the student is unsure anew, and is asked about what it is unsure of then`() async throws {
    try await withRunWorld { world in
      let own = world.with {
        $0.rounds = 2
        $0.review.budget = .count(6)
        $0.review.order = .studentUncertainty
        $0.stage2.training.learningRate = 0.5
      }
      try await own.run().run(through: .stage2)
      let read = try own.reviewed()
      let once = own.with { $0.rounds = 1 }
      try await once.run("once").run(through: .stage2)
      // By Stage 1's adapter alone the order is another.
      #expect(read.prefix(3) == (try once.reviewed(of: "once")).prefix(3))
      #expect(try read != once.reviewed(of: "once"))
    }
  }

  @Test func `several rounds share the budget, and the student votes from the second on`() async throws {
    try await withRunWorld { world in
      let own = world.with {
        $0.rounds = 2
        $0.review.budget = .count(6)
        $0.evaluation.results = .all
      }
      try await own.run().run()
      let read = try own.reviewed()
      #expect(Set(read).count == read.count && read.count <= 6 && read.count > 3)
      #expect(Set(world.conflicts.map(\.id)).isSuperset(of: read.prefix(3)))
      #expect(own.exists("rounds/1/adapter_model.safetensors") && own.exists("stage2/adapter_model.safetensors"))
      let steps = try own.steps()
      let both = (steps["rounds/1"] ?? 0) + (steps["stage2"] ?? 0)
      #expect(steps["baselines/random_labels"] == both, "equal steps are those of all rounds")
      #expect(steps["baselines/full_label"] == (steps["stage1"] ?? 0) + both)
      #expect(try own.run().evaluation?.labelsSpent == read.count)
      let before = try own.results()
      try await own.run().run()
      #expect(try own.results() == before)
    }
  }

  @Test func `budgets draw accuracy over labels`() async throws {
    try await withRunWorld { world in
      let own = world.with {
        $0.budgets = [.count(6), .count(2), .fraction(0.09), .count(4)]
      }
      try await own.run().run()
      let points = try #require(try own.run().evaluation?.budgets)
      #expect(points.map(\.labels) == [2, 4, 6] && points.allSatisfy { $0.result == "two_stage" })
      #expect(points.allSatisfy { $0.interval.low <= $0.accuracy && $0.accuracy <= $0.interval.high })
      #expect(try own.run().evaluation?.labelsSpent == 4)
    }
  }

  @Test func `a threshold chosen on dev counts the labels of dev`() async throws {
    try await withRunWorld { world in
      let own = world.with { $0.evaluation.choosesThresholdOnDev = true }
      try await own.run().run()
      let file = try #require(try own.run().evaluation)
      #expect(file.labelsSpent == 4 + RunWorld.dev)
      #expect(file.results["stage1"]?.labels == RunWorld.dev)
      #expect(file.results["two_stage"]?.labels == 4 + RunWorld.dev)
    }
  }

  @Test func `without any conflict the student of Stage 1 is the student`() async throws {
    try await withRunWorld { world in
      var own = world.with {
        $0.agreement.rule = .majority
        $0.evaluation.results = .all
      }
      // Of the two items with two votes, each is right once.
      own.plugins.teachers = [CountingTeacher("c") { request, _ in request.item.id == "i7" ? "falsified" : "pristine" }]
      try await own.run().run()
      let file = try #require(try own.run().evaluation)
      #expect(file.labelsSpent == 0)
      #expect(file.results["two_stage"]?.accuracy == file.results["stage1"]?.accuracy)
      #expect(try own.bytes("stage2/adapter_model.safetensors") == own.bytes("stage1/adapter_model.safetensors"))
      let steps = try own.steps()
      #expect(steps["baselines/full_label"] == steps["stage1"])
      let data = world.folder.appending(path: "data/items.jsonl")
      #expect(try await own.run().predict(data).count == world.items.count)
    }
  }

  @Test func `teachers that agree on nothing leave Stage 1 nothing to learn, and that is said`() async throws {
    try await withRunWorld { world in
      var own = world
      own.plugins.teachers = [
        CountingTeacher("c") { request, _ in
          (world.items.first { $0.id == request.item.id }?.votes["a"] ?? nil) == "pristine" ? "falsified" : "pristine"
        }
      ]
      // Of three teachers two have a majority on each item, but not for what c says of an item without another vote.
      let error = await #expect(throws: RunError.self) { try await own.run().run() }
      let text = try #require(error).description
      #expect(text.hasPrefix("0 training items agreed, "), "\(text)")
      #expect(text.hasSuffix("so Stage 1 has nothing to learn; set stage1.conflicts to majority or both"), "\(text)")
      #expect(!own.exists("review.jsonl"), "nobody is asked for labels of a run that can't go on")
    }
  }

  @Test func `several labels are learnt, predicted and scored`() async throws {
    try await withRunWorld(labels: ["true", "false", "mixed"]) { world in
      let own = world.with { $0.evaluation.results = .all }
      try await own.run().run()
      let file = try #require(try own.run().evaluation)
      #expect(file.testItems == RunWorld.test)
      #expect(file.results["two_stage"]?.confusion?.labels == ["true", "false", "mixed"])
      let predictions = try await own.run().predict(world.folder.appending(path: "data/items.jsonl"))
      #expect(predictions.allSatisfy { $0.probabilities.count == 3 })
    }
  }
}
