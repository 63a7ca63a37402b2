import DPO
import Distillation
import Foundation
import Layers
import TeacherProtocol
import Testing

/// What each option of the stages does to the trees that a student is trained on, seen by the student itself.
@Suite(.serialized) struct StageOptionTests {
  private typealias Entry = WatchedStudent.Log.Entry

  /// The trees of Stage 1, or those of Stage 2 alone.
  private func trees(
    _ world: RunWorld, stage2: Bool = false, _ change: (inout RunConfiguration) -> Void = { _ in }
  ) async throws -> [Entry] {
    var world = world.with(change)
    let log = WatchedStudent.Log()
    world.plugins.student = WatchedStudent(student: try TinyModels.student(), log: log)
    let name = UUID().uuidString
    try await world.run(name).run(through: .stage1)
    let first = log.entries
    guard stage2 else { return first }
    log.clear()
    try await world.run(name).run(through: .stage2)
    #expect(Array(log.entries.prefix(first.count)) == first)
    return Array(log.entries.dropFirst(first.count))
  }

  private func answer(_ row: RunWorld.Row, _ teacher: String) -> String {
    "It is \((row.votes[teacher] ?? nil) ?? ""). \(teacher) saw \(row.id)"
  }

  @Test func `Stage 1 learns every agreeing teacher's answer to each agreed item, as answers to one prompt`()
    async throws
  {
    try await withRunWorld { world in
      let trees = try await trees(world)
      let expected = world.agreed.sorted { $0.id < $1.id }.map {
        Entry(question: "Caption \($0.id)", answers: [answer($0, "a"), answer($0, "b")])
      }
      #expect(trees == expected)
      // An abstention and an unreadable reply have no vote and give no answer.
      #expect(!trees.contains { $0.question == "Caption i10" || $0.question == "Caption i7" })
    }
  }

  @Test func `conflicts in Stage 1 are left out, taught both ways, or by the majority`() async throws {
    try await withRunWorld { world in
      let conflicts = Set(world.conflicts.map { "Caption \($0.id)" })
      #expect(!conflicts.isEmpty)
      let both = try await trees(world) { $0.stage1.conflicts = .all }
      #expect(both.count { conflicts.contains($0.question) } == conflicts.count)
      for row in world.conflicts {
        #expect(both.contains(Entry(question: "Caption \(row.id)", answers: [answer(row, "a"), answer(row, "b")])))
      }
      // Two teachers that differ have no majority; a third decides.
      let tied = try await trees(world) { $0.stage1.conflicts = .majority }
      #expect(!tied.contains { conflicts.contains($0.question) })
      var three = world
      three.plugins.teachers = [
        CountingTeacher("c") { request, _ in "02468".contains(request.item.id.last ?? "1") ? "pristine" : "falsified" }
      ]
      let majority = try await trees(three) { $0.stage1.conflicts = .majority }
      for row in world.conflicts {
        let right = row.votes["a"] == row.label ? "a" : "b"
        let entry = majority.first { $0.question == "Caption \(row.id)" }
        #expect(entry?.answers == [answer(row, right), "It is \(row.label). c thinks so"])
      }
    }
  }

  @Test func `Stage 1 can learn one teacher's answers alone, and answers without rationales`() async throws {
    try await withRunWorld { world in
      let one = try await trees(world) { $0.stage1.answers = .teacher("b") }
      let agreed = world.agreed.sorted { $0.id < $1.id }
      #expect(one == agreed.map { Entry(question: "Caption \($0.id)", answers: [answer($0, "b")]) })
      let plain = try await trees(world) { $0.stage1.rationales = false }
      #expect(plain == agreed.map { Entry(question: "Caption \($0.id)", answers: ["It is \($0.label)."]) })
    }
  }

  @Test func `Stage 2 has every teacher's answer to the labelled conflicts`() async throws {
    try await withRunWorld { world in
      let trees = try await trees(world, stage2: true)
      #expect(trees.count == 4)
      for tree in trees {
        let row = try #require(world.conflicts.first { "Caption \($0.id)" == tree.question })
        #expect(tree.answers == [answer(row, "a"), answer(row, "b")])
      }
    }
  }

  @Test func `where all teachers are wrong the label's own words are chosen, or the item is skipped`() async throws {
    try await withRunWorld(labels: ["true", "false", "mixed"]) { world in
      func all(_ c: inout RunConfiguration) { c.review.budget = .count(24) }
      let wrong = world.conflicts.filter { row in !row.votes.values.contains(row.label) }
      #expect(wrong.count >= 2 && wrong.count < world.conflicts.count)
      let template = try await trees(world, stage2: true, all)
      #expect(template.count == world.conflicts.count)
      for row in wrong {
        let entry = template.first { $0.question == "Caption \(row.id)" }
        #expect(entry?.answers == [answer(row, "a"), answer(row, "b"), "It is \(row.label)."])
      }
      let skipped = try await trees(world, stage2: true) {
        all(&$0)
        $0.stage2.whenAllWrong = .skip
      }
      let names = Set(wrong.map { "Caption \($0.id)" })
      #expect(skipped == template.filter { !names.contains($0.question) })
    }
  }

  @Test func `replay mixes agreed items into Stage 2`() async throws {
    try await withRunWorld { world in
      let agreed = Set(world.agreed.map { "Caption \($0.id)" })
      let plain = try await trees(world, stage2: true)
      let mixed = try await trees(world, stage2: true) { $0.stage2.replay = 1.5 }
      #expect(Array(mixed.prefix(4)) == plain && mixed.count == 10)
      #expect(mixed.dropFirst(4).allSatisfy { agreed.contains($0.question) })
    }
  }

