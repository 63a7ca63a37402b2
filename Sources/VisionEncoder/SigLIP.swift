public import Layers
public import Tensor

/// The sizes of a SigLIP tower, with the keys of `vision_config` in a model's config.json.
public struct SigLIPConfiguration: Sendable, Equatable, Codable {
  /// The width of a row. The default is 1152.
  public var hiddenSize = 1152
  /// The inner width of the MLP. The default is 3072.
  package var intermediateSize = 3072
  /// Transformer layers. The default is 12.
  public var layers = 12
  /// Attention heads; divides ``hiddenSize``. The default is 16.
  public var heads = 16
  /// The side of a tile in pixels. The default is 224.
  public var imageSize = 224
  /// The side of a patch in pixels; divides ``imageSize``. The default is 32.
  public var patchSize = 32
  /// Added to variances. The default is 1e-6.
  package var epsilon: Float = 1e-6
  /// Inside the MLP. The default is gelu_pytorch_tanh.
  package var activation = Activation.geluTanh

  /// The defaults of Idefics3's vision tower.
  public init() {}

  /// Patches along one side of a tile.
  package var side: Int { imageSize / patchSize }

  enum CodingKeys: String, CodingKey {
    case hiddenSize = "hidden_size"
    case intermediateSize = "intermediate_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case imageSize = "image_size"
    case patchSize = "patch_size"
    case epsilon = "layer_norm_eps"
    case activation = "hidden_act"
  }

  /// Keys that are read and not kept.
  private enum DualCheckerKeys: String, CodingKey {
    case channels = "num_channels"
  }

  /// Reads `vision_config`; a key that is missing keeps its default.
  ///
  /// - Throws: `DecodingError` where a size is out of range, or the file asks for what this tower does not compute.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    hiddenSize = try keys.decodeIfPresent(Int.self, forKey: .hiddenSize) ?? hiddenSize
    intermediateSize = try keys.decodeIfPresent(Int.self, forKey: .intermediateSize) ?? intermediateSize
    layers = try keys.decodeIfPresent(Int.self, forKey: .layers) ?? layers
    heads = try keys.decodeIfPresent(Int.self, forKey: .heads) ?? heads
    imageSize = try keys.decodeIfPresent(Int.self, forKey: .imageSize) ?? imageSize
    patchSize = try keys.decodeIfPresent(Int.self, forKey: .patchSize) ?? patchSize
    epsilon = try keys.decodeIfPresent(Float.self, forKey: .epsilon) ?? epsilon
    activation = try keys.decodeIfPresent(Activation.self, forKey: .activation) ?? activation
    func refuse(_ key: CodingKeys, _ text: String) -> DecodingError {
      .dataCorruptedError(forKey: key, in: keys, debugDescription: text)
    }
    let checked = try decoder.container(keyedBy: DualCheckerKeys.self)
    if let channels = try checked.decodeIfPresent(Int.self, forKey: .channels), channels != 3 {
      throw DecodingError.dataCorruptedError(
        forKey: .channels, in: checked, debugDescription: "num_channels \(channels) is not computed here; 3 is")
    }
    // Sizes are bounded before anything is made of them: a damaged file must not ask for all memory.
    let sizes: [(CodingKeys, Int, ClosedRange<Int>)] = [
      (.hiddenSize, hiddenSize, 1...(1 << 20)), (.intermediateSize, intermediateSize, 1...(1 << 20)),
      (.layers, layers, 0...(1 << 12)), (.heads, heads, 1...(1 << 12)), (.imageSize, imageSize, 1...(1 << 14)),
      (.patchSize, patchSize, 1...(1 << 10)),
    ]
    for (key, size, range) in sizes where !range.contains(size) {
      throw refuse(key, "\(key.rawValue) \(size) must lie in \(range)")
    }
    guard hiddenSize % heads == 0, hiddenSize / heads <= 256 else {
      throw refuse(
        .hiddenSize,
        "hidden_size \(hiddenSize) must be a multiple of num_attention_heads \(heads), and at most 256 times that")
    }
    guard imageSize % patchSize == 0 else {
      throw refuse(.imageSize, "image_size \(imageSize) must be a multiple of patch_size \(patchSize)")
    }
    guard epsilon >= 0, epsilon.isFinite else {
      throw refuse(.epsilon, "layer_norm_eps \(epsilon) must be 0 or more")
    }
  }
}

/// The SigLIP vision tower as SmolVLM and Idefics3 use it (Zhai et al. 2023): patches, learned positions, pre-norm layers.
public struct SigLIP: ImageEncoder {
  /// The sizes.
  public let configuration: SigLIPConfiguration
  private var patches: PatchEmbedding
  private var positions: Embedding
  private var layers: [VisionLayer]
  private var norm: LayerNorm

  /// A tower with random weights.
  public init(_ c: SigLIPConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    patches = PatchEmbedding(patchSize: c.patchSize, dimensions: c.hiddenSize, using: &generator)
    positions = Embedding(weight: .normal([c.side * c.side, c.hiddenSize], standardDeviation: 0.02, using: &generator))
    layers = (0..<c.layers).map { _ in
      VisionLayer(
        width: c.hiddenSize, innerWidth: c.intermediateSize, heads: c.heads, epsilon: c.epsilon,
        activation: c.activation, using: &generator)
    }
    norm = LayerNorm(dimensions: c.hiddenSize, epsilon: c.epsilon)
  }

  /// The width of a feature row.
  public var width: Int { configuration.hiddenSize }

  /// Maps tiles [tiles, 3, image size, image size] to [tiles · side², width].
  public func callAsFunction(_ pixels: Tensor) -> Tensor {
    let c = configuration
    precondition(
      pixels.rank == 4 && pixels.shape[2] == c.imageSize && pixels.shape[3] == c.imageSize,
      "pixels \(pixels.shape) for tiles of \(c.imageSize) x \(c.imageSize)")
    let (tiles, each) = (pixels.shape[0], c.side * c.side)
    var x = patches(pixels).reshaped([tiles, each, c.hiddenSize]) + positions.weight.value
    x = x.reshaped([tiles * each, c.hiddenSize])
    let layout = AttentionLayout.full(Array(repeating: each, count: tiles))
    for layer in layers { x = layer(x, layout: layout) }
    return norm(x)
  }

  /// Shows the embeddings, the layers and the last norm under the names of transformers' files.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    patches.visit(&visitor, at: path.appending(component: "embeddings.patch_embedding"))
    positions.visit(&visitor, at: path.appending(component: "embeddings.position_embedding"))
    for i in layers.indices { layers[i].visit(&visitor, at: path.appending(component: "encoder.layers.\(i)")) }
    norm.visit(&visitor, at: path.appending(component: "post_layernorm"))
  }
}
