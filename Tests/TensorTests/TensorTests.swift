import Tensor
import TestSupport
import Testing

@Suite struct TensorTests {
  @Test
  func `a tensor is made from elements, a number, or a closure that writes`() {
    #expect(Tensor([1, 2, 3, 4], shape: [2, 2])[1, 0] == 3)
    #expect(Tensor(7).shape == [])
    #expect(Tensor(7).scalar == 7)
    #expect(Tensor(repeating: 2, shape: [2, 0]).scalars == [])
    #expect(Tensor.zeros([3]).scalars == [0, 0, 0])
    #expect(Tensor.ones([1, 2]).scalars == [1, 1])
    let ramp = Tensor(shape: [4]) { for i in $0.indices { $0[i] = Float(i) } }
    #expect(ramp.scalars == [0, 1, 2, 3])
    #expect((ramp.count, ramp.rank) == (4, 1))
  }

  @Test
  func `a subscript finds the element that row-major order puts there`() {
    let x = Tensor((0..<24).map(Float.init), shape: [2, 3, 4])
    for i in 0..<2 { for j in 0..<3 { for k in 0..<4 { #expect(x[i, j, k] == Float((i * 3 + j) * 4 + k)) } } }
    #expect(Tensor(3)[] == 3)
  }

  @Test
  func `writing one copy leaves the others as they were`() {
    let original = Tensor([1, 2, 3], shape: [3])
    var copy = original
    copy.mutateScalars { $0[0] = 10 }
    #expect(original.scalars == [1, 2, 3])
    #expect(copy.scalars == [10, 2, 3])
    var reshaped = original.reshaped([3, 1])
    reshaped.mutateScalars { $0[1] = 20 }
    #expect(original.scalars == [1, 2, 3])
    var detached = original.tracked().detached()
    detached.mutateScalars { $0[2] = 30 }
    #expect(original.scalars == [1, 2, 3])
  }

  @Test
  func `writing a tensor that nobody shares happens in place`() {
    var x = Tensor.zeros([1000])
    let before = x.withScalars { $0.baseAddress }
    x.mutateScalars { $0[0] = 1 }
    #expect(x.withScalars { $0.baseAddress } == before)
    let shared = x
    x.mutateScalars { $0[0] = 2 }
    #expect(x.withScalars { $0.baseAddress } != before)
    #expect(shared.scalars[0] == 1)
  }

  @Test
  func `writing a result cuts it from its history and leaves the history's values alone`() {
    let x = Tensor([1, 2], shape: [2]).tracked()
    let y = x.exp()
    var written = y
    written.mutateScalars { $0[0] = 0 }
    #expect(!written.isTracked)
    expectClose(y.sum().gradients(at: [x])[0], x.detached().exp())
  }

  @Test
  func `what a throwing writer has written stays, and the tensor stays whole`() {
    struct Stop: Error {}
    var x = Tensor([1, 2], shape: [2])
    #expect(throws: Stop.self) {
      try x.mutateScalars {
        $0[0] = 5
        throw Stop()
      }
    }
    #expect(x.scalars == [5, 2])
    #expect(throws: Stop.self) { try Tensor(shape: [2]) { _ in throw Stop() } }
  }

  @Test
  func `identity is of shapes and bits`() {
    let x = Tensor([0, .nan], shape: [2])
    #expect(x.isIdentical(to: Tensor([0, .nan], shape: [2])))
    #expect(!x.isIdentical(to: Tensor([-0.0, .nan], shape: [2])))
    #expect(!x.isIdentical(to: Tensor([0, .nan], shape: [1, 2])))
    #expect(Tensor.zeros([0]).isIdentical(to: .zeros([0])))
    #expect(!Tensor.zeros([0]).isIdentical(to: .zeros([0, 1])))
  }

  @Test
  func `a description shows the shape and the first elements`() {
    #expect(Tensor([1, 2], shape: [2]).description == "Tensor[2](1.0, 2.0)")
    #expect(Tensor.zeros([9]).description.hasSuffix("0.0, …)"))
  }
}
