import Layers
import Tensor
import TestSupport
import Testing

@Suite struct ModuleTests {
  let x = randomTensor([4, 3], seed: 3)

  @Test func `gradients come with their paths, for trainable parameters alone`() {
    var model = TwoLayers(seed: 1)
    #expect(model.parameterCount() == 15 + 5 + 5 + 5 + 10)
    model.setTrainable { $0.hasSuffix("bias") }
    #expect(model.parameterCount(trainableOnly: true) == 10)
    let (value, gradients) = model.valueAndGradients { $0(x).squared().sum() }
    #expect(gradients.paths == ["first.bias", "norm.bias"])
    #expect(gradients["first.bias"]?.shape == [5] && gradients["first.weight"] == nil)
    expectClose(value, model(x).squared().sum())
    #expect(!value.isTracked && !model(x).isTracked)
    model.freeze()
    let none = model.valueAndGradients { $0(x).sum() }.gradients
    #expect(none.paths == [] && none.norm() == 0)
  }

  @Test func `gradients of a whole model match finite differences`() {
    let model = TwoLayers(seed: 1)
    expectGradientsMatchFiniteDifferences(at: [x] + model.parameters().map(\.parameter.value)) { inputs in
      var model = model
      model.first = Linear(weight: inputs[1], bias: inputs[2])
      (model.norm.weight.value, model.norm.bias.value) = (inputs[3], inputs[4])
      model.second = Linear(weight: inputs[5])
      return model(inputs[0])
    }
  }

  @Test func `gradients of parts add up, and their norm is over all of them`() {
    let model = TwoLayers(seed: 1)
    let whole = model.valueAndGradients { $0(x).squared().sum() }.gradients
    var sum = model.valueAndGradients { $0(x.rows(0..<1)).squared().sum() }.gradients
    sum.add([model.valueAndGradients { $0(x.rows(1..<4)).squared().sum() }.gradients])
    for (a, b) in zip(sum.tensors, whole.tensors) { expectClose(a, b, relative: 1e-4, absolute: 1e-5) }
    let plain = Gradients(paths: ["a", "b"], tensors: [Tensor([1, 2], shape: [2]), Tensor([2, 4], shape: [1, 2])])
    #expect(plain.norm() == 5)
  }

  @Test func `an error in the loss is the caller's`() {
    struct Stop: Error {}
    #expect(throws: Stop.self) { try TwoLayers(seed: 1).valueAndGradients { _ in throw Stop() } }
  }
}
