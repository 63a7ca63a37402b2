import DPO
import Distillation
import DistillationConfiguration
import Foundation
import LoRA
import Layers
import StudentModels
import Tensor
import Testing
import Tokenization
import Training

/// What `distill export-training` writes, and how a run goes on from what comes back. What TRL 1.16.0 makes of it is compared by
/// Benchmarks/trl_losses.py.
@Suite(.serialized) struct TrainingExportTests {
  private typealias Row = [String: Any]

  private func rows(_ world: RunWorld, _ path: String) throws -> [Row] {
    let text = try String(contentsOf: world.folder.appending(path: "training/\(path)"), encoding: .utf8)
    return try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? Row)
    }
  }

  private func export(_ world: RunWorld) async throws -> [String] {
    try await world.run().exportTraining(to: world.folder.appending(path: "training"))
  }

  private func script(_ world: RunWorld) throws -> String {
    try String(contentsOf: world.folder.appending(path: "training/train.py"), encoding: .utf8)
  }

  /// The turns of a row as the student's own.
  private func messages(_ value: Any?) throws -> [ChatMessage] {
    try #require(value as? [Row]).map { turn in
      let parts = try #require(turn["content"] as? [[String: String]]).map { part -> ChatMessage.Part in
        part["type"] == "image" ? .image : .text(part["text"] ?? "")
      }
      return ChatMessage(role: turn["role"] as? String ?? "", content: .parts(parts))
    }
  }

  @Test func `rows are the conversations that the run trains on, with as many tokens`() async throws {
    try await withRunWorld { world in
      let lines = try await export(world)
      let student = try SmolVLM(contentsOf: world.folder.appending(path: "base"))
      let image = try student.blankImage(width: 16, height: 16)
      let first = try rows(world, "stage1/rows.jsonl")
      // Both teachers give an answer of their own to every agreed item.
      #expect(first.count == 2 * world.agreed.count)
      #expect(Set(first.compactMap { $0["item"] as? String }) == Set(world.agreed.map(\.id)))
      #expect(lines.first == "stage1/rows.jsonl: \(first.count) rows of \(world.agreed.count) items")
      for row in try first + rows(world, "stage2/rows.jsonl") {
        let item = try #require(row["item"] as? String)
        let asked = try messages(row["prompt"])
        #expect(asked == student.messages(question: "Caption \(item)", imagesAt: [0], answer: nil))
        let prompt = try student.prompt(asked)
        let ids = try student.ids(of: prompt, images: [image])
        #expect(ids.count == row["prompt_tokens"] as? Int)
        for (answer, count) in [
          ("completion", "answer_tokens"), ("chosen", "chosen_tokens"), ("rejected", "rejected_tokens"),
        ] {
          guard let turn = row[answer] else { continue }
          let whole = try student.rendered(asked + messages(turn), addingGenerationPrompt: false)
          #expect(whole.hasPrefix(prompt))
          let end = try #require(
            try student.ids(of: whole, images: [image])[ids.count...].firstIndex(of: student.endOfTurn))
          #expect(end + 1 - ids.count == row[count] as? Int, "\(whole)")
        }
        let images = try #require(row["images"] as? [String])
        let picture = try #require(world.items.first { $0.id == item }).image
        #expect(images.count == 1)
        #expect(
          try Data(contentsOf: world.folder.appending(path: "training/\(images[0])"))
            == Data(contentsOf: world.folder.appending(path: "data/\(picture)")))
      }
    }
  }

  @Test func `pairs hold the human label against the others, and items without a pair are marked`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.stage2.replay = 0.5 }
      _ = try await export(world)
      let all = try rows(world, "stage2/rows.jsonl")
      let pairs = all.filter { $0["is_pair"] as? Bool == true }
      let conflicts = try world.reviewed()
      #expect(Set(pairs.compactMap { $0["item"] as? String }) == Set(conflicts) && conflicts.count == 4)
      for row in pairs {
        let label = try #require(world.items.first { $0.id == row["item"] as? String }).label
        let (chosen, rejected) = try ("\(messages(row["chosen"]))", "\(messages(row["rejected"]))")
        #expect(chosen.contains("It is \(label).") && !rejected.contains("It is \(label)."))
        #expect(row["example_tokens"] as? Int == row["chosen_tokens"] as? Int)
      }
      // Two agreed items beside four conflicts, of each the answers of both teachers.
      let replayed = all.filter { $0["is_pair"] as? Bool == false }
      #expect(Set(replayed.compactMap { $0["item"] as? String }).count == 2 && replayed.count == 4)
      for row in replayed {
        #expect(try messages(row["chosen"]) == messages(row["rejected"]))
        #expect(row["example_tokens"] as? Int ?? 0 > row["chosen_tokens"] as? Int ?? 0)
      }
    }
  }

  @Test func `the order and the adapter of the beginning are those of the run`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.stage1.training.epochs = 3 }
      _ = try await export(world)
      let order = try #require(try rows(world, "order.json").first as? [String: [[Int]]])
      let trainer = Trainer(stage: "stage1", options: TrainingOptions(), seed: UInt64(world.configuration.seed))
      #expect(order["stage1"] == (0..<3).map { trainer.shuffled(world.agreed.count, $0) })
      #expect(order["stage2"]?.count == 2)
      var student = try SmolVLM(contentsOf: world.folder.appending(path: "base"))
      try student.loadAdapter(from: world.folder.appending(path: "training/start"))
      var fresh = try SmolVLM(contentsOf: world.folder.appending(path: "base"))
      var lora = LoRAConfiguration()
      lora.rank = 2
      try fresh.attachAdapter(lora, seed: UInt64(world.configuration.seed))
      for (own, other) in zip(student.adapterParameters(), fresh.adapterParameters()) {
        #expect(own.parameter.value.isIdentical(to: other.parameter.value), "\(own.path)")
      }
    }
  }

  @Test func `the script has the stage's settings in TRL's names`() async throws {
    try await withRunWorld { world in
      let world = world.with { c in
        c.stage1.training.schedule = .constant
        c.stage1.training.warmup = 0.2
        c.stage2.loss = .init(mixing: [.cdpo: 0.5, .sigmoid: 0.25])
        c.stage2.labelSmoothing = 0.1
        c.stage2.tailWeight = 0.5
        c.stage2.reference = .base
      }
      _ = try await export(world)
      let text = try script(world)
      for line in [
        #""lr_scheduler_type": "constant_with_warmup""#, #""num_train_epochs": 2"#, #""batch": 8"#,
        #""learning_rate": 0.01"#, #""reference": "base""#, #""ld_alpha": 0.5"#, #""sft_weight": 1.0"#,
        // 2 (1 - 0.1) 0.5 + 0.25 of sigmoid, -(1 - 2 0.1) 0.5 of robust.
        #""loss_type": ["robust", "sigmoid"]"#, #""loss_weights": [-0.4, 1.15]"#, #""reads_images": True"#,
      ] { #expect(text.contains(line), "\(line)") }
      // 18 agreed items in 3 updates an epoch, of which a fifth of 6 is 1.2.
      let steps = Int((Double(2 * ((world.agreed.count + 7) / 8)) * 0.2).rounded(.up))
      #expect(text.contains(#""warmup_steps": \#(steps),"#))
      let readme = try String(contentsOf: world.folder.appending(path: "training/README.md"), encoding: .utf8)
      #expect(readme.contains("the base model without an adapter (`base`)"))
    }
  }

  @Test func `a stage of one update has no warm-up in the script either`() async throws {
    try await withRunWorld { world in
      let world = world.with { c in
        (c.stage1.training.epochs, c.stage1.training.batch) = (1, 1000)
        (c.stage2.training.epochs, c.stage2.training.batch) = (2, 1000)
      }
      _ = try await export(world)
      let text = try script(world)
      let steps = text.split(separator: "\n").filter { $0.contains("\"warmup_steps\":") }
      // Of two updates a share of 0.03 is one.
      #expect(steps.map { $0.filter(\.isNumber) } == ["0", "1"], "\(steps)")
    }
  }

  @Test func `a decoder without a chat template has plain texts and no images`() async throws {
    try await withRunWorld { world in
      let folder = world.folder.appending(path: "decoder")
      try TinyModels.writeTextDecoder(to: folder)
      let world = world.with { c in
        c.data.fields.image = nil
        c.student.model = folder.path
      }
      _ = try await export(world)
      let row = try #require(try rows(world, "stage1/rows.jsonl").first)
      let item = try #require(row["item"] as? String)
      #expect(row["prompt"] as? String == "Caption \(item)" && row["images"] == nil)
      #expect((row["completion"] as? String)?.hasPrefix("It is ") == true)
      #expect(!FileManager.default.fileExists(atPath: world.folder.appending(path: "training/images").path))
    }
  }

  @Test func `without human labels Stage 1 alone is written, and Stage 2 once they are there`() async throws {
    try await withRunWorld { world in
      let review = world.folder.appending(path: "review.csv")
      let waiting = world.with { c in
        c.review.source = .file
        c.review.file = review.path
      }
      let lines = try await export(waiting)
      #expect(
        lines.last?.contains("stage2 is not written yet") == true && lines.last?.contains("review-queue.csv") == true)
      let training = world.folder.appending(path: "training")
      #expect(!FileManager.default.fileExists(atPath: training.appending(path: "stage2/rows.jsonl").path))
      #expect(try !script(world).contains("\"stage2\": {"))
      // What was trained there stays.
      let trained = training.appending(path: "stage1/adapter")
      try FileManager.default.copyItem(at: training.appending(path: "start"), to: trained)
      let filled = world.conflicts.map { "\($0.id),\($0.label)\n" }
      try Data(("item,label\n" + filled.joined()).utf8).write(to: review)
      let again = try await export(waiting)
      #expect(again.contains { $0.hasPrefix("stage2/rows.jsonl: ") }, "\(again)")
      #expect(FileManager.default.fileExists(atPath: trained.appending(path: "adapter_model.safetensors").path))
      #expect(try script(world).contains("\"stage2\": {"))
    }
  }

  @Test func `what TRL can't be told is refused by its key`() async throws {
    try await withRunWorld { world in
      func refusal(_ change: (inout RunConfiguration) -> Void) async throws -> String {
        do { _ = try await export(world.with(change)) } catch let error as RunError { return "\(error)" }
        return ""
      }
      let rounds = try await refusal { $0.rounds = 2 }
      #expect(rounds.hasPrefix("rounds: "))
      let soft = try await refusal { $0.stage1.targets = .soft }
      #expect(soft.hasPrefix("stage1.targets: soft: TRL"))
      let decayed = try await refusal { c in
        c.student.lora.initialization = .pissa
        c.stage1.training.weightDecay = 0.1
      }
      #expect(decayed.hasPrefix("student.lora.init: "))
      let fresh = try await refusal { $0.student.model = nil }
      #expect(fresh.hasPrefix("student.model: "))
      let training = world.folder.appending(path: "training")
      try FileManager.default.createDirectory(at: training, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: training.appending(path: "notes.txt"))
      let taken = try await refusal { _ in }
      #expect(taken.hasPrefix("--out: \(training.path) has files in it"))
    }
    // With three labels two teachers may be right, of whom a pair of the best has one.
    try await withRunWorld { world in
      let third = world.folder.appending(path: "data/third.jsonl")
      let lines = world.items.map {
        #"{"id":"\#($0.id)","teachers":{"c":{"label":"\#($0.label)","rationale":"c saw it"}}}"# + "\n"
      }
      try Data(lines.joined().utf8).write(to: third)
      let world = world.with { c in
        c.teachers.append(.init(name: "c", source: .recorded(.init(file: third.path))))
        c.stage2.pairs = .best
      }
      do {
        _ = try await export(world)
        Issue.record("pairs of the best were written")
      } catch let error as RunError { #expect("\(error)".hasPrefix("stage2.pairs: item "), "\(error)") }
      let alone = world.with { $0.stage2.sftWeight = 0 }
      #expect(try await export(alone).contains { $0.hasPrefix("stage2/rows.jsonl: 4 rows of 4 items") })
    }
  }
}

