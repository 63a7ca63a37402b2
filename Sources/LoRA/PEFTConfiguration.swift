internal import Foundation
internal import JSON
internal import Wording

/// The contents of `adapter_config.json`.
enum PEFTConfiguration {
  /// The release whose layout of the file is written.
  private static let version = "0.21.2"

  /// The bytes of `adapter_config.json`, as PEFT writes it: all keys, sorted, two spaces a level, no newline at the end.
  ///
  /// - Parameters:
  ///   - lora: whose targets are names or a pattern.
  ///   - baseModel: a folder or a model's name.
  ///   - taskType: nil where there is none.
  static func bytes(of lora: LoRAConfiguration, baseModel: String, taskType: String?) -> Data {
    let targets: JSONValue =
      switch lora.targets {
      case .allLinear: .string("all-linear")
      case .names(let names): .array(names.map { .string($0) })
      case .pattern(let pattern): .string(pattern)
      case .mixed(let names, let patterns):
        .string((names.map { "(?:.*\\.)?\($0.replacing(".", with: "\\."))" } + patterns).joined(separator: "|"))
      }
    func number(_ value: Float) -> JSONValue {
      Int(exactly: value.decimal).map { .number($0) } ?? .number(value.decimal)
    }
    func object(_ members: [String: JSONValue]) -> JSONValue { .object(members.map { .init($0, $1) }) }
    var members: [String: JSONValue] = [
      "base_model_name_or_path": .string(baseModel), "bias": .string(lora.trainedBiases.rawValue),
      "ensure_weight_tying": .bool(lora.ensuresTying), "fan_in_fan_out": .bool(false), "inference_mode": .bool(true),
      "init_lora_weights": lora.initialization == .gaussian ? .string("gaussian") : .bool(true),
      "alpha_pattern": object(lora.alphaPattern.mapValues(number)), "loftq_config": .object([]),
      "lora_alpha": number(lora.alpha), "lora_bias": .bool(lora.hasBias), "lora_dropout": number(lora.dropout),
      "megatron_core": .string("megatron.core"), "peft_type": .string("LORA"), "peft_version": .string(version),
      "qalora_group_size": .number(16), "r": .number(lora.rank),
      "rank_pattern": object(lora.rankPattern.mapValues { .number($0) }), "target_modules": targets,
      "task_type": taskType.map { .string($0) } ?? .null, "use_dora": .bool(lora.usesDoRA),
      "use_qalora": .bool(false), "use_rslora": .bool(lora.isRankStabilized),
    ]
    if !lora.savedModules.isEmpty { members["modules_to_save"] = .array(lora.savedModules.map { .string($0) }) }
    if let tokens = lora.trainedTokens[""] {
      members["trainable_token_indices"] = .array(tokens.map { .number($0) })
    } else if !lora.trainedTokens.isEmpty {
      members["trainable_token_indices"] = object(
        lora.trainedTokens.mapValues { .array($0.map { .number($0) }) })
    }
    for key in Self.written where members[key] == nil { members[key] = .null }
    var layout = JSONLayout.python(indent: 2, sortsNames: true)
    layout.escapes = .ascii
    // Swift's spelling of numbers, which the files written so far have.
    layout.respellsNumbers = false
    return Data(object(members).text(layout).utf8)
  }

  /// Keys that stand in the file though nothing is said by them.
  private static let written = [
    "alora_invocation_tokens", "arrow_config", "auto_mapping", "corda_config", "eva_config", "exclude_modules",
    "kasa_config", "layer_replication", "layers_pattern", "layers_to_transform", "lora_ga_config", "megatron_config",
    "modules_to_save", "monteclora_config", "revision", "target_parameters", "trainable_token_indices", "use_bdlora",
    "velora_config",
  ]
}
