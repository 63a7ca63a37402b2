package import Layers
internal import Tensor

/// One pre-norm transformer layer of SigLIP and CLIP towers.
package struct VisionLayer: Module {
  private var norm1: LayerNorm
  private var attention: SelfAttention
  private var norm2: LayerNorm
  private var mlp: FeedForward

  /// A layer with random weights.
  init(
    width: Int, innerWidth: Int, heads: Int, epsilon: Float, activation: Activation,
    using generator: inout some RandomNumberGenerator
  ) {
    func linear(_ input: Int, _ output: Int) -> any Projection {
      Linear(inputDimensions: input, outputDimensions: output, using: &generator)
    }
    norm1 = LayerNorm(dimensions: width, epsilon: epsilon)
    attention = SelfAttention(
      query: linear(width, width), key: linear(width, width), value: linear(width, width),
      output: linear(width, width), heads: heads, outputName: "out_proj")
    norm2 = LayerNorm(dimensions: width, epsilon: epsilon)
    mlp = FeedForward(first: linear(width, innerWidth), second: linear(innerWidth, width), activation: activation)
  }

  /// Maps [rows, width] to [rows, width].
  func callAsFunction(_ x: Tensor, layout: AttentionLayout) -> Tensor {
    let y = x + attention(norm1(x), layout: layout)
    return y + mlp(norm2(y))
  }

  /// Shows `self_attn`, `layer_norm1`, `mlp` and `layer_norm2`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    attention.visit(&visitor, at: path.appending(component: "self_attn"))
    norm1.visit(&visitor, at: path.appending(component: "layer_norm1"))
    mlp.visit(&visitor, at: path.appending(component: "mlp"))
    norm2.visit(&visitor, at: path.appending(component: "layer_norm2"))
  }
}
