package import Layers

extension LlamaConfiguration {
  /// Reads config.json, or a part of it.
  ///
  /// - Throws: `DecodingError` where a value is out of range, or the file asks for what is not computed here.
  public init(from decoder: any Decoder) throws { try self.init(from: ConfigJSON(decoder)) }

  /// The same for an object that holds more than a decoder's keys.
  ///
  /// - Parameters:
  ///   - others: keys that are read by who reads the same object too. The default is none.
  ///   - unnamed: the decoder where no `model_type` says it. The default is Llama.
  ///   - takesBothWays: whether rows may see those behind them, which is right where texts are read alone and none is
  ///     written. The default is false: such a file is refused.
  package init(
    from file: ConfigJSON, besides others: Set<String> = [], unnamed: Kind = .llama, takesBothWays: Bool = false
  ) throws {
    let type: String? = try file["model_type"]
    guard let kind = type.map(Kind.init(modelType:)) ?? unnamed else {
      let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw file.refusal("model_type", "model_type \"\(type ?? "")\" is no decoder that is computed here; \(known) are")
    }
    self.init(kind: kind)
    try read(file, besides: others)
    guard takesBothWays || !seesBothWays else {
      throw file.refusal(
        "use_bidirectional_attention",
        "use_bidirectional_attention true is computed in sentence folders alone (distill embed); a decoder that writes "
          + "answers sees what stands before it")
    }
  }

