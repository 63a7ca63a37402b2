import Tensor
import Testing

/// Mistakes of the caller end the process at once, each in one of its own here.
@Suite struct TrapTests {
  @Test
  func `elements that do not fill the shape trap`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2], shape: [3]) }
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2, 3, 4, 5, 6], shape: [-2, -3]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([-1]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([1 << 40, 1 << 40]) }
  }

  @Test
  func `shapes that do not broadcast trap, and the message names both`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]) + Tensor.zeros([4])
    }
    #if DEBUG
      let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(message.contains("shapes [2, 3] and [4] do not broadcast"))
    #else
      _ = result
    #endif
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).broadcast(to: [3]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 2]).broadcast(to: [2]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([0]).maximum(.zeros([2])) }
  }

  @Test
  func `matrix products of extents that do not fit trap`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).matmul(.zeros([2, 3])) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([3]).matmul(.zeros([3, 2])) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3, 4]).matmul(.zeros([3, 4, 5])) }
  }

  @Test
  func `axes, rows and indices outside trap`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).sum(along: 1) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).sum(along: -2) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).rows(1..<3) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).gathered([2]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).gathered([-1]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2])[2] }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 2])[1] }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).replacingRows(at: [0, 0], with: .zeros([2])) }
  }

  @Test
  func `shapings that lose or invent elements trap`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).reshaped([5]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).reshaped([4, -1]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([0]).reshaped([-1, -1]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).permuted([0, 0]) }
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([Int](repeating: 1, count: 17)).permuted(Array(0..<17))
    }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([3]).transposed() }
    await #expect(processExitsWith: .failure) { _ = Tensor.concatenated([]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.concatenated([.zeros([2, 2]), .zeros([2, 3])]) }
  }

  @Test
  func `what is not one number, or is empty, traps where one number or a maximum is asked for`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).scalar }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([0]).mean() }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([0]).maximum(along: 0) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 0]).softmax() }
    await #expect(processExitsWith: .failure) { _ = Tensor(1).softmax() }
    await #expect(processExitsWith: .failure) {
      var generator = Tensor.Generator(seed: 1)
      _ = Tensor.uniform([1], from: 1, to: 1, using: &generator)
    }
  }

  @Test
  func `gradients of many numbers, at an untracked tensor, or by a rule that does not fit trap`() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor.zeros([2]).tracked()
      _ = x.gradients(at: [x])
    }
    await #expect(processExitsWith: .failure) { _ = Tensor(1).tracked().gradients(at: [Tensor(1)]) }
    await #expect(processExitsWith: .failure) {
      let x = Tensor.zeros([2]).tracked()
      _ = Tensor.operation(value: Tensor(1), inputs: [x, x]) { _ in [.zeros([2])] }.gradients(at: [x])
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor.zeros([2]).tracked()
      _ = Tensor.operation(value: Tensor(1), inputs: [x]) { _ in [.zeros([3])] }.gradients(at: [x])
    }
    await #expect(processExitsWith: .failure) {
      var x = Tensor.zeros([2])
      x.add(.zeros([3]))
    }
  }
}
