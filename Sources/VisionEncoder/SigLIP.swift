public import Layers
public import Tensor

/// The sizes of a SigLIP tower, with the keys of `vision_config` in a model's config.json.
public struct SigLIPConfiguration: TileTowerConfiguration {
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
  /// The side of a patch in pixels; what is left of ``imageSize`` beside whole patches is not read. The default is 32.
  public var patchSize = 32
  /// Added to variances. The default is 1e-6.
  package var epsilon: Float = 1e-6
  /// Inside the MLP. The default is gelu_pytorch_tanh.
  package var activation = Activation.geluTanh

  /// The defaults of Idefics3's vision tower.
  public init() {}

  /// The defaults of transformers' SiglipVisionConfig.
  package static let standalone: SigLIPConfiguration = {
    var configuration = SigLIPConfiguration()
    (configuration.hiddenSize, configuration.heads, configuration.patchSize) = (768, 12, 16)
    return configuration
  }()

  /// Reads sizes; a key that is missing has the given default.
  ///
  /// - Throws: as the reading of any configuration.
  package init(from file: ConfigJSON, defaults: SigLIPConfiguration) throws {
    self = defaults
    try read(file)
  }

  package static let fields: [ModelField<SigLIPConfiguration>] =
    // The image processor's, and how the tower was chosen.
    [.known("model_type", "size", "max_image_size", "use_base_siglip")] + sizes

  /// Checks which tower it is, and the sizes.
  package func complete(from file: ConfigJSON) throws {
    let types = ["idefics3_vision", "smolvlm_vision", "siglip_vision_model", "idefics3", "smolvlm"]
    if let type: String = try file["model_type"], !types.contains(type) {
      throw file.refusal(
        "model_type", "model_type \"\(type)\" is no tower of this family; \(types.joined(separator: ", ")) are")
    }
    try checkSizes(file)
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
    c.check(pixels.shape)
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