  package static let fields: [ModelField<LlamaConfiguration>] = [
    .written("model_type") { $0.kind },
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
      c.ropeScaling == .none && c.ropeSections.isEmpty
        ? nil : Rope(c.ropeScaling, sections: c.ropeSections, positions: c.maxPositions)
    },
    .written("attention_bias") { $0.hasAttentionBias ? true : nil },
    // Mistral has a window unless the file says that it has none.
    .written("sliding_window") { c -> Int?? in c.kind == .mistral || c.window != nil ? .some(c.window) : nil },
    .written("use_sliding_window") { c in c.window != nil && c.kind.hasWindowSwitch ? true : nil },
    .written("layer_types") { c in c.window != nil && c.kind != .mistral ? c.layerTypes : nil },
    .written("no_rope_layers") { c in
      c.kind == .smolLM3 ? (0..<c.layers).map { c.layersWithoutPositions.contains($0) ? 0 : 1 } : nil
    },
    ModelField("tie_word_embeddings", \.tiesEmbeddings),
    .only("hidden_act", "silu", isWritten: false), .only("mlp_bias", false, isWritten: false),
    // What decoders of other families compute besides, with the values that leave it out.
    .only("is_causal", true, isWritten: false), .only("partial_rotary_factor", 1.0, isWritten: false),
    .only("embedding_multiplier", 1.0, isWritten: false), .only("residual_multiplier", 1.0, isWritten: false),
    .only("logits_scaling", 1.0, isWritten: false), .only("logit_scale", 1.0, isWritten: false),
    // Read below.
    .known("rope_parameters", "no_rope_layer_interval", "use_sliding_window", "max_window_layers", "layer_types"),
    .known("attention_multiplier", "attention_out_bias", "hidden_activation", "attn_logit_softcapping"),
    .known("sliding_window_pattern", "_sliding_window_pattern"),
    .written("rope_local_base_freq") { $0.windowedRopeBase },
    .written("use_bidirectional_attention") { $0.seesBothWays ? true : nil },
    .written("query_pre_attn_scalar") { $0.queryScalar }, .written("final_logit_softcapping") { $0.logitCap },
    // Leavings of SmolVLM's training, which say nothing that the rest does not.
    .known("perceiver_config", "pixel_shuffle_factor"),
  ]

  /// `rope_parameters`, or `rope_scaling` of older files.
  private struct Rope: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
      case rope_type, type, rope_theta, factor, low_freq_factor, high_freq_factor, original_max_position_embeddings
      case short_factor, long_factor, attention_factor, mrope_section, mrope_interleaved
    }

    var rope_type: String?
    /// The older name of `rope_type`.
    var type: String?
    var rope_theta: Double?
    var factor: Double?
    var low_freq_factor: Double?
    var high_freq_factor: Double?
    var original_max_position_embeddings: Double?
    /// What each pair's frequency is divided by, of texts up to the original length and of longer ones.
    var short_factor: [Double]?
    var long_factor: [Double]?
    /// What queries and keys are multiplied by.
    var attention_factor: Double?
    var mrope_section: [Int]?
    /// Said in files, and the same for all of a family.
    var mrope_interleaved: Bool?

    /// - Parameter positions: the most that a text has.
    init(_ scaling: RotaryScaling, sections: [Int], positions: Int) {
      mrope_section = sections.isEmpty ? nil : sections
      switch scaling {
      case .none: rope_type = "default"
      case .linear(let factor): (rope_type, self.factor) = ("linear", factor)
      case .llama3(let factor, let low, let high, let original):
        (rope_type, self.factor, low_freq_factor, high_freq_factor) = ("llama3", factor, low, high)
        original_max_position_embeddings = original
      case .divisors(let divisors):
        (rope_type, short_factor, long_factor, attention_factor) = ("longrope", divisors, divisors, 1)
        // Where transformers goes over from one list to the other, which here are one.
        original_max_position_embeddings = Double(positions)
      }
    }

    /// - Parameter pairs: how many a head's coordinates make.
    /// - Returns: nil where a number of the type is missing or out of range.
    func scaling(_ type: String, pairs: Int) -> RotaryScaling? {
      switch type {
      // Dynamic scaling begins behind max_position_embeddings, where no text of a student reaches.
      case "default", "mrope", "dynamic": return RotaryScaling.none
      case "linear":
        guard let factor, factor >= 1, factor.isFinite else { return nil }
        return .linear(factor: factor)
      case "longrope":
        guard let short_factor, short_factor == long_factor, short_factor.count == pairs, attention_factor == 1,
          short_factor.allSatisfy({ $0 > 0 && $0.isFinite })
        else { return nil }
        return .divisors(short_factor)
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
    try readGemma(file)
    try readAttention(file)
    try readWindow(file)
    for key in ["rope_scaling", "rope_parameters"] {
      guard let part = try ropePart(key, file) else { continue }
      let rope = try Rope(from: part.decoder)
      ropeBase = rope.rope_theta ?? ropeBase
      ropeSections = rope.mrope_section ?? ropeSections
      let type = rope.rope_type ?? rope.type ?? "default"
      guard ["default", "mrope", "linear", "dynamic", "llama3", "longrope"].contains(type) else {
        throw file.refusal(
          key,
          "rope_type \"\(type)\" is not computed here; default, mrope, linear, dynamic, llama3 and, where it divides "
            + "short and long texts' frequencies alike, longrope are")
      }
      try part.require("partial_rotary_factor", 1.0)
      try part.refuseKeys(otherThan: Set(Rope.CodingKeys.allCases.map(\.rawValue)).union(["partial_rotary_factor"]))
      extendsDynamically = type == "dynamic"
      guard let scaling = rope.scaling(type, pairs: headSize / 2) else {
        throw file.refusal(
          key,
          type == "longrope"
            ? "rope_type \"longrope\" is computed where short_factor and long_factor are the same \(headSize / 2) numbers above 0 and "
              + "attention_factor is 1" : "rope_type \"\(type)\" lacks a number or has one out of range")
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

  /// Reads what the attention has besides its projections.
  private mutating func readAttention(_ file: ConfigJSON) throws {
    switch kind {
    case .llama, .qwen3, .smolLM3: hasAttentionBias = try file["attention_bias"] ?? false
    case .mistral, .gemma3: try file.require("attention_bias", false)
    case .qwen2: break  // it has offsets on three projections, whatever the key says
    }
    // Where it is missing, the output projection goes with the others.
    try file.require("attention_out_bias", biases == .all)
    if let flags: [Int] = try file["no_rope_layers"] {
      guard flags.count >= layers, flags.allSatisfy({ (0...1).contains($0) }) else {
        throw file.refusal("no_rope_layers", "no_rope_layers must have 0 or 1 for each of \(layers) layers")
      }
      layersWithoutPositions = Set((0..<layers).filter { flags[$0] == 0 })
    } else if kind == .smolLM3 {
      let interval = try file["no_rope_layer_interval"] ?? 4
      guard interval > 0 else {
        throw file.refusal("no_rope_layer_interval", "no_rope_layer_interval \(interval) must be more than 0")
      }
      layersWithoutPositions = Set((0..<layers).filter { ($0 + 1) % interval == 0 })
    }
    guard kind == .smolLM3 || layersWithoutPositions.isEmpty else {
      throw file.refusal("no_rope_layers", "layers without positions are computed in smollm3 alone, not in \(kind)")
    }
    let plain = 1 / Double(headSize).squareRoot()
    if let scale: Double = try file["attention_multiplier"], abs(scale - plain) > 1e-6 * plain {
      throw file.refusal(
        "attention_multiplier", "attention_multiplier \(scale) is not computed here; 1/√head_dim, \(plain), is")
    }
    if kind != .gemma3 { try file.require("query_pre_attn_scalar", Double(headSize)) }
  }
}