/// Adapters that were trained elsewhere, in place of the run's own training.
@Suite(.serialized) struct TakenAdapterTests {
  /// The world with both stages' adapters of another run in `back`.
  private func withBack(_ body: (RunWorld, URL) async throws -> Void) async throws {
    try await withRunWorld { world in
      try await world.run("other").run()
      let back = world.folder.appending(path: "back")
      try FileManager.default.createDirectory(at: back, withIntermediateDirectories: true)
      for stage in ["stage1", "stage2"] {
        try FileManager.default.copyItem(
          at: world.folder.appending(path: "other/\(stage)"), to: back.appending(path: stage))
      }
      try await body(world, back)
    }
  }

  private func taking(_ world: RunWorld, _ back: URL) -> RunWorld {
    world.with { c in
      c.stage1.adapter = back.appending(path: "stage1").path
      c.stage2.adapter = back.appending(path: "stage2").path
    }
  }

  private func refusal(_ world: RunWorld) async throws -> String {
    do { try await world.run().run() } catch { return "\(error)" }
    return ""
  }

  @Test func `a run goes on from adapters that come back, to the same evaluation, without an update`() async throws {
    try await withBack { world, back in
      let taken = taking(world, back)
      let said = try await start(taken)
      #expect(said.contains("is taken in place of training"))
      let (own, other) = try (taken.results(), taken.results(of: "other"))
      #expect(own == other, "\(own.filter { other[$0.key] != $0.value }.keys)")
      #expect(!taken.exists("metrics.jsonl"))
      // A second start has nothing to do; other bytes are taken anew.
      #expect(
        try await start(taken).contains("skipped, since their inputs are unchanged: annotate, agree, review, stage1"))
      try FileManager.default.removeItem(at: back.appending(path: "stage2"))
      try FileManager.default.copyItem(at: back.appending(path: "stage1"), to: back.appending(path: "stage2"))
      #expect(try await start(taken).contains("stage2 is carried out again, as these have changed: stage2.adapter"))
      #expect(try taken.bytes("stage2/adapter_model.safetensors") == taken.bytes("stage1/adapter_model.safetensors"))
    }
  }

  @Test func `a key that is not set is no part of what steps are known by`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let world = try RunWorld(in: folder)
    #expect(!world.configuration.stage2.json.contains("\"adapter\"") && !world.configuration.yaml.contains("adapter:"))
  }

  @Test func `another rank, other layers and another base are refused with what differs`() async throws {
    try await withBack { world, back in
      let taken = taking(world, back)
      let rank = try await refusal(taken.with { $0.student.lora.rank = 4 })
      #expect(
        rank.hasPrefix("stage1.adapter: ") && rank.contains("the rank is 2 at ") && rank.contains("expected 4"),
        "\(rank)")
      let alpha = try await refusal(taken.with { $0.student.lora.alpha = 8 })
      #expect(alpha.contains("the scale is 16.0") && alpha.contains("expected 4.0"), "\(alpha)")
      let more = try await refusal(taken.with { $0.student.lora.targets = ["q_proj"] })
      #expect(more.contains("it adapts ") && more.contains("which student.lora does not"), "\(more)")
      let narrow = world.with { $0.student.lora.targets = ["q_proj", "v_proj"] }
      try await narrow.run("narrow").run(through: .stage1)
      let less = try await refusal(
        world.with { $0.stage1.adapter = world.folder.appending(path: "narrow/stage1").path })
      #expect(less.contains("it has nothing at ") && less.contains("which student.lora adapts"), "\(less)")
      var sizes = TinyModels.sizes
      sizes.hiddenSize = 48
      try TinyModels.student(sizes: sizes).save(to: world.folder.appending(path: "wide"))
      let base = try await refusal(taken.with { $0.student.model = world.folder.appending(path: "wide").path })
      #expect(base.contains("misshapen") && base.contains("another base model"), "\(base)")
    }
  }

  /// What a check of the world finds of a key.
  private func found(_ world: RunWorld, _ level: CheckFinding.Level, _ key: String) -> [String] {
    RunCheck(
      world.configuration, runFolder: world.folder.appending(path: "run"), environment: [:],
      speed: MachineSpeed(matrixRate: 1e10, availableBytes: 8_000_000_000)
    )
    .texts(level, key)
  }

  @Test func `distill check says before a run whether adapters that come back fit the student`() async throws {
    try await withBack { world, back in
      let taken = taking(world, back)
      for stage in ["stage1", "stage2"] {
        #expect(
          found(taken, .ok, "\(stage).adapter")
            == ["\(back.appending(path: stage).path): an adapter that fits the student"])
      }
      // In the words of the run.
      for change in [
        { $0.student.lora.rank = 4 }, { $0.student.lora.targets = ["q_proj"] }, { $0.stage1.adapter = "/nowhere" },
      ] as [(inout RunConfiguration) -> Void] {
        let other = taken.with(change)
        let refused = try await refusal(other)
        #expect(!refused.isEmpty && found(other, .error, "stage1.adapter") == [refused], "\(refused)")
      }
      try FileManager.default.removeItem(at: back.appending(path: "stage2/adapter_model.safetensors"))
      let missing = found(taken, .error, "stage2.adapter")
      #expect(missing.count == 1 && missing[0].contains("it has no adapter_model.safetensors"), "\(missing)")
    }
  }

  @Test func `a check says that an adapter's base is not known, and refuses one with a number that is none`()
    async throws
  {
    try await withBack { world, back in
      let taken = taking(world, back)
      let base = world.folder.appending(path: "base").path
      let doubt = try #require(found(taken, .warning, "stage1.adapter").first)
      #expect(
        doubt.contains("has no distillation.json that says which base model it was trained on")
          && doubt.contains("names '\(base)'"), "\(doubt)")
      // Of every adapter that a configuration names.
      let file = back.appending(path: "stage1/adapter_model.safetensors")
      let read = try Tensor.SafetensorsFile(contentsOf: file)
      var tensors = try Dictionary(uniqueKeysWithValues: read.names.map { ($0, try read.tensor(named: $0)) })
      let name = try #require(read.names.sorted().last)
      tensors[name] = tensors[name].map { $0 * .nan }
      try Tensor.writeSafetensors(tensors, to: file)
      let fault = LoRAError.notFinite(file: file.path, tensor: name, element: 0, value: "nan").description
      #expect(fault.contains("is nan at its element 0"))
      #expect(found(taken, .error, "stage1.adapter") == [fault])
      #expect(try await refusal(taken) == fault)
      let folder = back.appending(path: "stage1").path
      let reference = world.with { $0.stage2.reference = .adapter(folder) }
      #expect(found(reference, .error, "stage2.reference") == [fault])
      let teacher = world.with {
        var model = ModelTeacherConfiguration(model: base)
        model.adapter = folder
        $0.teachers[0].source = .model(model)
      }
      #expect(found(teacher, .error, "teachers.a") == [fault])
    }
  }

  @Test func `what the script wrote beside an adapter tells another base, another stage and other rows`() async throws {
    try await withBack { world, back in
      let taken = taking(world, back)
      func says(_ text: String) throws {
        try Data(text.utf8).write(to: back.appending(path: "stage1/distillation.json"))
      }
      try says(#"{"stage": "stage1", "base": "0123456789abcdef", "rows": "x"}"#)
      let base = try await refusal(taken)
      #expect(base.contains("it was trained on another base model (0123456789ab in place of "), "\(base)")
      try says(#"{"stage": "stage2"}"#)
      #expect(try await refusal(taken).contains("distillation.json says that it was trained by stage2"))
      try says("{")
      #expect(try await refusal(taken).contains("distillation.json is damaged"))
      try says(#"{"stage": "stage1", "rows": "x"}"#)
      #expect(try await start(taken).contains("was trained on other rows than the run has now"))
      // The rows' own key is no cause for a word.
      let training = world.folder.appending(path: "training")
      _ = try await taken.run("again").exportTraining(to: training)
      let script = try String(contentsOf: training.appending(path: "train.py"), encoding: .utf8)
      let rows = try #require(script.firstMatch(of: #/"rows": \{\s*"stage1": "([0-9a-f]+)"/#)).output.1
      let key = try #require(script.firstMatch(of: #/"base": "([^"]+)"/#)).output.1
      try says(#"{"stage": "stage1", "base": "\#(key)", "rows": "\#(rows)"}"#)
      try FileManager.default.removeItem(at: world.folder.appending(path: "run"))
      #expect(try await !start(taken).contains("other rows"))
    }
  }

  @Test func `a folder without an adapter, a second stage without a first, and soft targets are refused`() async throws
  {
    try await withBack { world, back in
      let soft = try await refusal(taking(world, back).with { $0.stage1.targets = .soft })
      #expect(soft.hasPrefix("stage1.adapter: it was trained on labels elsewhere"), "\(soft)")
      try FileManager.default.removeItem(at: back.appending(path: "stage1/adapter_model.safetensors"))
      let refused = try await refusal(taking(world, back))
      #expect(refused.contains("it has no adapter_model.safetensors"), "\(refused)")
      let gone = try await refusal(world.with { $0.stage1.adapter = "/nowhere" })
      #expect(gone == "/nowhere: there is no such file or folder")
      let rounds = try await refusal(taking(world, world.folder.appending(path: "other")).with { $0.rounds = 2 })
      #expect(rounds.hasPrefix("stage2.adapter: ") && rounds.contains("set rounds to 1"), "\(rounds)")
      let text = world.with { $0.stage2.adapter = back.path }.configuration.yaml
      let file = world.folder.appending(path: "alone.yaml")
      try Data(text.utf8).write(to: file)
      do {
        _ = try RunConfiguration(contentsOf: file)
        Issue.record("stage2.adapter stood alone")
      } catch { #expect("\(error)".contains("the adapter that stage2.adapter went on from"), "\(error)") }
    }
  }

  @Test func `an adapter with a principal beginning comes back as a plain one of twice the rank`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.student.lora.initialization = .pissa }
      try await world.run("other").run(through: .stage1)
      let taken = world.with { $0.stage1.adapter = world.folder.appending(path: "other/stage1").path }
      try await taken.run().run(through: .stage1)
      #expect(
        try taken.bytes("stage1/adapter_model.safetensors")
          == taken.bytes("stage1/adapter_model.safetensors", of: "other"))
    }
  }
}
