public import Layers
public import Tensor

/// The sizes of a Llama decoder, with the keys of a model's config.json (or of its `text_config`).
public struct LlamaConfiguration: Sendable, Equatable, Codable {
  /// The width of a row. The default is 4096.
  public var hiddenSize = 4096
  /// The inner width of the gated MLP. The default is 11008.
  public var intermediateSize = 11008
  /// Transformer layers. The default is 32.
  public var layers = 32
  /// Heads of the queries. The default is 32.
  public var heads = 32
  /// Heads of keys and values; nil means as many as ``heads``.
  public var keyHeads: Int?
  /// Coordinates of a head; nil means hidden size / heads.
  public var headDimensions: Int?
  /// Tokens of the vocabulary. The default is 32000.
  public var vocabularySize = 32000
  /// The longest sequence that the model was made for. The default is 2048.
  public var maxPositions = 2048
  /// Added to mean squares. The default is 1e-6.
  public var epsilon: Float = 1e-6
  /// The base of rotary positions. The default is 10,000.
  public var ropeBase = 10_000.0
  /// Whether the output head is the embedding table. The default is false.
  public var tiesEmbeddings = false

  /// The defaults of transformers' LlamaConfig.
  public init() {}

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
  }

  private struct Rope: Codable {
    var rope_type: String?
    /// The older name of `rope_type`.
    var type: String?
    var rope_theta: Double?
  }

  /// Reads both layouts in circulation: `rope_theta` beside the sizes, or inside `rope_parameters`.
  ///
  /// - Throws: `DecodingError` where a size is out of range, or the file asks for what this decoder does not compute.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
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
    let rope = try keys.decodeIfPresent(Rope.self, forKey: .ropeParameters)
    let scaling = try keys.decodeIfPresent(Rope.self, forKey: .ropeScaling)
    ropeBase = try rope?.rope_theta ?? keys.decodeIfPresent(Double.self, forKey: .ropeBase) ?? ropeBase
    func refuse(_ key: CodingKeys, _ text: String) -> DecodingError {
      .dataCorruptedError(forKey: key, in: keys, debugDescription: text)
    }
    for (key, value) in [(CodingKeys.ropeParameters, rope), (.ropeScaling, scaling)] {
      guard let type = value?.rope_type ?? value?.type, type != "default" else { continue }
      throw refuse(key, "rope_type \"\(type)\" is not computed here; \"default\" is")
    }
    if let activation = try keys.decodeIfPresent(String.self, forKey: .activation), activation != "silu" {
      throw refuse(.activation, "hidden_act \"\(activation)\" is not computed here; \"silu\" is")
    }
    for key in [CodingKeys.attentionBias, .mlpBias] where try keys.decodeIfPresent(Bool.self, forKey: key) == true {
      throw refuse(key, "\(key.rawValue) true is not computed here; false is")
    }
    // Sizes are bounded before anything is made of them: a damaged file must not ask for all memory.
    let sizes: [(CodingKeys, Int, ClosedRange<Int>)] = [
      (.hiddenSize, hiddenSize, 1...(1 << 20)), (.intermediateSize, intermediateSize, 1...(1 << 20)),
      (.layers, layers, 0...(1 << 12)), (.heads, heads, 1...(1 << 12)), (.keyHeads, keyHeads ?? heads, 1...(1 << 12)),
      (.vocabularySize, vocabularySize, 1...(1 << 24)), (.maxPositions, maxPositions, 1...(1 << 30)),
    ]
    for (key, size, range) in sizes where !range.contains(size) {
      throw refuse(key, "\(key.rawValue) \(size) must lie in \(range)")
    }
    guard heads % keyValueHeads == 0 else {
      throw refuse(
        .heads, "num_attention_heads \(heads) must be a multiple of num_key_value_heads \(keyValueHeads)")
    }
    guard headSize % 2 == 0, (2...256).contains(headSize) else {
      throw refuse(.headDimensions, "head_dim \(headSize) must be even and lie in 2...256")
    }
    guard epsilon >= 0, epsilon.isFinite, ropeBase > 0, ropeBase.isFinite else {
      throw refuse(.epsilon, "rms_norm_eps \(epsilon) must be 0 or more, and rope_theta \(ropeBase) more than 0")
    }
  }

  /// Writes the keys that `init(from:)` reads, `rope_theta` beside the sizes.
  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode("llama", forKey: .modelType)
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
    try keys.encode(tiesEmbeddings, forKey: .tiesEmbeddings)
  }

  /// Heads of keys and values.
  public var keyValueHeads: Int { keyHeads ?? heads }
  /// Coordinates of a head.
  public var headSize: Int { headDimensions ?? hiddenSize / heads }
}

