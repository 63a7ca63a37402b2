package import Layers
package import Tensor

/// The vision tower of InternVL (Chen et al. 2024): class token, patches, learned positions, pre-norm layers whose two sums are
/// scaled element by element.
///
/// What it gives are the patches' rows; the class token's row is not part of it.
package struct InternVision: Module {
  package let configuration: InternVisionConfiguration
  /// [1, 1, width].
  private var classToken: Parameter
  private var patches: PatchEmbedding
  /// [1, 1 + side², width].
  private var positions: Parameter
  private var layers: [Layer]
  private var lastNorm: LayerNorm?

  /// A tower with random weights.
  package init(_ c: InternVisionConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    let width = c.hiddenSize
    classToken = Parameter(.normal([1, 1, width], standardDeviation: 0.02, using: &generator))
    patches = PatchEmbedding(patchSize: c.patchSize, dimensions: width, using: &generator)
    positions = Parameter(.normal([1, 1 + c.side * c.side, width], standardDeviation: 0.02, using: &generator))
    layers = (0..<c.layers).map { _ in Layer(c, using: &generator) }
    lastNorm = c.usesMeanPooling ? nil : LayerNorm(dimensions: width, epsilon: c.epsilon)
  }

  /// Maps tiles [tiles, 3, image size, image size] to [tiles · side², width].
  package func callAsFunction(_ pixels: Tensor) -> Tensor {
    let c = configuration
    c.check(pixels.shape)
    let (tiles, each, width) = (pixels.shape[0], c.side * c.side, c.hiddenSize)
    // The class token is the last row of this table; it goes before each tile's patches.
    let rows = Tensor.concatenated([patches(pixels), classToken.value.reshaped([1, width])])
    let order = (0..<tiles).flatMap { tile in [tiles * each] + Array((tile * each)..<((tile + 1) * each)) }
    let placed = rows.gathered(order).reshaped([tiles, each + 1, width]) + positions.value.reshaped([each + 1, width])
    var x = placed.reshaped([tiles * (each + 1), width])
    let layout = AttentionLayout.full(Array(repeating: each + 1, count: tiles))
    for layer in layers { x = layer(x, layout: layout) }
    let own = x.gathered((0..<(tiles * (each + 1))).filter { $0 % (each + 1) != 0 })
    return lastNorm.map { $0(own) } ?? own
  }

  /// Shows the embeddings, the layers and the last norm under the names of transformers' files.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&classToken, at: path.appending(component: "embeddings.cls_token"))
    visitor.visit(&positions, at: path.appending(component: "embeddings.position_embeddings"))
    patches.visit(&visitor, at: path.appending(component: "embeddings.patch_embeddings.projection"))
    for i in layers.indices { layers[i].visit(&visitor, at: path.appending(component: "encoder.layer.\(i)")) }
    lastNorm?.visit(&visitor, at: path.appending(component: "layernorm"))
  }

  /// One pre-norm layer.
  private struct Layer: Module {
    var norm1: any RowMap
    var attention: SelfAttention
    var scale1: Parameter
    var norm2: any RowMap
    var mlp: FeedForward
    var scale2: Parameter

    init(_ c: InternVisionConfiguration, using generator: inout some RandomNumberGenerator) {
      let width = c.hiddenSize
      func linear(_ input: Int, _ output: Int, bias: Bool = true) -> any Projection {
        Linear(inputDimensions: input, outputDimensions: output, bias: bias, using: &generator)
      }
      let norm: any RowMap =
        c.norm == .layer
        ? LayerNorm(dimensions: width, epsilon: c.epsilon) : RMSNorm(dimensions: width, epsilon: c.epsilon)
      (norm1, norm2) = (norm, norm)
      // Of whole rows, and with an epsilon that no file says.
      let inputNorm = RMSNorm(dimensions: width, epsilon: 1e-6)
      attention = SelfAttention(
        query: linear(width, width, bias: c.attentionBias), key: linear(width, width, bias: c.attentionBias),
        value: linear(width, width, bias: c.attentionBias), output: linear(width, width), heads: c.heads,
        headNorms: c.normalizesHeads ? (query: inputNorm, key: inputNorm) : nil, outputName: "projection_layer")
      mlp = FeedForward(
        first: linear(width, c.intermediateSize), second: linear(c.intermediateSize, width), activation: c.activation)
      scale1 = Parameter(.ones([width]))
      scale2 = Parameter(.ones([width]))
    }

    func callAsFunction(_ x: Tensor, layout: AttentionLayout) -> Tensor {
      let y = x + attention(norm1(x), layout: layout) * scale1.value
      return y + mlp(norm2(y)) * scale2.value
    }

    mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
      visitor.visit(&scale1, at: path.appending(component: "lambda_1"))
      visitor.visit(&scale2, at: path.appending(component: "lambda_2"))
      attention.visit(&visitor, at: path.appending(component: "attention"))
      mlp.visit(&visitor, at: path.appending(component: "mlp"))
      norm1.visit(&visitor, at: path.appending(component: "layernorm_before"))
      norm2.visit(&visitor, at: path.appending(component: "layernorm_after"))
    }
  }
}

/// The sizes of an InternVL tower, with the keys of `vision_config` in a model's config.json.
package struct InternVisionConfiguration: TileTowerConfiguration {
  /// The width of a row. The default is 1024.
  package var hiddenSize = 1024
  /// The inner width of the MLP. The default is 4096.
  package var intermediateSize = 4096
  /// Transformer layers. The default is 24.
  package var layers = 24
  /// Attention heads; divides ``hiddenSize``. The default is 16.
  package var heads = 16
  /// The side of a tile in pixels. The default is 448.
  package var imageSize = 448
  /// The side of a patch in pixels; what is left of ``imageSize`` beside whole patches is not read. The default is 14.
  package var patchSize = 14
  /// Added to variances. The default is 1e-6.
  package var epsilon: Float = 1e-6
  /// Inside the MLP. The default is gelu.
  package var activation = Activation.gelu
  /// The layers' norms (`norm_type`). The default is LayerNorm.
  package var norm = Norm.layer
  /// Whether queries, keys and values have offsets (`attention_bias`). The default is false.
  package var attentionBias = false
  /// Whether queries and keys are normalised (`use_qk_norm`). The default is false.
  package var normalizesHeads = false
  /// Whether the rows go out without a norm behind the last layer (`use_mean_pooling`). The default is true.
  package var usesMeanPooling = true

  /// The defaults of transformers.
  package init() {}

  /// What normalises a layer's rows.
  package enum Norm: String, Sendable, Codable {
    /// LayerNorm.
    case layer = "layer_norm"
    /// RMSNorm.
    case rms = "rms_norm"
  }

  package static let fields: [ModelField<InternVisionConfiguration>] =
    [
      .only("model_type", "internvl_vision"),
      ModelField("norm_type", \.norm), ModelField("attention_bias", \.attentionBias),
      ModelField("use_qk_norm", \.normalizesHeads), ModelField("use_mean_pooling", \.usesMeanPooling),
      .only("use_absolute_position_embeddings", true, isWritten: false),
      .only("use_mask_token", false, isWritten: false),
      // Of fresh weights.
      .known("layer_scale_init_value"),
    ] + sizes
}
