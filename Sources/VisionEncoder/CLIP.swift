public import Layers
public import Tensor

/// The CLIP vision tower as LLaVA uses it (Radford et al. 2021): class token, patches, learned positions, pre-norm layers.
///
/// What it gives are the patches' rows after some of its layers; neither the class token's row nor the layers above are
/// part of it, though they stay in the files.
public struct CLIP: ImageEncoder {
  /// The sizes.
  public let configuration: CLIPConfiguration
  /// How many of the layers are computed.
  package let depth: Int
  private var classToken: Parameter
  private var patches: PatchEmbedding
  private var positions: Embedding
  private var firstNorm: LayerNorm
  private var layers: [VisionLayer]
  private var lastNorm: LayerNorm

  /// A tower with random weights.
  ///
  /// - Parameter depth: how many of the layers are computed; nil computes all.
  /// - Precondition: `depth` is at most the number of layers.
  public init(_ c: CLIPConfiguration, depth: Int? = nil, using generator: inout some RandomNumberGenerator) {
    precondition((0...c.layers).contains(depth ?? c.layers), "\(depth ?? 0) of \(c.layers) layers")
    configuration = c
    self.depth = depth ?? c.layers
    let width = c.hiddenSize
    classToken = Parameter(.normal([width], standardDeviation: 0.02, using: &generator))
    patches = PatchEmbedding(patchSize: c.patchSize, dimensions: width, bias: false, using: &generator)
    positions = Embedding(weight: .normal([c.side * c.side + 1, width], standardDeviation: 0.02, using: &generator))
    firstNorm = LayerNorm(dimensions: width, epsilon: c.epsilon)
    layers = (0..<c.layers).map { _ in
      VisionLayer(
        width: width, innerWidth: c.intermediateSize, heads: c.heads, epsilon: c.epsilon, activation: c.activation,
        using: &generator)
    }
    lastNorm = LayerNorm(dimensions: width, epsilon: c.epsilon)
  }

  /// The width of a feature row.
  public var width: Int { configuration.hiddenSize }

  /// Maps tiles [tiles, 3, image size, image size] to [tiles · side², width].
  public func callAsFunction(_ pixels: Tensor) -> Tensor {
    let c = configuration
    c.check(pixels.shape)
    let (tiles, each) = (pixels.shape[0], c.side * c.side)
    // The class token is the last row of this table; it goes before each tile's patches.
    let rows = Tensor.concatenated([patches(pixels), classToken.value.reshaped([1, width])])
    let order = (0..<tiles).flatMap { tile in [tiles * each] + Array((tile * each)..<((tile + 1) * each)) }
    let placed = rows.gathered(order).reshaped([tiles, each + 1, width]) + positions.weight.value
    var x = firstNorm(placed.reshaped([tiles * (each + 1), width]))
    let layout = AttentionLayout.full(Array(repeating: each + 1, count: tiles))
    for layer in layers.prefix(depth) { x = layer(x, layout: layout) }
    return x.gathered((0..<(tiles * (each + 1))).filter { $0 % (each + 1) != 0 })
  }

  /// Shows the embeddings, the layers and the norms under the names of transformers' files.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&classToken, at: path.appending(component: "embeddings.class_embedding"))
    patches.visit(&visitor, at: path.appending(component: "embeddings.patch_embedding"))
    positions.visit(&visitor, at: path.appending(component: "embeddings.position_embedding"))
    firstNorm.visit(&visitor, at: path.appending(component: "pre_layrnorm"))
    for i in layers.indices { layers[i].visit(&visitor, at: path.appending(component: "encoder.layers.\(i)")) }
    lastNorm.visit(&visitor, at: path.appending(component: "post_layernorm"))
  }
}
