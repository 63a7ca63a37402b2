internal import Layers

extension LlamaConfiguration {
  enum CodingKeys: String, CodingKey {
    case hiddenSize = "hidden_size"
    case intermediateSize = "intermediate_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case keyHeads = "num_key_value_heads"
    case headDimensions = "head_dim"
    case vocabularySize = "vocab_size"
    case maxPositions = "max_position_embeddings"
    case epsilon = "rms_norm_eps"
    case ropeBase = "rope_theta"
    case tiesEmbeddings = "tie_word_embeddings"
    case ropeParameters = "rope_parameters"
    case ropeScaling = "rope_scaling"
    case modelType = "model_type"
    case activation = "hidden_act"
    case attentionBias = "attention_bias"
    case mlpBias = "mlp_bias"
    case slidingWindow = "use_sliding_window"
  }

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

  /// Reads both layouts in circulation: `rope_theta` and `rope_scaling` beside the sizes, or all of it inside
  /// `rope_parameters`.
  ///
  /// - Throws: `DecodingError` where a size is out of range, or the file asks for what this decoder does not compute.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    hiddenSize = try keys.decodeIfPresent(Int.self, forKey: .hiddenSize) ?? hiddenSize
    intermediateSize = try keys.decodeIfPresent(Int.self, forKey: .intermediateSize) ?? intermediateSize
    layers = try keys.decodeIfPresent(Int.self, forKey: .layers) ?? layers
    heads = try keys.decodeIfPresent(Int.self, forKey: .heads) ?? heads
    keyHeads = try keys.decodeIfPresent(Int.self, forKey: .keyHeads)
    headDimensions = try keys.decodeIfPresent(Int.self, forKey: .headDimensions)
    vocabularySize = try keys.decodeIfPresent(Int.self, forKey: .vocabularySize) ?? vocabularySize
    maxPositions = try keys.decodeIfPresent(Int.self, forKey: .maxPositions) ?? maxPositions
    epsilon = try keys.decodeIfPresent(Float.self, forKey: .epsilon) ?? epsilon
    tiesEmbeddings = try keys.decodeIfPresent(Bool.self, forKey: .tiesEmbeddings) ?? tiesEmbeddings
    try checkSizes(keys)
    let isQwen2 = try keys.decodeIfPresent(String.self, forKey: .modelType)?.hasPrefix("qwen2") ?? false
    let hasBias = try keys.decodeIfPresent(Bool.self, forKey: .attentionBias) ?? false
    biases = isQwen2 ? .inputs : hasBias ? .all : .none
    try readRope(keys)
    try refuseOthers(keys)
  }

  private mutating func readRope(_ keys: KeyedDecodingContainer<CodingKeys>) throws {
    ropeBase = try keys.decodeIfPresent(Double.self, forKey: .ropeBase) ?? ropeBase
    for key in [CodingKeys.ropeScaling, .ropeParameters] {
      guard let rope = try keys.decodeIfPresent(Rope.self, forKey: key) else { continue }
      ropeBase = rope.rope_theta ?? ropeBase
      ropeSections = rope.mrope_section ?? ropeSections
      let type = rope.rope_type ?? rope.type ?? "default"
      guard ["default", "mrope", "linear", "llama3"].contains(type) else {
        throw refusal(key, "rope_type \"\(type)\" is not computed here; default, mrope, linear and llama3 are", keys)
      }
      guard let scaling = rope.scaling(type) else {
        throw refusal(key, "rope_type \"\(type)\" lacks a number or has one out of range", keys)
      }
      ropeScaling = scaling
    }
    guard ropeBase > 0, ropeBase.isFinite else { throw refusal(.ropeBase, "rope_theta must be more than 0", keys) }
    guard ropeSections.isEmpty || ropeSections.count == 3 && ropeSections.allSatisfy({ (0...128).contains($0) }),
      ropeSections.isEmpty || ropeSections.reduce(0, +) == headSize / 2
    else {
      throw refusal(
        .ropeParameters, "mrope_section \(ropeSections) must be three parts of the head's \(headSize / 2) pairs", keys)
    }
  }

  private func refuseOthers(_ keys: KeyedDecodingContainer<CodingKeys>) throws {
    if let activation = try keys.decodeIfPresent(String.self, forKey: .activation), activation != "silu" {
      throw refusal(.activation, "hidden_act \"\(activation)\" is not computed here; \"silu\" is", keys)
    }
    for key in [CodingKeys.mlpBias, .slidingWindow] where try keys.decodeIfPresent(Bool.self, forKey: key) == true {
      throw refusal(key, "\(key.rawValue) true is not computed here; false is", keys)
    }
  }

  /// Sizes are bounded before anything is made of them: a damaged file must not ask for all memory.
  private func checkSizes(_ keys: KeyedDecodingContainer<CodingKeys>) throws {
    let sizes: [(CodingKeys, Int, ClosedRange<Int>)] = [
      (.hiddenSize, hiddenSize, 1...(1 << 20)), (.intermediateSize, intermediateSize, 1...(1 << 20)),
      (.layers, layers, 0...(1 << 12)), (.heads, heads, 1...(1 << 12)), (.keyHeads, keyHeads ?? heads, 1...(1 << 12)),
      (.vocabularySize, vocabularySize, 1...(1 << 24)), (.maxPositions, maxPositions, 1...(1 << 30)),
    ]
    for (key, size, range) in sizes where !range.contains(size) {
      throw refusal(key, "\(key.rawValue) \(size) must lie in \(range)", keys)
    }
    guard heads % keyValueHeads == 0 else {
      throw refusal(
        .heads, "num_attention_heads \(heads) must be a multiple of num_key_value_heads \(keyValueHeads)", keys)
    }
    guard headSize % 2 == 0, (2...256).contains(headSize) else {
      throw refusal(.headDimensions, "head_dim \(headSize) must be even and lie in 2...256", keys)
    }
    guard epsilon >= 0, epsilon.isFinite else {
      throw refusal(.epsilon, "rms_norm_eps \(epsilon) must be 0 or more", keys)
    }
  }

  private func refusal(
    _ key: CodingKeys, _ text: String, _ keys: KeyedDecodingContainer<CodingKeys>
  ) -> DecodingError {
    .dataCorruptedError(forKey: key, in: keys, debugDescription: text)
  }

  /// Writes the keys that `init(from:)` reads, `rope_theta` beside the sizes.
  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(biases == .inputs ? "qwen2" : "llama", forKey: .modelType)
    try keys.encode(hiddenSize, forKey: .hiddenSize)
    try keys.encode(intermediateSize, forKey: .intermediateSize)
    try keys.encode(layers, forKey: .layers)
    try keys.encode(heads, forKey: .heads)
    try keys.encode(keyValueHeads, forKey: .keyHeads)
    try keys.encode(headSize, forKey: .headDimensions)
    try keys.encode(vocabularySize, forKey: .vocabularySize)
    try keys.encode(maxPositions, forKey: .maxPositions)
    try keys.encode(epsilon, forKey: .epsilon)
    try keys.encode(ropeBase, forKey: .ropeBase)
    if ropeScaling != .none || !ropeSections.isEmpty {
      try keys.encode(Rope(ropeScaling, sections: ropeSections), forKey: .ropeScaling)
    }
    if biases == .all { try keys.encode(true, forKey: .attentionBias) }
    try keys.encode(tiesEmbeddings, forKey: .tiesEmbeddings)
  }
}
