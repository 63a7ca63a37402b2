internal import Layers
internal import Tensor

/// One layer of a BERT-type encoder, post-norm: attention and MLP, each added to its input and then normalised.
struct PostNormLayer: TextLayer {
  private var query: any Projection
  private var key: any Projection
  private var value: any Projection
  private var output: any Projection
  private var attentionNorm: LayerNorm
  private var up: any Projection
  private var down: any Projection
  private var norm: LayerNorm
  private let heads: Int
  private let activation: Activation
  private let names: TextLayerNames

  init(_ c: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator) {
    func linear(_ input: Int, _ output: Int) -> any Projection {
      Linear(inputDimensions: input, outputDimensions: output, standardDeviation: c.initialDeviation, using: &generator)
    }
    let (width, inner) = (c.hiddenSize, c.intermediateSize)
    (query, key, value) = (linear(width, width), linear(width, width), linear(width, width))
    output = linear(width, width)
    attentionNorm = LayerNorm(dimensions: width, epsilon: c.epsilon)
    up = linear(width, inner)
    down = linear(inner, width)
    norm = LayerNorm(dimensions: width, epsilon: c.epsilon)
    heads = c.heads
    activation = c.activation
    names = c.family.layerNames
  }

  func callAsFunction(_ x: Tensor, _ sight: TextSight) -> Tensor {
    let maps = applied([query, key, value], to: x)
    return completed(x, queries: maps[0], keys: maps[1], values: maps[2], layout: sight.layout)
  }

  func callAsFunction(_ x: Tensor, rows: [Int], _ sight: TextSight) -> Tensor {
    let kept = x.gathered(rows)
    let maps = applied([key, value], to: x)
    return completed(kept, queries: query(kept), keys: maps[0], values: maps[1], layout: sight.layout)
  }

  private func completed(
    _ x: Tensor, queries: Tensor, keys: Tensor, values: Tensor, layout: AttentionLayout
  ) -> Tensor {
    let split = { (y: Tensor) in y.reshaped([y.shape[0], heads, -1]) }
    let mixed = layout.attention(queries: split(queries), keys: split(keys), values: split(values))
    let (sum, bias) = output.product(mixed.reshaped(x.shape))
    let y = attentionNorm(consume sum, bias: bias, adding: x)
    let (inner, innerBias) = up.product(y)
    let (outer, outerBias) = down.product(activation(consume inner, bias: innerBias))
    return norm(consume outer, bias: outerBias, adding: y)
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &query, at: path.appending(component: names.query))
    visitor.visit(projection: &key, at: path.appending(component: names.key))
    visitor.visit(projection: &value, at: path.appending(component: names.value))
    visitor.visit(projection: &output, at: path.appending(component: names.output))
    attentionNorm.visit(&visitor, at: path.appending(component: names.attentionNorm))
    visitor.visit(projection: &up, at: path.appending(component: names.up))
    visitor.visit(projection: &down, at: path.appending(component: names.down))
    norm.visit(&visitor, at: path.appending(component: names.norm))
  }
}
