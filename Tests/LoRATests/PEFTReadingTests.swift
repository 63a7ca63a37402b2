import Foundation
import Layers
import LoRA
import Tensor
import TestSupport
import Testing

/// Adapters as other programs write them.
@Suite struct PEFTReadingTests {
  /// A folder with this configuration and A = 1, B = 2 at these paths.
  private func withAdapter(
    _ configuration: String, at paths: [String], rank: Int = 8, more: [String: Tensor] = [:],
    _ body: (URL) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try Data(configuration.utf8).write(to: folder.appendingPathComponent("adapter_config.json"))
      var tensors = more
      for path in paths {
        tensors["base_model.model.\(path).lora_A.weight"] = .ones([rank, 3])
        tensors["base_model.model.\(path).lora_B.weight"] = Tensor(repeating: 2, shape: [3, rank])
      }
      try Tensor.writeSafetensors(tensors, to: folder.appendingPathComponent("adapter_model.safetensors"))
      try body(folder)
    }
  }
  private let qwen = ["model.layers.0.self_attn.q_proj", "model.layers.0.mlp.up_proj", "visual.blocks.0.attn.proj"]
  private let renamedQwen = [
    "model.language_model.layers.0.self_attn.q_proj", "model.language_model.layers.0.mlp.up_proj",
    "model.visual.blocks.0.attn.proj",
  ]

  @Test func `the least configuration loads, with PEFT's defaults`() throws {
    try withAdapter(#"{"peft_type": "LORA", "target_modules": ["q_proj"]}"#, at: [qwen[0]]) { folder in
      var model = PathModel(qwen)
      let loaded = try model.loadAdapter(from: folder)
      #expect(loaded.rank == 8 && loaded.alpha == 8 && loaded.dropout == 0 && !loaded.isRankStabilized)
      #expect(model.adapted == [qwen[0]])
      #expect(model.adapterParameters().map(\.parameter.value.scalars[0]) == [1, 2])
      // Nothing scaled, rank 8: each output gains 8 · 2 · sum(x).
      let x = Tensor([0.25, 0.5, 0.25], shape: [1, 3])
      let difference = model.projections[0](x) - model.withoutAdapters { $0.projections[0](x) }
      expectClose(difference, Tensor([16, 16, 16], shape: [1, 3]))
    }
  }

  /// The scales and ranks that PEFT 0.21.2 gives these layers when it loads the same folder.
  @Test(arguments: [
    (#""alpha_pattern": {".*\\.0\\..*": 40, "q_proj": 3}"#, [10, 10, 0.75, 2.25], 4),
    (#""alpha_pattern": {"q_proj": 3, ".*\\.0\\..*": 40}"#, [0.75, 10, 0.75, 2.25], 4),
    // Of a key that comes twice the place is that of the first, the value that of the last.
    (#""alpha_pattern": {"q_proj": 3, ".*\\.0\\..*": 40, "q_proj": 7}"#, [1.75, 10, 1.75, 2.25], 4),
    (#""rank_pattern": {"mlp.up_proj": 2, "up_proj": 5}"#, [2.25, 4.5, 2.25, 4.5], 2),
  ])
  func `of keys that match one layer the first of the file counts, as for PEFT`(
    patterns: String, scales: [Float], rank: Int
  ) throws {
    let attention = [0, 1].map { "model.layers.\($0).self_attn.q_proj" }
    let up = [0, 1].map { "model.layers.\($0).mlp.up_proj" }
    var more: [String: Tensor] = [:]
    for path in up {
      more["base_model.model.\(path).lora_A.weight"] = .ones([rank, 3])
      more["base_model.model.\(path).lora_B.weight"] = .ones([3, rank])
    }
    let text = #"{"peft_type": "LORA", "target_modules": ["q_proj", "up_proj"], "r": 4, "lora_alpha": 9, \#(patterns)}"#
    try withAdapter(text, at: attention, rank: 4, more: more) { folder in
      var model = PathModel([attention[0], up[0], attention[1], up[1]])
      let loaded = try model.loadAdapter(from: folder)
      func parts(_ model: PathModel) -> [LowRankPart] {
        model.projections.compactMap { ($0 as? LoRAProjection)?.parts[0] }
      }
      #expect(parts(model).map(\.scale) == scales && parts(model).map(\.rank) == [4, rank, 4, rank])
      // Saved again each layer has a key of its own, whatever the order.
      try model.saveAdapter(to: folder.appending(path: "again"), configuration: loaded, baseModel: "base")
      var other = PathModel(model.paths)
      try other.loadAdapter(from: folder.appending(path: "again"))
      #expect(parts(other).map(\.scale) == scales && other.contents == model.contents)
    }
  }

  @Test func `a rank that the file's order does not give is a wrong shape, as for PEFT`() throws {
    let text =
      #"{"peft_type": "LORA", "target_modules": ["up_proj"], "rank_pattern": {"up_proj": 5, "mlp.up_proj": 2}}"#
    try withAdapter(text, at: [qwen[1]], rank: 2) { folder in
      var model = PathModel([qwen[1]])
      let error = #expect(throws: LoRAError.self) { try model.loadAdapter(from: folder) }
      #expect(error?.description.contains("expected [5, 3], found [2, 3]") == true)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a number that is none is named, and the model stays as it was`(
    value: Float
  ) throws {
    let name = "base_model.model.\(qwen[0]).lora_A.weight"
    var numbers = [Float](repeating: 1, count: 24)
    numbers[7] = value
    let text = #"{"peft_type": "LORA", "target_modules": ["q_proj"]}"#
    let more = [name: Tensor(numbers, shape: [8, 3]), name.replacing("lora_A", with: "lora_B"): .ones([3, 8])]
    try withAdapter(text, at: [], more: more) { folder in
      var model = PathModel(qwen)
      let before = model.contents
      let file = folder.appendingPathComponent("adapter_model.safetensors").path
      #expect(throws: LoRAError.notFinite(file: file, tensor: name, element: 7, value: "\(value)")) {
        try model.loadAdapter(from: folder)
      }
      #expect(model.contents == before)
    }
  }

  @Test func `targets of a file may lie in the vision tower`() throws {
    for targets in [#""all-linear""#, #"["q_proj", "up_proj", "proj"]"#, #"".*proj""#] {
      try withAdapter(#"{"peft_type": "LORA", "target_modules": \#(targets)}"#, at: qwen) { folder in
        var model = PathModel(qwen + ["lm_head"])
        try model.loadAdapter(from: folder)
        #expect(model.adapted == qwen)
      }
    }
  }

  @Test func `modules are excluded by names and by a pattern`() throws {
    for excluded in [#"["blocks.0.attn.proj", "lm_head"]"#, #"".*visual.*|lm_head""#, #""visual.*|lm_head""#] {
      let text = #"{"peft_type": "LORA", "target_modules": ".*", "exclude_modules": \#(excluded)}"#
      try withAdapter(text, at: Array(qwen[..<2])) { folder in
        var model = PathModel(qwen + ["lm_head"])
        try model.loadAdapter(from: folder)
        #expect(model.adapted == Array(qwen[..<2]))
      }
    }
  }

  @Test func `both spellings of a renamed model load into either`() throws {
    let llava = ["language_model.model.layers.0.mlp.up_proj", "vision_tower.layers.0.fc1", "language_model.lm_head"]
    let renamedLlava = ["model.language_model.layers.0.mlp.up_proj", "model.vision_tower.layers.0.fc1", "lm_head"]
    for (old, new) in [(qwen, renamedQwen), (llava, renamedLlava)] {
      for (inFile, inModel) in [(old, new), (new, old), (old, old), (new, new)] {
        let list = inFile.map { "\"\($0)\"" }.joined(separator: ", ")
        try withAdapter(#"{"peft_type": "LORA", "target_modules": [\#(list)]}"#, at: inFile) { folder in
          var model = PathModel(inModel)
          let loaded = try model.loadAdapter(from: folder)
          #expect(model.adapted == inModel)
          #expect(loaded.targets == .names(inModel.sorted()))
        }
      }
    }
  }

  @Test func `what is missing, unknown or misshapen is named at once, and the model stays as it was`() throws {
    let stem = "base_model.model.model.layers.0"
    let more: [String: Tensor] = [
      "\(stem).mlp.up_proj.lora_A.weight": .ones([4, 3]), "\(stem).self_attn.k_proj.lora_A.weight": .ones([8, 3]),
      "base_model.model.embed.lora_embedding_A": .ones([8, 3]),
    ]
    let text = #"{"peft_type": "LORA", "target_modules": ["q_proj", "up_proj"]}"#
    try withAdapter(text, at: [qwen[0]], more: more) { folder in
      var model = PathModel(qwen)
      let before = model.contents
      let expected = LoRAError.mismatch(
        file: folder.appendingPathComponent("adapter_model.safetensors").path,
        missing: ["\(stem).mlp.up_proj.lora_B.weight"],
        unknown: ["base_model.model.embed.lora_embedding_A", "\(stem).self_attn.k_proj.lora_A.weight"],
        misshapen: ["\(stem).mlp.up_proj.lora_A.weight: expected [8, 3], found [4, 3]"])
      #expect(throws: expected) { try model.loadAdapter(from: folder) }
      #expect(model.contents == before)
      #expect(model.parameters().allSatisfy { $0.parameter.isTrainable })
      #expect(expected.description.contains("1 missing") && expected.description.contains("2 unknown"))
    }
  }

  @Test func `an adapter that targets nothing here is refused`() throws {
    try withAdapter(#"{"peft_type": "LORA", "target_modules": ["k_proj"]}"#, at: []) { folder in
      var model = PathModel(qwen)
      #expect(throws: LoRAError.nothingMatches(targets: #"names(["k_proj"])"#, available: qwen)) {
        try model.loadAdapter(from: folder)
      }
    }
  }

  @Test func `16-bit matrices are widened`() throws {
    try withAdapter(#"{"peft_type": "LORA", "r": 1, "target_modules": ["q_proj"]}"#, at: []) { folder in
      let name = "base_model.model.\(qwen[0])"
      let header =
        #"{"\#(name).lora_A.weight":{"dtype":"BF16","shape":[1,3],"data_offsets":[0,6]},"#
        + #""\#(name).lora_B.weight":{"dtype":"F16","shape":[3,1],"data_offsets":[6,12]}}"#
      var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
      // 1.5 as bfloat16 is 3fc0, as binary16 3e00.
      data += Data([0xc0, 0x3f, 0xc0, 0x3f, 0xc0, 0x3f, 0x00, 0x3e, 0x00, 0x3e, 0x00, 0x3e])
      try data.write(to: folder.appendingPathComponent("adapter_model.safetensors"))
      var model = PathModel(qwen)
      try model.loadAdapter(from: folder)
      #expect(model.adapterParameters().allSatisfy { $0.parameter.value.scalars == [1.5, 1.5, 1.5] })
    }
  }

  @Test(arguments: [
    ("use_dora", "1"), ("lora_bias", #""yes""#), ("bias", #""some""#), ("bias", "true"), ("modules_to_save", "[1]"),
    ("layer_replication", "[[0, 1]]"), ("rank_pattern", #"{"q_proj": 0}"#), ("rank_pattern", "[4]"),
    ("alpha_pattern", #"{"q_proj": "4"}"#), ("layers_to_transform", "-3"), ("layers_to_transform", #"["3"]"#),
    ("use_qalora", "true"), ("ensure_weight_tying", "1"), ("trainable_token_indices", "[1.5]"),
    ("trainable_token_indices", "7"), ("trainable_token_indices", #"{"a": 1}"#),
    ("target_parameters", #"["a.weight"]"#),
    ("init_lora_weights", #""pissa_niter_4""#), ("init_lora_weights", #""olora""#),
    ("alora_invocation_tokens", "[1]"), ("use_something_new", "true"), ("something_config", #"{"a": 1}"#),
    ("peft_type", #""IA3""#), ("r", "0"), ("r", "1.5"), ("r", "1000000000000"), ("r", #""8""#), ("lora_dropout", "1"),
    ("lora_alpha", "true"), ("use_rslora", "1"), ("target_modules", "[1]"), ("target_modules", "null"),
    ("exclude_modules", "{}"),
  ])
  func `an option that changes the arithmetic, or has no sense, is refused by name`(option: (String, String)) throws {
    let others = [("peft_type", #""LORA""#), ("target_modules", #"["q_proj"]"#)].filter { $0.0 != option.0 }
    let text = ([option] + others).map { "\"\($0)\": \($1)" }.joined(separator: ", ")
    try withAdapter("{\(text)}", at: [qwen[0]]) { folder in
      var model = PathModel(qwen)
      #expect {
        try model.loadAdapter(from: folder)
      } throws: { error in
        guard case LoRAError.unsupportedOption(let file, let name, _, _) = error else { return false }
        return file.hasSuffix("adapter_config.json") && name == option.0 && "\(error)".contains(option.0)
      }
    }
  }

  @Test func `options that say nothing about the arithmetic are passed over`() throws {
    let text = #"""
      {"peft_type": "LORA", "target_modules": ["q_proj"], "auto_mapping": {"a": "b"}, "eva_config": {"rho": 2},
       "task_type": null, "inference_mode": true, "init_lora_weights": "gaussian", "use_dora": false,
       "rank_pattern": {}, "modules_to_save": null, "something_size": 7, "something_name": "x"}
      """#
    try withAdapter(text, at: [qwen[0]]) { folder in
      var model = PathModel(qwen)
      try model.loadAdapter(from: folder)
      #expect(model.adapted == [qwen[0]])
    }
  }

  @Test func `missing and damaged files are errors with their paths`() throws {
    try withTemporaryFolder { folder in
      var model = PathModel(qwen)
      let config = folder.appendingPathComponent("adapter_config.json")
      func isUnusable(_ error: any Error) -> Bool {
        guard case LoRAError.unusableFile(config.path, _) = error else { return false }
        return true
      }
      func lacks(_ name: String) -> (any Error) -> Bool {
        {
          guard case LoRAError.unusableFile(folder.path, let why) = $0 else { return false }
          return why.contains(name)
        }
      }
      #expect { try model.loadAdapter(from: folder) } throws: { lacks("adapter_config.json")($0) }
      try Data("{}".utf8).write(to: config)
      #expect { try model.loadAdapter(from: folder) } throws: { lacks("adapter_model.safetensors")($0) }
      try Data([1, 2, 3]).write(to: folder.appendingPathComponent("adapter_model.safetensors"))
      for text in ["", "[1]", "{", #"{"peft_type" "LORA"}"#] {
        try Data(text.utf8).write(to: config)
        #expect { try model.loadAdapter(from: folder) } throws: { isUnusable($0) }
      }
      try Data(count: (16 << 20) + 1).write(to: config)
      #expect { try model.loadAdapter(from: folder) } throws: {
        isUnusable($0) && "\($0)".contains("more than 16777216 bytes")
      }
      try Data(#"{"peft_type": "LORA", "target_modules": ["q_proj"]}"#.utf8).write(to: config)
      #expect(throws: Tensor.SafetensorsError.self) { try model.loadAdapter(from: folder) }
      try Data(#"{"peft_type": "LORA", "target_modules": "("}"#.utf8).write(to: config)
      try Tensor.writeSafetensors([:], to: folder.appendingPathComponent("adapter_model.safetensors"))
      #expect { try model.loadAdapter(from: folder) } throws: {
        guard case LoRAError.invalidPattern("(", _) = $0 else { return false }
        return true
      }
      #expect(model.adapted == [])
    }
  }
}
