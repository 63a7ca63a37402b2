import Distillation
import DistillationConfiguration
import Evaluation
import Foundation
import TeacherProtocol
import Testing

/// What Stage 2 ends with where a run chooses it.
@Suite(.serialized) struct StageChoiceRunTests {
  /// A world with 60 development items, and with 80 training items more: on 60 the teachers differ, on 20 they agree.
  ///
  /// - Parameters:
  ///   - dev: the label of all further development items, and
  ///   - conflicts: that of the further training items; nil for both by turns.
  private func withLargeWorld(
    dev: String? = nil, conflicts: String? = nil, _ body: (RunWorld) async throws -> Void
  ) async throws {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      func rows(_ name: String, _ split: String, _ count: Int, _ label: String?) -> [RunWorld.Row] {
        (0..<count).map {
          RunWorld.Row(
            id: "\(name)\($0)", split: split, label: label ?? ($0 % 3 == 0 ? "pristine" : "falsified"),
            image: "\(split)\($0 % 3).png", votes: [:])
        }
      }
      let (conflicts, agreed) = (rows("t", "train", 60, conflicts), rows("s", "train", 20, nil))
      try RunWorld.write(
        world.items + rows("d", "dev", 54, dev) + conflicts + agreed, to: data.appending(path: "items.jsonl"))
      func reply(to row: RunWorld.Row, _ a: String, _ b: String) -> String {
        "{\"id\":\"\(row.id)\",\"teachers\":{\"a\":{\"label\":\"\(a)\"},\"b\":{\"label\":\"\(b)\"}}}\n"
      }
      let replies =
        conflicts.map { reply(to: $0, "pristine", "falsified") } + agreed.map { reply(to: $0, $0.label, $0.label) }
      let file = data.appending(path: "replies.jsonl")
      try (Data(contentsOf: file) + Data(replies.joined().utf8)).write(to: file)
      try await body(
        world.with {
          $0.review.budget = .count(60)
          $0.stage2.training.epochs = 1
        })
    }
  }

  private func choice(of world: RunWorld, _ name: String = "run") throws -> StageChoice {
    try #require(try world.run(name).evaluation?.stage2)
  }

  @Test func `a choice on the budget holds out a fifth, trains the rest twice, and ends with what is shown to be best`()
    async throws
  {
    try await withLargeWorld { world in
      // What is done where the configuration does not say it.
      let own = world.with { $0.stage2.choose = nil }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect(
        choice.source == "budget" && choice.candidates.map(\.name) == ["preferences", "stage1_sft", "stage1"])
      // A fifth of the groups, of one label or two each: of 60 labels about a fifth.
      #expect((8...16).contains(choice.labels) && choice.agreed > 0, "\(choice.labels) labels")
      // Fine-tuning, unless another is better by more than a standard error.
      let best = choice.candidates.max { $0.accuracy < $1.accuracy }
      #expect(choice.taken == "stage1_sft" || choice.taken == best?.name)
      let steps = try own.steps()
      let rest = (60 - choice.labels + 1) / 2
      #expect(steps["choice/1/preferences"] == rest && steps["choice/1/stage1_sft"] == rest)
      #expect(steps["stage2"] == (choice.taken == "stage1" ? nil : 30))
      #expect(try own.run().evaluation?.labelsSpent == 60)
      // Carried out again, nothing is trained nor asked, and the bytes stay; another run of the seed has the same.
      let before = try own.results()
      try await own.run().run()
      #expect(try own.results() == before && own.steps() == steps)
      try await own.run("again").run()
      let again = try own.results(of: "again")
      #expect(again == before)
    }
  }

  @Test func `a choice on dev counts its labels once, and what was judged is what is kept`() async throws {
    try await withLargeWorld { world in
      let own = world.with {
        $0.stage2.choose = .dev
        $0.evaluation.calibration = .dev
      }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect(choice.source == "dev" && choice.labels == 60 && choice.agreed == 0 && choice.weight == 1)
      let file = try #require(try own.run().evaluation)
      #expect(file.labelsSpent == 120 && file.results["two_stage"]?.labels == 120)
      #expect(file.results["stage1"]?.labels == 0)
      let taken = choice.taken == "stage1" ? "stage1" : "choice/1/\(choice.taken)"
      #expect(
        try own.bytes("stage2/adapter_model.safetensors") == own.bytes("\(taken)/adapter_model.safetensors"))
      let steps = try own.steps()
      #expect(steps["choice/1/preferences"] == 30 && steps["stage2"] == nil)
      // As it is configured nothing is chosen.
      try await world.run("plain").run()
      #expect(try world.run("plain").evaluation?.stage2 == nil && !world.exists("choice", of: "plain"))
      let before = try own.results()
      try await own.run().run()
      #expect(try own.results() == before && own.steps() == steps)
    }
  }

  @Test func `where Stage 2 makes the student worse it stays as Stage 1 left it, and baselines are trained`()
    async throws
  {
    try await withLargeWorld(dev: "pristine", conflicts: "falsified") { world in
      let own = world.with {
        $0.stage2.choose = .dev
        $0.stage2.replay = 0
        $0.evaluation.results = .init([.stage1, .randomLabels, .twoStage])
      }
      let said = Said()
      try await DistillationRun(
        own.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter, plugins: own.plugins
      ).run()
      let choice = try choice(of: own)
      // Conflicts teach to say falsified, which is true of the fewest development items.
      #expect(choice.taken == "stage1" && said.text.contains(choice.sentence), "\(choice.sentence)")
      let file = try #require(try own.run().evaluation)
      #expect(file.results["two_stage"]?.accuracy == file.results["stage1"]?.accuracy)
      #expect(try own.bytes("stage2/adapter_model.safetensors") == own.bytes("stage1/adapter_model.safetensors"))
      #expect(try own.steps()["baselines/random_labels"] == 30)
      let before = try own.results()
      try await own.run().run()
      #expect(try own.results() == before)
    }
  }

  @Test func `too few labels to judge by leave the student as Stage 1 left it, and that is said`() async throws {
    try await withRunWorld { world in
      let own = world.with {
        $0.stage2.choose = nil
        $0.evaluation.results = .init([.stage1, .stage1SFT, .randomLabels, .twoStage])
      }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect(choice.candidates.isEmpty && choice.taken == "stage1" && choice.labels == 4)
      #expect(choice.reason?.hasSuffix("too few; it takes 10") == true)
      #expect(try own.bytes("stage2/adapter_model.safetensors") == own.bytes("stage1/adapter_model.safetensors"))
      let file = try #require(try own.run().evaluation)
      #expect(file.results["two_stage"]?.accuracy == file.results["stage1"]?.accuracy)
      #expect(file.results["two_stage"]?.labels == 4 && file.labelsSpent == 4)
      // What is trained beside it is trained.
      let steps = try own.steps()
      #expect(steps["baselines/stage1_sft"] != nil && steps["baselines/random_labels"] != nil && steps["stage2"] == nil)
    }
  }

  @Test func `where a fifth of the labels is too few to judge by, further fifths are held out one after the other`()
    async throws
  {
    try await withLargeWorld { world in
      let own = world.with {
        $0.stage2.choose = nil
        $0.review.budget = .count(20)
      }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect((StageChoice.fewest...20).contains(choice.labels) && choice.agreed > 0)
      #expect(choice.candidates.map(\.name) == ["stage1_sft", "stage1"])
      let steps = try own.steps()
      let places = ["", "part_2/", "part_3/", "part_4/", "part_5/"].map { "choice/1/\($0)" }
      let parts = places.filter { steps["\($0)stage1_sft"] != nil }
      #expect(steps["choice/1/preferences"] == nil)
      #expect(parts.count > 1 && parts == Array(places.prefix(parts.count)))
      // Each part is learned by those of the others: two labels an update.
      let learned = parts.map { steps["\($0)stage1_sft"] ?? 0 }
      #expect(learned.allSatisfy { $0 < 10 } && learned.reduce(0, +) >= (20 * parts.count - choice.labels) / 2)
      // What was bought is learned from, unless that does harm.
      #expect(choice.taken == "stage1_sft" || choice.candidates[1].accuracy > choice.candidates[0].accuracy)
      let before = try own.results()
      try await own.run().run()
      #expect(try own.results() == before && own.steps() == steps)
    }
  }

  @Test func `labels are judged by where the teachers agree on nothing`() async throws {
    try await withLargeWorld { world in
      let data = world.folder.appending(path: "data")
      let items = try String(contentsOf: data.appending(path: "items.jsonl"), encoding: .utf8)
      let replies = items.matches(of: /"id":"([^"]+)"/).map {
        "{\"id\":\"\($0.1)\",\"teachers\":{\"a\":{\"label\":\"pristine\"},\"b\":{\"label\":\"falsified\"}}}\n"
      }
      try Data(replies.joined().utf8).write(to: data.appending(path: "replies.jsonl"))
      let own = world.with {
        $0.stage2.choose = nil
        $0.stage1.conflicts = .all
        $0.stage1.training.epochs = 1
      }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect(choice.agreed == 0 && choice.weight == 1 && choice.labels >= StageChoice.fewest)
    }
  }

  @Test func `a run that was begun before ends as it did then`() async throws {
    try await withRunWorld { world in
      try await world.run("plain").run()
      let own = world.with { ($0.stage2.choose, $0.stage2.replay) = (nil, nil) }
      let folder = world.folder.appending(path: "run")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let rules = try String(decoding: world.bytes("rules.json", of: "plain"), as: UTF8.self)
      #expect(rules.contains("\"stage2_ending\" : \"evidence\""))
      try Data(rules.replacing("\"stage2_ending\" : \"evidence\"", with: "\"stage2_ending\" : \"configured\"").utf8)
        .write(to: folder.appending(path: "rules.json"))
      try await own.run().run()
      #expect(try own.run().evaluation?.stage2 == nil)
      let (old, new) = (try own.run().configuration, try own.run("new").configuration)
      #expect(old.stage2.replay == 0 && new.stage2.replay == 1)
      #expect(
        try own.bytes("stage2/adapter_model.safetensors")
          == world.bytes("stage2/adapter_model.safetensors", of: "plain"))
    }
  }

  @Test func `development labels that are too few leave it to those of the budget`() async throws {
    try await withLargeWorld { world in
      let own = world.with {
        $0.stage2.choose = .dev
        $0.data.limit.dev = 6
      }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect(choice.source == "budget" && choice.labels >= StageChoice.fewest)
      #expect(try own.run().evaluation?.labelsSpent == 60)
    }
  }

  @Test func `development labels that are too few to choose by are not spent`() async throws {
    try await withRunWorld { world in
      let own = world.with { $0.stage2.choose = .dev }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect(
        (1..<StageChoice.fewest).contains(choice.labels) && choice.candidates.isEmpty && choice.source == "budget")
      try await world.run("plain").run()
      let plain = try #require(try world.run("plain").evaluation)
      let file = try #require(try own.run().evaluation)
      #expect(file.labelsSpent == plain.labelsSpent)
      #expect(file.results["two_stage"]?.labels == plain.results["two_stage"]?.labels)
    }
  }

  @Test func `in a later round what is not trained is called by the round before`() async throws {
    try await withLargeWorld { world in
      let own = world.with {
        $0.stage2.choose = .dev
        $0.rounds = 2
      }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect(choice.candidates.map(\.name) == ["preferences", "round_1_sft", "round_1"])
      let before = try own.results()
      try await own.run().run()
      #expect(try own.results() == before)
    }
  }

  @Test func `labels of one group can't be held out, so Stage 2 is without preferences, and that is said`() async throws
  {
    try await withLargeWorld { world in
      let file = world.folder.appending(path: "data/items.jsonl")
      let items = try String(contentsOf: file, encoding: .utf8)
      try Data(items.replacing(/"group":"gtrain\d+"/, with: "\"group\":\"gtrain\"").utf8).write(to: file)
      let own = world.with {
        $0.stage2.choose = .budget
        $0.stage2.replay = 0
      }
      try await own.run().run()
      let choice = try choice(of: own)
      #expect(choice.candidates.isEmpty && choice.taken == "stage1_sft" && choice.labels == 60)
      #expect(choice.reason == "the items that are held out leave none to learn from, since groups stay together")
      #expect(try own.steps()["choice/1/preferences"] == nil && own.steps()["stage2"] == 30)
    }
  }

  @Test func `a calibration on the budget trains in the way that was chosen`() async throws {
    try await withLargeWorld { world in
      let own = world.with {
        $0.stage2.choose = .budget
        $0.evaluation.calibration = .budget
      }
      try await own.run().run()
      let steps = try own.steps()
      #expect((steps["calibration/1"] != nil) == (try choice(of: own).taken != "stage1"))
      #expect(try own.run().evaluation?.calibration?.answers == 60)
    }
  }
}