/// A Llama decoder without its output head (Touvron et al. 2023): token rows in, hidden rows out.
public struct Llama: Module {
  /// One pre-norm decoder layer.
  public struct Layer: Module {
    var inputNorm: RMSNorm
    var attention: SelfAttention
    var postNorm: RMSNorm
    var mlp: GatedMLP

    /// Shows `self_attn`, `mlp` and the two norms.
    public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
      attention.visit(&visitor, at: path.appending(component: "self_attn"))
      mlp.visit(&visitor, at: path.appending(component: "mlp"))
      inputNorm.visit(&visitor, at: path.appending(component: "input_layernorm"))
      postNorm.visit(&visitor, at: path.appending(component: "post_attention_layernorm"))
    }
  }

  /// The sizes.
  public let configuration: LlamaConfiguration
  /// The token table [vocabulary, width].
  public var embedding: Embedding
  private var layers: [Layer]
  private var norm: RMSNorm
  private let rotary: RotaryPositions

  /// A decoder with random weights of standard deviation 1/√in (residual outputs smaller, as in GPT-2).
  public init(_ c: LlamaConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    rotary = RotaryPositions(dimensions: c.headSize, base: c.ropeBase)
    embedding = Embedding(
      weight: .normal([c.vocabularySize, c.hiddenSize], standardDeviation: 0.02, using: &generator))
    let residual = 1 / Float(2 * max(1, c.layers)).squareRoot()
    let (width, inner) = (c.hiddenSize, c.intermediateSize)
    func linear(_ input: Int, _ output: Int, _ factor: Float = 1) -> any Projection {
      let deviation = factor / Float(input).squareRoot()
      return Linear(
        inputDimensions: input, outputDimensions: output, bias: false, standardDeviation: deviation, using: &generator)
    }
    layers = (0..<c.layers).map { _ in
      Layer(
        inputNorm: RMSNorm(dimensions: width, epsilon: c.epsilon),
        attention: SelfAttention(
          query: linear(width, c.heads * c.headSize), key: linear(width, c.keyValueHeads * c.headSize),
          value: linear(width, c.keyValueHeads * c.headSize), output: linear(c.heads * c.headSize, width, residual),
          heads: c.heads, keyHeads: c.keyValueHeads),
        postNorm: RMSNorm(dimensions: width, epsilon: c.epsilon),
        mlp: GatedMLP(gate: linear(width, inner), up: linear(width, inner), down: linear(inner, width, residual)))
    }
    norm = RMSNorm(dimensions: width, epsilon: c.epsilon)
  }

  /// An output head with random weights for this decoder; nil where the head is its embedding table.
  public func outputHead(using generator: inout some RandomNumberGenerator) -> (any Projection)? {
    guard !configuration.tiesEmbeddings else { return nil }
    return Linear(
      inputDimensions: configuration.hiddenSize, outputDimensions: configuration.vocabularySize, bias: false,
      using: &generator)
  }

  /// Hidden rows before the last norm, [rows, width].
  ///
  /// - Parameters:
  ///   - embeddings: one row a token, image features included.
  ///   - positions: one a row.
  ///   - layout: which rows see which.
  public func callAsFunction(_ embeddings: Tensor, positions: [Int], layout: AttentionLayout) -> Tensor {
    let table = rotary.table(positions: positions)
    var x = embeddings
    for layer in layers {
      x = x + layer.attention(layer.inputNorm(x), layout: layout, positions: table)
      x = x + layer.mlp(layer.postNorm(x))
    }
    return x
  }

  /// The same for rows that follow those in a cache.
  ///
  /// - Parameters:
  ///   - embeddings: new rows, sequence after sequence.
  ///   - counts: how many of them each of the cache's sequences gets.
  public func callAsFunction(_ embeddings: Tensor, counts: [Int], cache: inout KeyValueCache) -> Tensor {
    let step = cache.advance(by: counts)
    let table = rotary.table(positions: step.positions)
    var x = embeddings
    for (i, layer) in layers.enumerated() {
      x = x + layer.attention(layer.inputNorm(x), positions: table, cache: &cache.layers[i], step: step)
      x = x + layer.mlp(layer.postNorm(x))
    }
    return x
  }

  /// The last norm: what the output head reads.
  public func normalized(_ hidden: Tensor) -> Tensor { norm(hidden) }

  /// An empty cache for this decoder.
  public func emptyCache(sequences: Int, capacity: Int) -> KeyValueCache {
    KeyValueCache(layers: layers.count, sequences: sequences, capacity: capacity)
  }

  /// Shows `embed_tokens`, `layers` and `norm`.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    embedding.visit(&visitor, at: path.appending(component: "embed_tokens"))
    for i in layers.indices { layers[i].visit(&visitor, at: path.appending(component: "layers.\(i)")) }
    norm.visit(&visitor, at: path.appending(component: "norm"))
  }
}
