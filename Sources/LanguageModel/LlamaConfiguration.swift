public import Layers

/// The sizes of a Llama or Qwen2 decoder, with the keys of a model's config.json (or of its `text_config`).
public struct LlamaConfiguration: ModelConfiguration {
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
  /// How the decoder was taught longer texts (`rope_scaling`). The default is not at all.
  package var ropeScaling = RotaryScaling.none
  /// Whether the output head is the embedding table. The default is false.
  package var tiesEmbeddings = false
  /// Which projections of the attention have an offset. The default is none; Qwen2 has them before the attention.
  package var biases = AttentionBiases.none

  /// The defaults of transformers' LlamaConfig.
  package init() {}

  /// Which projections of the attention have an offset.
  package enum AttentionBiases: Sendable, Equatable {
    /// None: Llama.
    case none
    /// Query, key and value: Qwen2.
    case inputs
    /// The output projection too: Llama with `attention_bias`.
    case all
  }

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
    RotaryPositions(dimensions: headSize, base: ropeBase, sections: ropeSections, scaling: ropeScaling)
  }
}
