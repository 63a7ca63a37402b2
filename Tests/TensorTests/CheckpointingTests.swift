import Synchronization
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

/// Elements that are forgotten and computed again.
@Suite struct RecomputableTests {
  private final class Counter: Sendable {
    let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
  }

  /// x² by the operation under test, which counts how often it is computed.
  private func square(_ x: Tensor, _ counter: Counter) -> Tensor {
    let plain = x.detached()
    return .recomputable(shape: x.shape, inputs: [x]) { out in
      counter.count.withLock { $0 += 1 }
      plain.withScalars { for i in $0.indices { out[i] = $0[i] * $0[i] } }
    } backward: {
      [$0 * plain * 2]
    }
  }

  @Test func `forgotten elements are computed once more when they are read, and gradients keep their bits`() {
    let (x, w) = (randomTensor([6, 8], seed: 1).tracked(), randomTensor([4, 8], seed: 2).tracked())
    let counter = Counter()
    let y = square(x, counter)
    let product = y.matmul(w, transposeB: true)
    let before = y.scalars
    #expect(counter.value == 1)
    y.forgetElements()
    let found = product.sum().gradients(at: [x, w])
    #expect(counter.value == 2)
    let right = (x * x).matmul(w, transposeB: true).sum().gradients(at: [x, w])
    for (a, b) in zip(found, right) { expectClose(a, b, relative: 1e-6, absolute: 1e-6) }
    let kept = square(x, counter).matmul(w, transposeB: true).sum().gradients(at: [x, w])
    for (a, b) in zip(found, kept) { #expect(a.isIdentical(to: b)) }
    // The gradient forgets them too, and whoever reads them then gets them again.
    #expect(counter.value == 3 && y.scalars == before && counter.value == 4)
    #expect(y.rows(2..<4).scalars == Array(before[16..<32]) && counter.value == 4)
  }

  @Test func `what is written in a copy leaves elements that are computed again as they are`() {
    let x = Tensor([1, 2, 3], shape: [3]).tracked()
    let counter = Counter()
    let y = square(x, counter)
    var copy = y.detached()
    copy.mutateScalars { $0[0] = 7 }
    y.forgetElements()
    #expect(copy.scalars == [7, 4, 9] && y.scalars == [1, 4, 9])
  }

  @Test func `constants are computed at once and keep their elements`() {
    let counter = Counter()
    let y = square(Tensor([1, 2], shape: [2]), counter)
    y.forgetElements()
    #expect(!y.isTracked && y.scalars == [1, 4] && counter.value == 1)
  }
}

extension Tensor {
  fileprivate func asFirst(of inputs: [Tensor]) -> [Tensor] { [self] + inputs.dropFirst() }
}
