public import Layers

/// The sizes of a decoder that is Llama or differs from it in few things, with the keys of a model's config.json (or of its
/// `text_config`).
public struct LlamaConfiguration: ModelConfiguration {
  /// Which decoder it is. The default is Llama.
  package var kind = Kind.llama
  /// The width of a row. The default is 4096.
  package var hiddenSize = 4096
  /// The inner width of the gated MLP. The default is 11008.
  package var intermediateSize = 11008
  /// Transformer layers. The default is 32.
  package var layers = 32
  /// Heads of the queries. The default is 32.
  package var heads = 32
  /// Heads of keys and values; nil means as many as ``heads``.
  package var keyHeads: Int?
  /// Coordinates of a head; nil means hidden size / heads.
  package var headDimensions: Int?
  /// Tokens of the vocabulary. The default is 32000.
  package var vocabularySize = 32000
  /// The longest sequence that the model was made for. The default is 2048.
  package var maxPositions = 2048
  /// Added to mean squares. The default is 1e-6.
  package var epsilon: Float = 1e-6
  /// The base of rotary positions. The default is 10,000.
  package var ropeBase = 10_000.0
  /// How many pairs of a head's coordinates turn by time, row and column (`mrope_section`); empty for text alone.
  package var ropeSections: [Int] = []
  /// Whether the three axes take turns pair by pair, as in Qwen3-VL. The default is false.
  package var interleavesRopeSections = false
  /// How the decoder was taught longer texts (`rope_scaling`). The default is not at all.
  package var ropeScaling = RotaryScaling.none
  /// Whether texts longer than ``maxPositions`` have other positions (`rope_type` `dynamic`), which are not computed. The default
  /// is false.
  package var extendsDynamically = false
  /// Whether the output head is the embedding table. The default is false.
  package var tiesEmbeddings = false
  /// Whether all four projections of the attention have an offset (`attention_bias`). The default is false.
  package var hasAttentionBias = false
  /// The tokens that a row sees in a layer with a window, itself among them (`sliding_window`); nil for all before it in
  /// every layer. The default is nil.
  package var window: Int?
  /// The layers without a window where others have one, the first being 0. The default is none.
  package var layersWithoutWindow: Set<Int> = []
  /// Whether rows see those behind them too (`use_bidirectional_attention`), and in a layer with a window half of it to each
  /// side. The default is false.
  package var seesBothWays = false
  /// The base of rotary positions in layers with a window (`rope_local_base_freq`), which scaling leaves as it is; nil where
  /// they turn as the others do. The default is nil.
  package var windowedRopeBase: Double?
  /// What scores are divided by the root of (`query_pre_attn_scalar`); nil for ``headSize``. The default is nil.
  package var queryScalar: Double?
  /// What the output head's logits approach and never pass (`final_logit_softcapping`); nil for no bound. The default is nil.
  package var logitCap: Float?
  /// The layers that leave queries and keys as they are (`no_rope_layers`), the first being 0. The default is none.
  package var layersWithoutPositions: Set<Int> = []

  /// The defaults of transformers' LlamaConfig.
  package init() {}

  /// The defaults of transformers' configuration of a decoder.
  package init(kind: Kind) {
    self.kind = kind
    switch kind {
    case .llama: break
    case .mistral: (intermediateSize, keyHeads, maxPositions) = (14336, 8, 131_072)
    case .qwen2, .qwen3:
      (intermediateSize, keyHeads, vocabularySize, maxPositions) = (22016, 32, 151_936, 32768)
      headDimensions = kind == .qwen3 ? 128 : nil
    case .gemma3:
      (hiddenSize, intermediateSize, layers, heads, keyHeads, headDimensions) = (2304, 9216, 26, 8, 4, 256)
      (vocabularySize, maxPositions, ropeBase, windowedRopeBase) = (262_208, 131_072, 1_000_000, 10_000)
      (tiesEmbeddings, queryScalar) = (true, 256)
    case .smolLM3:
      (hiddenSize, layers, heads, keyHeads, vocabularySize) = (2048, 36, 16, 4, 128_256)
      (maxPositions, ropeBase, tiesEmbeddings) = (32768, 2_000_000, true)
    }
  }

  /// The decoders that are computed, as `model_type` names them.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// Llama (Touvron et al. 2023).
    case llama
    /// Mistral: Llama with a window in every layer.
    case mistral
    /// Qwen2: offsets on queries, keys and values.
    case qwen2
    /// Qwen3: an RMSNorm on each head of queries and keys, no offsets.
    case qwen3
    /// Gemma 3: norms also behind attention and MLP, scales of 1 + weight, GELU in the MLP, scaled token rows, an RMSNorm on
    /// each head of queries and keys, windows with positions of their own in most layers.
    case gemma3 = "gemma3_text"
    /// SmolLM3: Llama with layers that have no positions.
    case smolLM3 = "smollm3"

    /// The decoder of a `model_type`, which may be that of a decoder inside of a model of images; nil for one that is not
    /// computed.
    package init?(modelType: String) {
      let names: [String: Kind] = [
        "qwen2_vl": .qwen2, "qwen2_vl_text": .qwen2, "qwen2_5_vl": .qwen2, "qwen2_5_vl_text": .qwen2,
        "qwen3_vl_text": .qwen3,
      ]
      guard let kind = Kind(rawValue: modelType) ?? names[modelType] else { return nil }
      self = kind
    }
  }

  /// Which projections of the attention have an offset.
  package enum AttentionBiases: Sendable, Equatable {
    /// None: Llama.
    case none
    /// Query, key and value: Qwen2.
    case inputs
    /// The output projection too: Llama with `attention_bias`.
    case all
  }

  /// Which projections of the attention have an offset.
  package var biases: AttentionBiases { kind == .qwen2 ? .inputs : hasAttentionBias ? .all : .none }
  /// Whether queries and keys are normalised head by head before they turn.
  package var hasHeadNorms: Bool { kind == .qwen3 || kind == .gemma3 }
  /// What token rows are multiplied by.
  package var embeddingScale: Float { kind == .gemma3 ? Float(hiddenSize).squareRoot() : 1 }
  /// What scores are multiplied by before the softmax.
  package var scoreScale: Float { Float(1 / (queryScalar ?? Double(headSize)).squareRoot()) }

  /// The window of a layer; nil where a row sees all before it.
  package func window(ofLayer layer: Int) -> Int? { layersWithoutWindow.contains(layer) ? nil : window }

  package var keyValueHeads: Int {
    get { keyHeads ?? heads }
    set { keyHeads = newValue }
  }
  /// Coordinates of a head.
  package var headSize: Int {
    get { headDimensions ?? hiddenSize / heads }
    set { headDimensions = newValue }
  }
  /// The positions that turn queries and keys.
  package var rotary: RotaryPositions {
    RotaryPositions(
      dimensions: headSize, base: ropeBase, sections: ropeSections, interleavesSections: interleavesRopeSections,
      scaling: ropeScaling)
  }
  /// The same in layers with a window; nil where they are as the others.
  package var windowedRotary: RotaryPositions? {
    windowedRopeBase.map { RotaryPositions(dimensions: headSize, base: $0) }
  }
}
