import Foundation
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct FeedForwardTests {
  private func linear(_ input: Int, _ output: Int, _ seed: UInt64) -> Linear {
    Linear(weight: randomTensor([output, input], seed: seed), bias: randomTensor([output], seed: seed + 100))
  }

  @Test(arguments: [[1], [3, 7], [5, 33], [2, 70_001]]) func `silu(gate) · up in one pass equals two passes`(
    shape: [Int]
  ) {
    let (gate, up) = (randomTensor(shape, seed: 1, from: -20, to: 20), randomTensor(shape, seed: 2))
    expectClose(GatedMLP.gated(gate, up), gate.silu() * up)
  }

  @Test func `gradients of the gate reach both operands`() {
    expectGradientsMatchFiniteDifferences(at: [randomTensor([3, 7], seed: 1), randomTensor([3, 7], seed: 2)]) {
      GatedMLP.gated($0[0], $0[1])
    }
  }

  @Test(arguments: Activation.allCases, [[1], [3, 7], [2, 70_001]])
  func `a gate of any activation in one pass equals two passes, gradients included`(
    activation: Activation, shape: [Int]
  ) {
    let inputs = [randomTensor(shape, seed: 1, from: -6, to: 6), randomTensor(shape, seed: 2)]
    let weights = randomTensor(shape, seed: 3)
    func valueAndGradients(_ f: (Tensor, Tensor) -> Tensor) -> [Tensor] {
      let x = inputs.map { $0.tracked() }
      let y = f(x[0], x[1])
      return [y.detached()] + (y * weights).sum().gradients(at: x)
    }
    let one = valueAndGradients { activation.gated($0, $1) }
    for (one, two) in zip(one, valueAndGradients { activation($0) * $1 }) { expectClose(one, two) }
  }

  @Test func `a gated MLP passes its gate through its activation`() {
    let mlp = GatedMLP(gate: linear(3, 7, 1), up: linear(3, 7, 2), down: linear(7, 3, 3), activation: .geluTanh)
    let x = randomTensor([5, 3], seed: 4)
    expectClose(mlp(x), mlp.down(mlp.gate(x).geluTanh() * mlp.up(x)))
  }

  @Test(arguments: Activation.allCases)
  func `rows of two halves are gated by the activation of the first, gradients included`(activation: Activation) {
    // More columns than a kernel takes at a time, and a rest.
    let x = randomTensor([3, 2 * 70], seed: 5)
    let halves = x.reshaped([3, 2, 70]).permuted([1, 0, 2])
    let (first, second) = (halves.rows(0..<1).reshaped([3, 70]), halves.rows(1..<2).reshaped([3, 70]))
    expectClose(activation.gating(x), activation(first) * second)
    let weights = randomTensor([3, 70], seed: 6)
    func gradient(_ gated: (Tensor) -> Tensor) -> Tensor {
      let x = x.tracked()
      return (gated(x) * weights).sum().gradients(at: [x])[0]
    }
    let slow = gradient { x in
      let halves = x.reshaped([3, 2, 70]).permuted([1, 0, 2])
      return activation(halves.rows(0..<1).reshaped([3, 70])) * halves.rows(1..<2).reshaped([3, 70])
    }
    expectClose(gradient { activation.gating($0) }, slow)
  }

  @Test func `a gated MLP is down(silu(gate x) · up x), gradients included`() {
    let mlp = GatedMLP(gate: linear(3, 7, 1), up: linear(3, 7, 2), down: linear(7, 3, 3))
    let x = randomTensor([5, 3], seed: 4)
    expectClose(mlp(x), mlp.down(mlp.gate(x).silu() * mlp.up(x)))
    let parameters = mlp.parameters()
    #expect(
      parameters.map(\.path).filter { $0.hasSuffix("weight") } == [
        "gate_proj.weight", "up_proj.weight", "down_proj.weight",
      ])
    expectGradientsMatchFiniteDifferences(at: [x] + parameters.map(\.parameter.value)) { inputs in
      GatedMLP(
        gate: Linear(weight: inputs[1], bias: inputs[2]), up: Linear(weight: inputs[3], bias: inputs[4]),
        down: Linear(weight: inputs[5], bias: inputs[6]))(inputs[0])
    }
  }

  @Test(arguments: Activation.allCases.filter { $0 != .relu })
  func `gradients of a two-layer MLP reach input and parameters`(activation: Activation) {
    let inputs = [
      randomTensor([5, 3], seed: 1), randomTensor([7, 3], seed: 2), randomTensor([7], seed: 3),
      randomTensor([2, 7], seed: 4), randomTensor([2], seed: 5),
    ]
    expectGradientsMatchFiniteDifferences(at: inputs) {
      FeedForward(
        first: Linear(weight: $0[1], bias: $0[2]), second: Linear(weight: $0[3], bias: $0[4]), activation: activation)(
          $0[0])
    }
    let mlp = FeedForward(first: linear(3, 7, 1), second: linear(7, 2, 2), activation: activation)
    #expect(mlp.parameters().map(\.path) == ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"])
  }

  @Test(arguments: Activation.allCases, [[1, 1], [3, 65], [5, 130], [70, 1536]])
  func `an activation of rows plus a bias equals that of their sum, gradients included`(
    activation: Activation, shape: [Int]
  ) {
    let (x, bias) = (randomTensor(shape, seed: 1, from: -5, to: 5), randomTensor([shape[1]], seed: 2))
    let weights = randomTensor(shape, seed: 3)
    func valueAndGradients(_ tracked: [Bool], _ f: (Tensor, Tensor) -> Tensor) -> [Tensor] {
      let inputs = zip([x, bias], tracked).map { $1 ? $0.tracked() : $0 }
      let value = f(inputs[0], inputs[1])
      guard value.isTracked else { return [value] }
      return [value.detached()] + (value * weights).sum().gradients(at: inputs.filter(\.isTracked))
    }
    for tracked in [[false, false], [true, false], [false, true], [true, true]] {
      let fast = valueAndGradients(tracked) { activation($0, bias: $1) }
      let naive = valueAndGradients(tracked) { activation($0 + $1) }
      #expect(fast.count == naive.count && fast[0].isIdentical(to: naive[0]))
      for (a, b) in zip(fast, naive) { expectClose(a, b, relative: 1e-5, absolute: 1e-5) }
      let plain = valueAndGradients(tracked) { rows, _ in activation(rows, bias: nil) }
      if tracked[1] == false {
        for (a, b) in zip(plain, valueAndGradients(tracked) { rows, _ in activation(rows) }) { expectClose(a, b) }
      }
    }
  }

  @Test func `activations have the values of their formulas, and the names of configuration files`() throws {
    let points: [Float] = [-8, -3, -1, -0.3, -0.01, 0, 0.01, 0.3, 1, 3, 8]
    func expectValues(_ name: String, _ formula: (Double) -> Double) throws {
      let activation = try JSONDecoder().decode([Activation].self, from: Data("[\"\(name)\"]".utf8))[0]
      let expected = points.map { Float(formula(Double($0))) }
      expectClose(
        activation(Tensor(points, shape: [11])), Tensor(expected, shape: [11]), relative: 1e-5, absolute: 1e-6)
    }
    try expectValues("gelu") { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
    try expectValues("gelu_pytorch_tanh") {
      0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
    }
    try expectValues("quick_gelu") { $0 / (1 + exp(-1.702 * $0)) }
    try expectValues("silu") { $0 / (1 + exp(-$0)) }
    try expectValues("relu") { max($0, 0) }
  }
}
