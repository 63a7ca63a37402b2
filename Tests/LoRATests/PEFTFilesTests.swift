import Foundation
import Layers
import LoRA
import Tensor
import TestSupport
import Testing

@Suite struct PEFTFilesTests {
  private func adapted(_ change: (inout LoRAConfiguration) -> Void = { _ in }) throws -> (PathModel, LoRAConfiguration)
  {
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.alpha, configuration.dropout) = (2, 3, 0.05)
    change(&configuration)
    var model = PathModel.pictures
    var generator = Tensor.Generator(seed: 5)
    try model.attachAdapters(configuration, using: &generator)
    model.wakeAdapters(seed: 6)
    return (model, configuration)
  }
  private func bytes(in folder: URL) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: folder.appendingPathComponent($0))) })
  }
  private let x = randomTensor([5, 3], seed: 9)

  @Test func `an adapter loads into a fresh copy of the base model to the same bits`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try adapted { $0.isRankStabilized = true }
      try model.saveAdapter(to: folder.appendingPathComponent("a"), configuration: configuration, baseModel: "base")
      var other = PathModel.pictures
      let loaded = try other.loadAdapter(from: folder.appendingPathComponent("a"))
      #expect(other(x).isIdentical(to: model(x)))
      #expect(other.contents == model.contents)
      #expect(other.parameters().map(\.parameter.isTrainable) == model.parameters().map(\.parameter.isTrainable))
      #expect(loaded.targets == .names(model.adapted.sorted()))
      #expect(loaded.rank == 2 && loaded.alpha == 3 && loaded.dropout == 0.05 && loaded.isRankStabilized)
      // Saved again it has the same bytes, dropout included.
      try other.saveAdapter(to: folder.appendingPathComponent("b"), configuration: loaded, baseModel: "base")
      let (a, b) = (folder.appendingPathComponent("a"), folder.appendingPathComponent("b"))
      #expect(try bytes(in: a) == bytes(in: b))
      #expect(try bytes(in: a).keys.sorted() == ["README.md", "adapter_config.json", "adapter_model.safetensors"])
    }
  }

  @Test func `a loaded adapter can go on training`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try adapted()
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
      let before = try bytes(in: folder)
      var other = PathModel.pictures
      try other.loadAdapter(from: folder)
      var optimizer = AdamW()
      let gradients = other.valueAndGradients { $0(x).squared().sum() }.gradients
      optimizer.update(&other, gradients: gradients, learningRate: 0.1)
      #expect(other.contents != model.contents)
      #expect(try bytes(in: folder) == before)
    }
  }

  @Test func `the configuration has PEFT's keys in PEFT's layout`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try adapted { $0.targets = .names(["q_proj"]) }
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "../Modèle \"1\"")
      let text = try String(contentsOf: folder.appendingPathComponent("adapter_config.json"), encoding: .utf8)
      #expect(
        text == #"""
          {
            "alora_invocation_tokens": null,
            "alpha_pattern": {},
            "arrow_config": null,
            "auto_mapping": null,
            "base_model_name_or_path": "../Mod\u00e8le \"1\"",
            "bias": "none",
            "corda_config": null,
            "ensure_weight_tying": false,
            "eva_config": null,
            "exclude_modules": null,
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "kasa_config": null,
            "layer_replication": null,
            "layers_pattern": null,
            "layers_to_transform": null,
            "loftq_config": {},
            "lora_alpha": 3,
            "lora_bias": false,
            "lora_dropout": 0.05,
            "lora_ga_config": null,
            "megatron_config": null,
            "megatron_core": "megatron.core",
            "modules_to_save": null,
            "monteclora_config": null,
            "peft_type": "LORA",
            "peft_version": "0.21.2",
            "qalora_group_size": 16,
            "r": 2,
            "rank_pattern": {},
            "revision": null,
            "target_modules": [
              "model.text_model.layers.0.self_attn.q_proj",
              "model.text_model.layers.1.self_attn.q_proj"
            ],
            "target_parameters": null,
            "task_type": "CAUSAL_LM",
            "trainable_token_indices": null,
            "use_bdlora": null,
            "use_dora": false,
            "use_qalora": false,
            "use_rslora": false,
            "velora_config": null
          }
          """#)
    }
  }

  @Test func `tensors have PEFT's names and shapes`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try adapted { $0.targets = .names(["layers.0.mlp.up_proj"]) }
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
      let file = try Tensor.SafetensorsFile(contentsOf: folder.appendingPathComponent("adapter_model.safetensors"))
      let stem = "base_model.model.model.text_model.layers.0.mlp.up_proj"
      #expect(file.names == ["\(stem).lora_A.weight", "\(stem).lora_B.weight"])
      #expect(file.shape(of: file.names[0]) == [2, 3] && file.shape(of: file.names[1]) == [3, 2])
      #expect(file.metadata == ["format": "pt"])
    }
  }

  @Test func `the card names base, rank and layers, and any base path is safe in its header`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try adapted { $0.isRankStabilized = true }
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "a: \"b\"")
      let card = try String(contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
      #expect(card.hasPrefix("---\nbase_model: \"a: \\\"b\\\"\"\nlibrary_name: peft\n"))
      for text in [
        "4 of its layers (`q_proj`, `up_proj`)", "| rank | 2 |", "alpha / √rank", "| parameters | 48 |",
      ] {
        #expect(card.contains(text), "\(text)")
      }
    }
  }

  @Test func `saving over an adapter replaces it and leaves other files alone`() throws {
    try withTemporaryFolder { folder in
      try Data("mine".utf8).write(to: folder.appendingPathComponent("notes.txt"))
      let (first, configuration) = try adapted()
      try first.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
      let (second, other) = try adapted { $0.rank = 1 }
      try second.saveAdapter(to: folder, configuration: other, baseModel: "base")
      var loaded = PathModel.pictures
      let read = try loaded.loadAdapter(from: folder)
      #expect(read.rank == 1)
      #expect(loaded.contents == second.contents)
      #expect(
        try bytes(in: folder).keys.sorted()
          == ["README.md", "adapter_config.json", "adapter_model.safetensors", "notes.txt"])
    }
  }

  @Test func `a path that another path ends with is told apart by a pattern`() throws {
    try withTemporaryFolder { folder in
      let paths = ["layers.0.q_proj", "vision.layers.0.q_proj"]
      var model = PathModel(paths)
      var generator = Tensor.Generator(seed: 1)
      var configuration = LoRAConfiguration()
      configuration.targets = .names(["q_proj"])
      try model.attachAdapters(configuration, using: &generator)
      #expect(model.adapted == ["layers.0.q_proj"])
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
      var other = PathModel(paths)
      let loaded = try other.loadAdapter(from: folder)
      #expect(other.adapted == ["layers.0.q_proj"])
      #expect(loaded.targets == .pattern(#"layers\.0\.q_proj"#))
    }
  }

  @Test func `a folder that is no adapter's is told what it lacks, and where an adapter lies`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try adapted()
      try model.saveAdapter(to: folder.appending(path: "x/mine"), configuration: configuration, baseModel: "base")
      func fault(_ name: String) -> String {
        var other = PathModel.pictures
        let error = #expect(throws: LoRAError.self) { try other.loadAdapter(from: folder.appending(path: name)) }
        return error?.description ?? ""
      }
      #expect(fault("x").hasSuffix("x: it has no adapter_config.json; 'mine' in it has one: give that folder"))
      #expect(fault("none").hasSuffix("none: there is no such folder"))
      let weights = folder.appending(path: "x/mine/adapter_model.safetensors")
      try FileManager.default.moveItem(at: weights, to: folder.appending(path: "x/mine/adapter_model.bin"))
      let pickle = fault("x/mine")
      #expect(pickle.contains("its weights are in adapter_model.bin, a pickle") && pickle.contains("as safetensors"))
      // What it says without its weights can still be read.
      #expect(try LoRAConfiguration(adapterFolder: folder.appending(path: "x/mine")).rank == 2)
      try FileManager.default.removeItem(at: folder.appending(path: "x/mine/adapter_model.bin"))
      #expect(fault("x/mine").hasSuffix("mine: it has no adapter_model.safetensors, as PEFT writes it"))
    }
  }

  @Test func `without an adapter there is nothing to save`() throws {
    try withTemporaryFolder { folder in
      let target = folder.appendingPathComponent("a")
      #expect(throws: LoRAError.noAdapter) {
        try PathModel.pictures.saveAdapter(to: target, configuration: LoRAConfiguration(), baseModel: "base")
      }
      #expect(!FileManager.default.fileExists(atPath: target.path))
    }
  }

  @Test func `an adapter is not saved with the configuration of another`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try adapted()
      for change: (inout LoRAConfiguration) -> Void in [
        { $0.rank = 3 }, { $0.alpha = 7 }, { $0.usesDoRA = true }, { $0.hasBias = true },
        { $0.rankPattern = ["q_proj": 1] },
      ] {
        var other = configuration
        change(&other)
        #expect {
          try model.saveAdapter(to: folder, configuration: other, baseModel: "base")
        } throws: {
          guard case LoRAError.invalidConfiguration = $0 else { return false }
          return true
        }
      }
    }
  }

  @Test func `a folder that cannot be made is an error with its path`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data([1]).write(to: file)
      let (model, configuration) = try adapted()
      let target = file.appendingPathComponent("a")
      #expect {
        try model.saveAdapter(to: target, configuration: configuration, baseModel: "base")
      } throws: {
        guard case LoRAError.unusableFile(target.path, _) = $0 else { return false }
        return true
      }
    }
  }
}
