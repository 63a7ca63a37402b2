import Tensor
import TestSupport
import Testing

@Suite struct CheckpointingTests {
  private func layer(_ values: [Tensor]) -> Tensor {
    let hidden = values[0].matmul(values[1], transposeB: true).gelu()
    return (hidden * hidden).matmul(values[2], transposeB: true) + values[0]
  }

  @Test func `gradients have the bits of those with everything kept`() {
    let inputs = [
      randomTensor([5, 8], seed: 1), randomTensor([12, 8], seed: 2), randomTensor([8, 12], seed: 3),
    ].map { $0.tracked() }
    let factor = randomTensor([5, 8], seed: 4)
    let kept = layer(layer(inputs).asFirst(of: inputs))
    let again = Tensor.checkpointed(Tensor.checkpointed(inputs, layer).asFirst(of: inputs), layer)
    #expect(again.isIdentical(to: kept))
    let (found, right) = ((again * factor).sum().gradients(at: inputs), (kept * factor).sum().gradients(at: inputs))
    for (a, b) in zip(found, right) { expectClose(a, b, relative: 1e-6, absolute: 1e-6) }
  }

  @Test func `an input that is not tracked gets no gradient, and a result of constants alone is one`() {
    let (x, w, v) = (randomTensor([5, 8], seed: 1), randomTensor([12, 8], seed: 2), randomTensor([8, 12], seed: 3))
    #expect(!Tensor.checkpointed([x, w, v], layer).isTracked)
    let tracked = w.tracked()
    let found = Tensor.checkpointed([x, tracked, v], layer).sum().gradients(at: [tracked])[0]
    #expect(found.isIdentical(to: layer([x, tracked, v]).sum().gradients(at: [tracked])[0]))
  }

  @Test func `a result that does not depend on a tracked input has a gradient of zeros there`() {
    let x = Tensor([1, 2], shape: [2]).tracked()
    let y = Tensor.checkpointed([x]) { _ in Tensor([3, 4], shape: [2]) }
    #expect(y.sum().gradients(at: [x])[0].scalars == [0, 0])
  }
}

extension Tensor {
  fileprivate func asFirst(of inputs: [Tensor]) -> [Tensor] { [self] + inputs.dropFirst() }
}
