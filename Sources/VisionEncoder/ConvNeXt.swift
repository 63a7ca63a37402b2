package import Layers
package import Tensor

/// A convolutional tower (Liu et al. 2022, "A ConvNet for the 2020s"): an image becomes one vector.
///
/// Patches without overlap, then stages of layers with depthwise 7 x 7 kernels, between which the grid halves; the mean over
/// the last grid, normalised. Numbers in between are rows [images · height · width, width], as in the transformers here.
package struct ConvNeXt: Module {
  /// The sizes.
  package let configuration: ConvNeXtConfiguration
  private var patches: PatchEmbedding
  private var patchNorm: LayerNorm
  private var stages: [Stage]
  private var lastNorm: LayerNorm

  /// A tower with random weights.
  package init(_ c: ConvNeXtConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    patches = PatchEmbedding(patchSize: c.patchSize, dimensions: c.widths[0], using: &generator)
    patchNorm = LayerNorm(dimensions: c.widths[0], epsilon: ConvNeXt.innerEpsilon)
    stages = []
    for (i, width) in c.widths.enumerated() {
      stages.append(Stage(c, after: i > 0 ? c.widths[i - 1] : nil, width: width, depth: c.depths[i], using: &generator))
    }
    lastNorm = LayerNorm(dimensions: c.width, epsilon: c.epsilon)
  }

  /// Added to variances but for the last norm's: transformers has no key for it.
  fileprivate static let innerEpsilon: Float = 1e-6

  /// The width of the vector that an image becomes.
  package var width: Int { configuration.width }

  /// Maps images [images, 3, image size, image size] to [images, width].
  package func callAsFunction(_ pixels: Tensor) -> Tensor {
    let c = configuration
    precondition(
      pixels.rank == 4 && pixels.shape[2] == c.imageSize && pixels.shape[3] == c.imageSize,
      "pixels \(pixels.shape) for images of \(c.imageSize) x \(c.imageSize)")
    let images = pixels.shape[0]
    var side = c.imageSize / c.patchSize
    var x = patchNorm(patches(pixels))
    for (i, stage) in stages.enumerated() {
      x = stage(x, images: images, side: side)
      if i > 0 { side /= 2 }
    }
    return lastNorm(x.reshaped([images, side * side, c.width]).mean(along: 1))
  }

  /// Shows the embeddings, the stages and the last norm under the names of transformers' files.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    patches.visit(&visitor, at: path.appending(component: "embeddings.patch_embeddings"))
    patchNorm.visit(&visitor, at: path.appending(component: "embeddings.layernorm"))
    for i in stages.indices { stages[i].visit(&visitor, at: path.appending(component: "encoder.stages.\(i)")) }
    lastNorm.visit(&visitor, at: path.appending(component: "layernorm"))
  }
}

/// Layers of one width; all but the first stage begin by halving the grid.
private struct Stage: Module {
  var halvingNorm: LayerNorm?
  /// A convolution of 2 x 2 with a stride of 2.
  var halving: PatchEmbedding?
  var layers: [ConvNeXtLayer]

  init(
    _ c: ConvNeXtConfiguration, after before: Int?, width: Int, depth: Int,
    using generator: inout some RandomNumberGenerator
  ) {
    if let before {
      halvingNorm = LayerNorm(dimensions: before, epsilon: ConvNeXt.innerEpsilon)
      halving = PatchEmbedding(channels: before, patchSize: 2, dimensions: width, using: &generator)
    }
    layers = []
    for _ in 0..<depth { layers.append(ConvNeXtLayer(c, width: width, using: &generator)) }
  }

  /// Maps the rows of grids with this side.
  func callAsFunction(_ x: Tensor, images: Int, side: Int) -> Tensor {
    var (x, side) = (x, side)
    if let halvingNorm, let halving {
      let before = x.shape[1]
      // In the layout of pixels, which a convolution whose stride is its kernel's side takes.
      x = halving(halvingNorm(x).reshaped([images, side, side, before]).permuted([0, 3, 1, 2]))
      side /= 2
    }
    for layer in layers { x = layer(x, images: images, side: side) }
    return x
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    halvingNorm?.visit(&visitor, at: path.appending(component: "downsampling_layer.0"))
    halving?.visit(&visitor, at: path.appending(component: "downsampling_layer.1"))
    for i in layers.indices { layers[i].visit(&visitor, at: path.appending(component: "layers.\(i)")) }
  }
}

/// One layer: x + scale · MLP(norm(filtered x)).
private struct ConvNeXtLayer: Module {
  var scale: Parameter
  var filter: DepthwiseConvolution
  var norm: LayerNorm
  var mlp: FeedForward

  init(_ c: ConvNeXtConfiguration, width: Int, using generator: inout some RandomNumberGenerator) {
    scale = Parameter(Tensor(repeating: c.layerScale, shape: [width]))
    filter = DepthwiseConvolution(channels: width, side: 7, using: &generator)
    norm = LayerNorm(dimensions: width, epsilon: ConvNeXt.innerEpsilon)
    mlp = FeedForward(
      first: Linear(inputDimensions: width, outputDimensions: 4 * width, using: &generator),
      second: Linear(inputDimensions: 4 * width, outputDimensions: width, using: &generator),
      activation: c.activation, names: ("pwconv1", "pwconv2"))
  }

  func callAsFunction(_ x: Tensor, images: Int, side: Int) -> Tensor {
    let filtered = filter(x.reshaped([images, side, side, x.shape[1]])).reshaped(x.shape)
    return x + mlp(norm(filtered)) * scale.value
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&scale, at: path.appending(component: "layer_scale_parameter"))
    filter.visit(&visitor, at: path.appending(component: "dwconv"))
    norm.visit(&visitor, at: path.appending(component: "layernorm"))
    mlp.visit(&visitor, at: path)
  }
}
