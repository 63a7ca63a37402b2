import Distillation
import Foundation
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

/// Adapters that are more than two matrices, through both stages.
@Suite(.serialized) struct AdapterOptionTests {
  private func tensors(_ world: RunWorld, _ stage: String) throws -> [String: Tensor] {
    let url = world.folder.appending(path: "run/\(stage)/adapter_model.safetensors")
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    return try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor(named: $0)) })
  }

  @Test func `parts that train as a whole go on in Stage 2, and so does what makes image features`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.student.lora.savedModules = ["connector", "embed_tokens"] }
      try await world.run().run()
      let (first, second) = try (tensors(world, "stage1"), tensors(world, "stage2"))
      let whole = ["model.connector.modality_projection.proj.weight", "model.text_model.embed_tokens.weight"]
      let base = try SmolVLM(contentsOf: world.folder.appending(path: "base")).parameters()
      for path in whole {
        let name = "base_model.model." + path
        let values = try [
          #require(base.first { $0.path == path }).parameter.value, #require(first[name]), #require(second[name]),
        ]
        #expect(!values[0].isIdentical(to: values[1]) && !values[1].isIdentical(to: values[2]), "\(path)")
      }
      #expect(world.exists("evaluation.json"))
      // The same again, from what is on disk.
      let items = try await world.run().predict(world.folder.appending(path: "data/items.jsonl"))
      #expect(!items.isEmpty)
    }
  }

  @Test(arguments: [false, true])
  func `a misspelt layer stops the run before any teacher is asked`(isFresh: Bool) async throws {
    try await withRunWorld { world in
      let teacher = CountingTeacher("c") { _, _ in "pristine" }
      var world = world.with { c in
        c.student.lora.targets = ["q_proj", "vproj"]
        if isFresh { (c.student.model, c.student.fresh) = (nil, FreshStudentConfiguration()) }
      }
      world.plugins.teachers = [teacher]
      await #expect {
        try await world.run().run()
      } throws: {
        "\($0)".contains(#"did you mean "v_proj"?"#)
      }
      #expect(teacher.calls == 0)
    }
  }

  @Test func `offsets train where the configuration says so`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.student.lora.trainedBiases = .all }
      try await world.run().run(through: .stage2)
      let names = try tensors(world, "stage2").keys.filter { $0.hasSuffix(".bias") }
      #expect(names.contains { $0.contains("vision_model") })
    }
  }

  @Test func `a principal beginning goes on in Stage 2 as a plain adapter of twice the rank`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.student.lora.initialization = .pissa }
      try await world.run().run()
      for stage in ["stage1", "stage2"] {
        let lora = try LoRAConfiguration(adapterFolder: world.folder.appending(path: "run/\(stage)"))
        #expect(lora.rank == 4 && lora.initialization == .standard && lora.alpha == 64)
      }
      let (first, second) = try (tensors(world, "stage1"), tensors(world, "stage2"))
      #expect(first.keys == second.keys && first.contains { !$1.isIdentical(to: second[$0] ?? .zeros([1])) })
    }
  }

  // PEFT 0.21.2 writes such rows as trainable_tokens_delta, and they are values.
  @Test func `rows of tokens train in both stages while the rest of their table stays`() async throws {
    try await withRunWorld { world in
      let base = try SmolVLM(contentsOf: world.folder.appending(path: "base"))
      let tokens = Array(Set(base.tokenizer.encode("Caption i", addingSpecialTokens: false))).sorted()
      let world = world.with { $0.student.lora.trainedTokens = .ofTable(tokens) }
      try await world.run().run()
      let (first, second) = try (tensors(world, "stage1"), tensors(world, "stage2"))
      let name = try #require(first.keys.first { $0.hasSuffix("token_adapter.trainable_tokens_delta") })
      let table = try #require(base.parameters().first { $0.path.hasSuffix("embed_tokens.weight") }).parameter.value
      let values = try [table.gathered(tokens), #require(first[name]), #require(second[name])]
      #expect(values[1].shape == [tokens.count, table.shape[1]])
      #expect(!values[0].isIdentical(to: values[1]) && !values[1].isIdentical(to: values[2]))
      let lora = try LoRAConfiguration(adapterFolder: world.folder.appending(path: "run/stage2"))
      #expect(lora.trainedTokens.values.first == tokens)
      #expect(world.exists("evaluation.json"))
    }
  }

  @Test func `a token table that trains counts for the head too where the configuration says so`() async throws {
    try await withRunWorld { world in
      let folder = world.folder.appending(path: "decoder")
      try TinyModels.writeTextDecoder(to: folder)
      let tied = world.with { c in
        c.data.fields.image = nil
        c.student.model = folder.path
        c.student.lora.savedModules = ["embed_tokens"]
        c.student.lora.ensuresTying = true
      }
      try await tied.run().run(through: .stage2)
      let apart = tied.with { $0.student.lora.ensuresTying = nil }
      try await apart.run("apart").run(through: .stage2)
      let heads = try ["run", "apart"].map { name in
        var student = try TextDecoder(contentsOf: folder)
        try student.loadAdapter(from: world.folder.appending(path: "\(name)/stage2"))
        let table = try #require(student.parameters().first { $0.path.hasSuffix("embed_tokens.weight") })
        return (table: table.parameter.value, head: student.model.text.embedding.headWeight())
      }
      #expect(heads[0].table.isIdentical(to: heads[0].head) && !heads[1].table.isIdentical(to: heads[1].head))
      #expect(try LoRAConfiguration(adapterFolder: world.folder.appending(path: "run/stage1")).ensuresTying)
      // Nothing is written of keys that say what was so without them: finished runs know their steps by this text.
      #expect(!apart.configuration.student.lora.json.contains("ensure_weight_tying"))
      #expect(!apart.configuration.student.lora.json.contains("trainable_token_indices"))
    }
  }

  /// PEFT 0.21.2 scales the two by 10 and 2.25 where alpha_pattern names the table alone, and by 10 where it names both.
  @Test func `a head that is tied to a table has the table's scale, or the adapter is refused`() throws {
    try withTemporaryFolder { folder in
      try TinyModels.writeTextDecoder(to: folder)
      var student = try TextDecoder(contentsOf: folder)
      var lora = LoRAConfiguration()
      (lora.rank, lora.alpha, lora.targets, lora.ensuresTying) = (4, 9, .names(["embed_tokens"]), true)
      var generator = Tensor.Generator(seed: 1)
      try student.attachAdapters(lora, using: &generator)
      let adapter = folder.appending(path: "adapter")
      try student.saveAdapter(to: adapter, configuration: lora, baseModel: "base")
      let file = adapter.appending(path: "adapter_config.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      func load(_ pattern: String) throws {
        let changed = text.replacing(#""alpha_pattern": {}"#, with: #""alpha_pattern": {"\#(pattern)": 40}"#)
        #expect(changed != text)
        try Data(changed.utf8).write(to: file)
        var other = try TextDecoder(contentsOf: folder)
        try other.loadAdapter(from: adapter)
      }
      let error = #expect(throws: LoRAError.self) { try load("embed_tokens") }
      #expect(error?.description.contains("expected the scale 10.0 of ") == true, "\(error?.description ?? "")")
      #expect(error?.description.contains("found 2.25 by rank_pattern and alpha_pattern") == true)
      try load("embed_tokens|lm_head")
    }
  }
}

/// Teachers whose adapter's folder has a tokenizer with a token of its own.
@Suite(.serialized) struct AdapterTokenizerRunTests {
  @Test func `a model teacher reads by its adapter's tokenizer, and as before in a run that was begun before`()
    async throws
  {
    try await withRunWorld { world in
      let base = world.folder.appending(path: "base")
      func with(_ adapter: String, hasRow: Bool) throws -> RunWorld {
        let folder = world.folder.appending(path: adapter)
        try AdapterTokenizerFixture.write(to: folder, for: base, token: "Caption", hasRow: hasRow)
        return world.with {
          var teacher = ModelTeacherConfiguration(model: base.path)
          teacher.adapter = folder.path
          $0.teachers.append(.init(name: "m", source: .model(teacher)))
        }
      }
      let rowless = try with("rowless", hasRow: false)
      // What shows whose tokenizer reads: the token has no row.
      do {
        try await rowless.run("new").run(through: .agree)
        Issue.record("a token without a row was taken")
      } catch { #expect("\(error)".contains("Caption") && "\(error)".contains("row"), "\(error)") }
      let old = world.folder.appending(path: "old")
      try FileManager.default.createDirectory(at: old, withIntermediateDirectories: true)
      try Data(#"{"label_scoring": "ended", "prompt_beginning": "folder", "row_order": "id"}"#.utf8).write(
        to: old.appending(path: "rules.json"))
      try await rowless.run("old").run(through: .agree)
      let whole = try with("whole", hasRow: true)
      try await whole.run("rows").run(through: .agree)
      #expect(whole.exists("agreement.json", of: "rows") && whole.exists("agreement.json", of: "old"))
    }
  }
}
