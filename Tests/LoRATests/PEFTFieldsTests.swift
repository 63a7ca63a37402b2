import Foundation
import LoRA
import Tensor
import TestSupport
import Testing

/// Every field of `LoraConfig` in PEFT 0.21.2: computed as PEFT does, without part in what is computed, or refused by name.
@Suite struct PEFTFieldsTests {
  /// Values with which an adapter computes here what it computes in PEFT.
  private static let computed: [String: [String]] = [
    "alpha_pattern": [#"{"q_proj": 4}"#], "bias": [#""none""#, #""lora_only""#, #""all""#],
    "ensure_weight_tying": ["true"], "exclude_modules": [#"["k_proj"]"#], "layers_pattern": [#""layers""#],
    "layers_to_transform": ["[0, 1]"], "lora_alpha": ["16"], "lora_bias": ["true"], "lora_dropout": ["0.1"],
    "modules_to_save": [#"["classifier"]"#], "peft_type": [#""LORA""#], "r": ["4"], "rank_pattern": [#"{"q_proj": 4}"#],
    "target_modules": [#"["q_proj"]"#, #""all-linear""#],
    "trainable_token_indices": ["[1]", #"{"embed_tokens": [1]}"#],
    "use_dora": ["true"], "use_rslora": ["true"],
    "init_lora_weights": [
      "true", "false", #""gaussian""#, #""orthogonal""#, #""eva""#, #""mica""#, #""pissa""#,
    ],
  ]
  /// Values that say where an adapter comes from or how it was trained, not what it computes.
  private static let harmless: [String: [String]] = [
    "auto_mapping": [#"{"a": "b"}"#], "base_model_name_or_path": [#""x""#], "corda_config": [#"{"a": 1}"#],
    "eva_config": [#"{"rho": 2}"#], "fan_in_fan_out": ["true"], "inference_mode": ["true", "false"],
    "loftq_config": [#"{"loftq_bits": 4}"#], "lora_ga_config": [#"{"direction": "ArB2r"}"#],
    "megatron_core": [#""megatron.core""#], "monteclora_config": [#"{"num_samples": 8}"#],
    "peft_version": [#""0.21.2""#], "qalora_group_size": ["16"], "revision": [#""main""#],
    "runtime_config": [#"{"ephemeral_gpu_offload": true}"#], "task_type": [#""CAUSAL_LM""#],
    "velora_config": [#"{"num_groups": 8}"#],
  ]
  /// Values with which it would compute something else.
  private static let refused: [String: [String]] = [
    "alora_invocation_tokens": ["[1]"], "arrow_config": [#"{"top_k": 3}"#], "kasa_config": [#"{"beta": 0.0001}"#],
    "layer_replication": ["[[0, 2]]"], "megatron_config": [#"{"a": 1}"#], "target_parameters": [#"["a.weight"]"#],
    "use_bdlora": [#"{"nblocks": 2}"#], "use_qalora": ["true"],
    "init_lora_weights": [#""corda""#, #""loftq""#, #""olora""#, #""lora_ga""#, #""pissa_niter_4""#],
  ]

  private func read(_ field: String, _ value: String, in folder: URL) throws -> LoRAConfiguration {
    let others = [("peft_type", #""LORA""#), ("target_modules", #"["q_proj"]"#)].filter { $0.0 != field }
    let text = ([(field, value)] + others).map { "\"\($0)\": \($1)" }.joined(separator: ", ")
    try Data("{\(text)}".utf8).write(to: folder.appending(path: "adapter_config.json"))
    return try LoRAConfiguration(adapterFolder: folder)
  }

  @Test func `every field that PEFT writes is one of the three`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try TokenModel.adapted { _ in }
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
      let written = try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.appending(path: "adapter_config.json")))
      let known = Set(Self.computed.keys).union(Self.harmless.keys).union(Self.refused.keys)
      // PEFT leaves runtime_config out of its files.
      #expect(known == Set((written as? [String: Any] ?? [:]).keys).union(["runtime_config"]) && known.count == 42)
    }
  }

  @Test func `a field that is computed is read, and one that says nothing is passed over`() throws {
    try withTemporaryFolder { folder in
      var plain = try read("r", "8", in: folder)
      for (field, value) in Self.harmless.flatMap({ field in field.value.map { (field.key, $0) } }) {
        #expect(try read(field, value, in: folder) == plain, "\(field) \(value)")
      }
      plain.layersPattern = []
      let ownDefaults = [
        "\"none\"", "\"LORA\"", "true", "false", "\"orthogonal\"", "\"eva\"", "\"mica\"", #"["q_proj"]"#,
      ]
      for (field, value) in Self.computed.flatMap({ field in field.value.map { (field.key, $0) } }) {
        let isDefault =
          ["bias", "peft_type", "init_lora_weights", "target_modules"].contains(field) && ownDefaults.contains(value)
        #expect((try read(field, value, in: folder) == plain) == isDefault, "\(field) \(value)")
      }
    }
  }

  @Test func `a field under which PEFT computes something else is refused by name`() throws {
    try withTemporaryFolder { folder in
      for (field, value) in Self.refused.flatMap({ field in field.value.map { (field.key, $0) } }) {
        let error = #expect(throws: LoRAError.self) { try read(field, value, in: folder) }
        guard case .unsupportedOption(_, field, _, _) = error else {
          Issue.record("\(field) \(value): \(String(describing: error))")
          continue
        }
      }
    }
  }
}
