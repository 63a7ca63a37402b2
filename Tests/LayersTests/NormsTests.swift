import Layers
import Tensor
import TestSupport
import Testing

@Suite struct NormsTests {
  static let shapes = [[1, 1], [3, 2], [2, 5, 7], [17, 33], [4, 576]]

  @Test(arguments: shapes) func `the RMS norm equals its naive twin`(shape: [Int]) {
    var norm = RMSNorm(dimensions: shape[shape.count - 1], epsilon: 1e-3)
    norm.weight.value = randomTensor([shape[shape.count - 1]], seed: 1)
    let x = randomTensor(shape, seed: 2, from: -3, to: 3)
    expectClose(norm(x), norm.naive(x))
  }

  @Test(arguments: shapes) func `the layer norm equals its naive twin`(shape: [Int]) {
    var norm = LayerNorm(dimensions: shape[shape.count - 1], epsilon: 1e-3)
    norm.weight.value = randomTensor([shape[shape.count - 1]], seed: 1)
    norm.bias.value = randomTensor([shape[shape.count - 1]], seed: 2)
    let x = randomTensor(shape, seed: 3, from: -3, to: 3)
    expectClose(norm(x), norm.naive(x), absolute: 3e-6)
  }

  @Test func `an RMS norm divides by the root mean square`() {
    var norm = RMSNorm(dimensions: 2, epsilon: 0)
    norm.weight.value = Tensor([1, 10], shape: [2])
    // The mean square of (1, 7) is 25.
    expectClose(norm(Tensor([1, 7], shape: [1, 2])), Tensor([0.2, 14], shape: [1, 2]))
  }

  @Test func `an RMS norm with an offset scales by it and the weight`() {
    var norm = RMSNorm(dimensions: 2, epsilon: 0, offset: 1)
    #expect(norm.weight.value.scalars == [0, 0])
    norm.weight.value = Tensor([-0.5, 9], shape: [2])
    expectClose(norm(Tensor([1, 7], shape: [1, 2])), Tensor([0.1, 14], shape: [1, 2]))
    expectGradientsMatchFiniteDifferences(at: [randomTensor([3, 5], seed: 1), randomTensor([5], seed: 2)]) {
      var norm = RMSNorm(dimensions: 5, epsilon: 0.1, offset: 1)
      norm.weight.value = $0[1]
      return norm($0[0])
    }
  }

  @Test func `a layer norm far from zero does not lose its digits`() {
    let x = Tensor([10_000, 10_001, 10_002, 10_003], shape: [1, 4])
    // Mean 10001.5, variance 1.25: the ends lie 1.5 / √1.25 = 1.3416 away.
    let y = LayerNorm(dimensions: 4, epsilon: 0)(x)
    expectClose(y, Tensor([-1.3416408, -0.4472136, 0.4472136, 1.3416408], shape: [1, 4]))
  }

  @Test(arguments: [[3, 1], [2, 5], [7, 17]]) func `gradients of the RMS norm reach input and scale`(shape: [Int]) {
    let inputs = [randomTensor(shape, seed: 1), randomTensor([shape[1]], seed: 2)]
    expectGradientsMatchFiniteDifferences(at: inputs) {
      var norm = RMSNorm(dimensions: shape[1], epsilon: 0.1)
      norm.weight.value = $0[1]
      return norm($0[0])
    }
  }

  @Test(arguments: [[3, 2], [2, 5], [7, 17]])
  func `gradients of the layer norm reach input, scale and shift`(shape: [Int]) {
    let inputs = [randomTensor(shape, seed: 1), randomTensor([shape[1]], seed: 2), randomTensor([shape[1]], seed: 3)]
    expectGradientsMatchFiniteDifferences(at: inputs) {
      var norm = LayerNorm(dimensions: shape[1], epsilon: 0.1)
      (norm.weight.value, norm.bias.value) = ($0[1], $0[2])
      return norm($0[0])
    }
  }

