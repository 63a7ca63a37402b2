package import Layers

extension LlamaConfiguration {
  package static let fields: [ModelField<LlamaConfiguration>] = [
    .written("model_type") { $0.biases == .inputs ? "qwen2" : "llama" },
    ModelField("hidden_size", \.hiddenSize, in: 1...(1 << 20)),
    ModelField("intermediate_size", \.intermediateSize, in: 1...(1 << 20)),
    ModelField("num_hidden_layers", \.layers, in: 0...(1 << 12)),
    ModelField("num_attention_heads", \.heads, in: 1...(1 << 12)),
    ModelField("num_key_value_heads", \.keyValueHeads, in: 1...(1 << 12)),
    ModelField("head_dim", \.headSize, in: 2...256),
    ModelField("vocab_size", \.vocabularySize, in: 1...(1 << 24)),
    ModelField("max_position_embeddings", \.maxPositions, in: 1...(1 << 30)),
    ModelField("rms_norm_eps", \.epsilon),
    ModelField("rope_theta", \.ropeBase),
    .written("rope_scaling") { c in
      c.ropeScaling == .none && c.ropeSections.isEmpty ? nil : Rope(c.ropeScaling, sections: c.ropeSections)
    },
    .written("attention_bias") { $0.biases == .all ? true : nil },
    ModelField("tie_word_embeddings", \.tiesEmbeddings),
    .only("hidden_act", "silu", isWritten: false), .only("mlp_bias", false, isWritten: false),
    .only("use_sliding_window", false, isWritten: false),
  ]

  /// `rope_parameters`, or `rope_scaling` of older files.
  private struct Rope: Codable {
    var rope_type: String?
    /// The older name of `rope_type`.
    var type: String?
    var rope_theta: Double?
    var factor: Double?
    var low_freq_factor: Double?
    var high_freq_factor: Double?
    var original_max_position_embeddings: Double?
    var mrope_section: [Int]?

    init(_ scaling: RotaryScaling, sections: [Int]) {
      mrope_section = sections.isEmpty ? nil : sections
      switch scaling {
      case .none: rope_type = "default"
      case .linear(let factor): (rope_type, self.factor) = ("linear", factor)
      case .llama3(let factor, let low, let high, let original):
        (rope_type, self.factor, low_freq_factor, high_freq_factor) = ("llama3", factor, low, high)
        original_max_position_embeddings = original
      }
    }

    /// - Returns: nil where a number of the type is missing or out of range.
    func scaling(_ type: String) -> RotaryScaling? {
      switch type {
      case "default", "mrope": return RotaryScaling.none
      case "linear":
        guard let factor, factor >= 1, factor.isFinite else { return nil }
        return .linear(factor: factor)
      default:
        guard let factor, let low = low_freq_factor, let high = high_freq_factor,
          let original = original_max_position_embeddings, factor >= 1, factor.isFinite, low > 0, high > low,
          high.isFinite, original >= 1, original.isFinite
        else { return nil }
        return .llama3(factor: factor, low: low, high: high, original: original)
      }
    }
  }

  /// Reads the offsets and the rotary positions, and checks the heads. Both layouts in circulation are read: `rope_theta`
  /// and `rope_scaling` beside the sizes, or all of it inside `rope_parameters`.
  package mutating func complete(from file: ConfigJSON) throws {
    guard heads % keyValueHeads == 0 else {
      throw file.refusal(
        "num_attention_heads",
        "num_attention_heads \(heads) must be a multiple of num_key_value_heads \(keyValueHeads)")
    }
    guard headSize % 2 == 0 else { throw file.refusal("head_dim", "head_dim \(headSize) must be even") }
    let (type, hasBias): (String?, Bool?) = try (file["model_type"], file["attention_bias"])
    biases = type?.hasPrefix("qwen2") == true ? .inputs : hasBias == true ? .all : .none
    for key in ["rope_scaling", "rope_parameters"] {
      guard let rope: Rope = try file[key] else { continue }
      ropeBase = rope.rope_theta ?? ropeBase
      ropeSections = rope.mrope_section ?? ropeSections
      let type = rope.rope_type ?? rope.type ?? "default"
      guard ["default", "mrope", "linear", "llama3"].contains(type) else {
        throw file.refusal(
          key, "rope_type \"\(type)\" is not computed here; default, mrope, linear and llama3 are")
      }
      guard let scaling = rope.scaling(type) else {
        throw file.refusal(key, "rope_type \"\(type)\" lacks a number or has one out of range")
      }
      ropeScaling = scaling
    }
    guard ropeBase > 0, ropeBase.isFinite else {
      throw file.refusal("rope_theta", "rope_theta must be more than 0")
    }
    guard ropeSections.isEmpty || ropeSections.count == 3 && ropeSections.allSatisfy({ (0...128).contains($0) }),
      ropeSections.isEmpty || ropeSections.reduce(0, +) == headSize / 2
    else {
      throw file.refusal(
        "rope_parameters", "mrope_section \(ropeSections) must be three parts of the head's \(headSize / 2) pairs")
    }
  }
}
