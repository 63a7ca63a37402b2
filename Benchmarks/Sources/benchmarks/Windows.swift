import Layers
import Tensor

/// Attention alone, forward and backward, over a long prompt: in windows, and over all of it.
func benchmarkWindows(rounds: Int, using generator: inout Tensor.Generator) {
  let (prompt, heads, keyHeads, dimensions) = (4096, 8, 2, 64)
  let whole = AttentionLayout.trees([.init(prompt: prompt, answers: [])])
  let x = [heads, keyHeads, keyHeads].map { Tensor.normal([prompt, $0, dimensions], using: &generator).tracked() }
  func step(_ layout: AttentionLayout) {
    consume(layout.attention(queries: x[0], keys: x[1], values: x[2]).sum().gradients(at: x))
  }
  for window in [128, 1024] {
    let near = whole.windowed(window)
    Comparison(name: "attention, prompt \(prompt)", sides: ("windows of \(window)", "no window"))
      .run(rounds: rounds, new: { step(near) }, old: { step(whole) })
  }
}

/// A whole layer with the sizes of ModernBERT's over a long text, its weights frozen, forward and backward: each token sees 64 to
/// each side, or all.
func benchmarkWindowedLayer(rounds: Int, using generator: inout Tensor.Generator) {
  let (tokens, window) = (4096, 128)
  let layer = GatedLayer(width: 768, inner: 1152, heads: 12, using: &generator)
  let x = Tensor.normal([tokens, 768], using: &generator).tracked()
  func step(_ layout: AttentionLayout) { consume(layer(x, layout).sum().gradients(at: [x])) }
  let (near, whole) = (AttentionLayout.full([tokens], reach: window / 2), AttentionLayout.full([tokens]))
  Comparison(name: "layer of an encoder, text of \(tokens)", sides: ("windows of \(window)", "no window"))
    .run(rounds: rounds, new: { step(near) }, old: { step(whole) })
}

/// A pre-norm layer without positions: attention and a gated MLP, each added to its input.
private struct GatedLayer {
  let norms: (LayerNorm, LayerNorm)
  let (query, key, value, output): (Linear, Linear, Linear, Linear)
  let (gate, up, down): (Linear, Linear, Linear)
  let heads: Int

  init(width: Int, inner: Int, heads: Int, using generator: inout Tensor.Generator) {
    func linear(_ input: Int, _ output: Int) -> Linear {
      Linear(inputDimensions: input, outputDimensions: output, bias: false, using: &generator)
    }
    norms = (LayerNorm(dimensions: width), LayerNorm(dimensions: width))
    (query, key, value) = (linear(width, width), linear(width, width), linear(width, width))
    output = linear(width, width)
    (gate, up, down) = (linear(width, inner), linear(width, inner), linear(inner, width))
    self.heads = heads
  }

  func callAsFunction(_ x: Tensor, _ layout: AttentionLayout) -> Tensor {
    let read = norms.0(x)
    let parts = [query, key, value].map { $0(read).reshaped([x.shape[0], heads, -1]) }
    let y = x + output(layout.attention(queries: parts[0], keys: parts[1], values: parts[2]).reshaped(x.shape))
    let seen = norms.1(y)
    return y + down(gate(seen).gelu() * up(seen))
  }
}
