import Layers
import Tensor
import TestSupport
import Testing

@Suite(.serialized) struct DeterminismTests {
  /// Everything that is cut into parallel work, large enough to be cut: values and gradients.
  private func everything() -> [Tensor] {
    let layout = AttentionLayout.trees([
      .init(prompt: 150, answers: [40, 0, 33]), .init(prompt: 65, answers: [1]), .init(prompt: 3, answers: [30, 20]),
    ])
    var generator = Tensor.Generator(seed: 1)
    let width = 96
    func linear(_ input: Int, _ output: Int) -> Linear {
      Linear(inputDimensions: input, outputDimensions: output, using: &generator)
    }
    let attention = SelfAttention(
      query: linear(width, 96), key: linear(width, 32), value: linear(width, 32), output: linear(96, width), heads: 6,
      keyHeads: 2)
    let mlp = GatedMLP(gate: linear(width, 300), up: linear(width, 300), down: linear(300, width))
    let x = randomTensor([layout.queries, width], seed: 2).tracked()
    let head = randomTensor([5000, width], seed: 3).tracked()
    let table = RotaryPositions(dimensions: 16).table(positions: TokenPosition.run(0..<layout.queries))
    let near = attention(x, layout: layout.windowed(50), positions: table)
    let y = LayerNorm(dimensions: width)(x + attention(x, layout: layout, positions: table) + near)
    let z = RMSNorm(dimensions: width)(y + mlp(y))
    let scores = TokenScores(hidden: z, head: head, targets: (0..<layout.queries).map { $0 * 13 })
    let loss = -scores.logProbabilities.mean()
    var model = mlp
    var optimizer = AdamW(weightDecay: 0.1, clippingNorm: 0.5)
    let gradients = mlp.valueAndGradients { $0(y.detached()).squared().sum() }.gradients
    optimizer.update(&model, gradients: gradients, learningRate: 0.01)
    return [loss.detached(), z.detached(), scores.logProbabilities.detached()] + loss.gradients(at: [x, head])
      + gradients.tensors + model.parameters().map(\.parameter.value)
  }

  @Test func `one, two and three threads give the same bytes`() {
    let before = Tensor.Compute.threads
    defer { Tensor.Compute.threads = before }
    Tensor.Compute.threads = 1
    let one = everything()
    for threads in [2, 3, 1] {
      Tensor.Compute.threads = threads
      for (number, (a, b)) in zip(one, everything()).enumerated() {
        #expect(a.isIdentical(to: b), "result \(number) with \(threads) threads")
      }
    }
  }
}