  @Test func `a layer norm's rows may be forgotten, and its gradients keep their bits`() {
    let x = randomTensor([17, 33], seed: 1)
    var norm = LayerNorm(dimensions: 33)
    (norm.weight.value, norm.bias.value) = (randomTensor([33], seed: 2), randomTensor([33], seed: 3))
    func gradients(forgetting: Bool) -> [Tensor] {
      let x = x.tracked()
      let y = norm(x)
      let loss = y.squared().sum()
      if forgetting { y.forgetElements() }
      return loss.gradients(at: [x])
    }
    #expect(gradients(forgetting: true)[0].isIdentical(to: gradients(forgetting: false)[0]))
  }

  @Test func `only what is tracked gets a gradient`() {
    let x = randomTensor([3, 4], seed: 1)
    for trained in ["weight", "bias"] {
      var norm = LayerNorm(dimensions: 4)
      norm.setTrainable { $0 == trained }
      let gradients = norm.valueAndGradients { $0(x).squared().sum() }.gradients
      let naive = norm.valueAndGradients { $0.naive(x).squared().sum() }.gradients
      #expect(gradients.paths == [trained])
      expectClose(gradients.tensors[0], naive.tensors[0], absolute: 1e-5)
    }
    var frozen = RMSNorm(dimensions: 4)
    frozen.freeze()
    #expect(!frozen(x).isTracked)
    let tracked = x.tracked()
    let gradient = frozen(tracked).squared().sum().gradients(at: [tracked])[0]
    expectClose(gradient, frozen.naive(tracked).squared().sum().gradients(at: [tracked])[0], absolute: 1e-5)
  }

  @Test(arguments: [[1, 1], [3, 2], [17, 33], [130, 384]], [true, false])
  func `the norm of a product, its bias and what passed beside it equals that of their sum`(shape: [Int], hasBias: Bool)
  {
    let columns = shape[1]
    let inputs = [
      randomTensor(shape, seed: 1), randomTensor(shape, seed: 2), randomTensor([columns], seed: 3),
      randomTensor([columns], seed: 4), randomTensor([columns], seed: 5),
    ]
    let weights = randomTensor(shape, seed: 6)
    // Each term alone is tracked, and all are.
    for tracked in [[0], [1], [2], [3], [4], [0, 1, 2, 3, 4]] {
      func valueAndGradients(_ f: (LayerNorm, Tensor, Tensor, Tensor) -> Tensor) -> [Tensor] {
        let x = inputs.indices.map { tracked.contains($0) ? inputs[$0].tracked() : inputs[$0] }
        var norm = LayerNorm(dimensions: columns, epsilon: 1e-2)
        (norm.weight.value, norm.bias.value) = (x[3], x[4])
        let value = f(norm, x[0], x[1], x[2])
        guard value.isTracked else { return [value] }
        return [value.detached()] + (value * weights).sum().gradients(at: tracked.map { x[$0] })
      }
      let fast = valueAndGradients { $0($1, bias: hasBias ? $3 : nil, adding: $2) }
      let naive = valueAndGradients { $0.naive(hasBias ? $1 + $3 + $2 : $1 + $2) }
      #expect(fast.count == naive.count)
      for (a, b) in zip(fast, naive) { expectClose(a, b, relative: 1e-4, absolute: 3e-5) }
    }
  }

  @Test func `a sum takes the place of its product, and of no tensor that somebody else holds`() {
    let norm = LayerNorm(dimensions: 4)
    let (held, other, bias) = (
      randomTensor([3, 4], seed: 1), randomTensor([3, 4], seed: 2), randomTensor([4], seed: 3)
    )
    let before = held.scalars
    let y = norm(held, bias: bias, adding: other)
    #expect(held.scalars == before)
    #expect(norm(held.tracked(), bias: bias, adding: other).isIdentical(to: y) && held.scalars == before)
    #expect(Activation.gelu(held, bias: bias).isIdentical(to: Activation.gelu(held.tracked(), bias: bias)))
    #expect(held.scalars == before)
    #expect(norm(held * 1, bias: bias, adding: other).isIdentical(to: y))
  }
}