  @Test func `every option of Stage 2's objective changes what is learnt`() async throws {
    try await withRunWorld(labels: ["true", "false", "mixed"]) { world in
      // Three teachers, so that an item has more than one pair.
      var world = world.with { $0.review.budget = .count(24) }
      world.plugins.teachers = [CountingTeacher("c") { _, _ in "mixed" }]
      try await world.run("other").run(through: .stage2)
      let other = world.folder.appending(path: "other/stage2").path
      let changes: [(String, @Sendable (inout RunConfiguration) -> Void)] = [
        ("default", { _ in }), ("beta", { $0.stage2.beta = 0.5 }), ("sft_weight", { $0.stage2.sftWeight = 0.2 }),
        ("pairs", { $0.stage2.pairs = .best }), ("base", { $0.stage2.reference = .base }),
        ("none", { $0.stage2.reference = ReferenceConfiguration.none }),
        ("adapter", { $0.stage2.reference = .adapter(other) }), ("replay", { $0.stage2.replay = 1 }),
        ("epochs", { $0.stage2.training.epochs = 3 }), ("rate", { $0.stage2.training.learningRate = 3e-3 }),
        ("all wrong", { $0.stage2.whenAllWrong = .skip }), ("schedule", { $0.stage2.training.schedule = .constant }),
      ]
      var adapters: [Data: String] = [:]
      for (name, change) in changes {
        let own = world.with(change)
        try await own.run().run(through: .stage2)
        let bytes = try own.bytes("stage2/adapter_model.safetensors")
        #expect(adapters[bytes] == nil, "\(name) learns what \(adapters[bytes] ?? "") learns")
        adapters[bytes] = name
      }
    }
  }

  @Test func `every option of the adapter and of Stage 1's training changes what is learnt`() async throws {
    try await withRunWorld { world in
      let changes: [(String, @Sendable (inout RunConfiguration) -> Void)] = [
        ("default", { _ in }), ("rank", { $0.student.lora.rank = 3 }), ("alpha", { $0.student.lora.alpha = 8 }),
        ("dropout", { $0.student.lora.dropout = 0.3 }),
        ("targets", { $0.student.lora.targets = ["q_proj", "v_proj"] }),
        ("exclude", { $0.student.lora.exclude = ["down_proj"] }), ("vision", { $0.student.lora.vision = true }),
        ("rslora", { $0.student.lora.usesRankStabilisedScale = true }), ("dora", { $0.student.lora.usesDoRA = true }),
        ("gaussian", { $0.student.lora.initialization = .gaussian }),
        ("pissa", { $0.student.lora.initialization = .pissa }),
        ("ranks", { $0.student.lora.rankPattern = ["q_proj": 1] }),
        ("alphas", { $0.student.lora.alphaPattern = ["q_proj": 9] }), ("layer", { $0.student.lora.layers = [0] }),
        ("whole", { $0.student.lora.savedModules = ["embed_tokens"] }), ("seed", { $0.seed = 9 }),
        ("soft", { $0.stage1.targets = .soft }),
        ("batch", { $0.stage1.training.batch = 3 }), ("decay", { $0.stage1.training.weightDecay = 0.5 }),
        ("clip", { $0.stage1.training.clip = 0.01 }), ("warmup", { $0.stage1.training.warmup = 1 }),
      ]
      var adapters: [Data: String] = [:]
      for (name, change) in changes {
        let own = world.with(change)
        try await own.run().run(through: .stage1)
        let bytes = try own.bytes("stage1/adapter_model.safetensors")
        #expect(adapters[bytes] == nil, "\(name) learns what \(adapters[bytes] ?? "") learns")
        adapters[bytes] = name
        let text = try String(decoding: own.bytes("stage1/adapter_model.safetensors"), as: UTF8.self)
        #expect(text.contains("vision_model") == (name == "vision"))
      }
    }
  }

  @Test func `the agreement rule decides what is a conflict`() async throws {
    try await withRunWorld { world in
      var three = world
      three.plugins.teachers = [CountingTeacher("c") { _, _ in "pristine" }]
      let unanimous = try await trees(three)
      let majority = try await trees(three) { $0.agreement.rule = .majority }
      #expect(majority.count > unanimous.count)
      let wide = try await trees(three) {
        $0.agreement.rule = .majority
        $0.agreement.margin = 3
      }
      #expect(
        wide.map(\.question)
          == unanimous.map(\.question).filter { name in
            !["Caption i7", "Caption i10"].contains(name)
          })
      // Without confidences two votes of three lead by a third.
      let weighted = try await trees(three) {
        $0.agreement.rule = .confidenceWeighted
        $0.agreement.lead = 0.3
      }
      #expect(weighted.count >= unanimous.count && weighted.count <= majority.count)
      let sure = try await trees(three) {
        $0.agreement.rule = .dawidSkene
        $0.agreement.probability = 1
      }
      let likely = try await trees(three) {
        $0.agreement.rule = .dawidSkene
        $0.agreement.probability = 0.5
      }
      #expect(sure.count >= unanimous.count && likely.count > sure.count)
      let lonely = try await trees(world) { $0.agreement.minimumVotes = 1 }
      #expect(lonely.count == world.agreed.count + 2)
    }
  }
}
