import Tensor
import TestSupport
import Testing

@Suite struct GradientsTests {
  @Test
  func `only what depends on something tracked is tracked`() {
    let (x, frozen) = (Tensor([1, 2], shape: [2]).tracked(), Tensor([3, 4], shape: [2]))
    #expect(x.isTracked)
    #expect(!frozen.isTracked)
    #expect(!(frozen * frozen).exp().sum().isTracked)
    #expect((x * frozen).isTracked)
    #expect((frozen + x).sum().isTracked)
    #expect(!(x * frozen).detached().isTracked)
    #expect(!Tensor.concatenated([frozen, frozen]).isTracked)
    #expect(Tensor.concatenated([frozen, x]).isTracked)
  }

  @Test
  func `a variable is a place: tracking twice makes two, and detaching cuts`() {
    let x = Tensor([2], shape: [1]).tracked()
    let again = x.tracked()
    let y = (x * again * x.detached()).sum()
    #expect(y.gradients(at: [x, again]).map { $0.scalars } == [[4], [4]])
  }

  @Test
  func `a variable that leads nowhere has zeros, in its own shape`() {
    let (x, y) = (Tensor.ones([2, 3]).tracked(), Tensor.ones([4]).tracked())
    #expect(y.sum().gradients(at: [x, y]).map { $0.shape } == [[2, 3], [4]])
    #expect(y.sum().gradients(at: [x])[0].scalars == [Float](repeating: 0, count: 6))
    #expect(Tensor(3).gradients(at: [y])[0].scalars == [0, 0, 0, 0])
  }

  @Test
  func `gradients can be asked for in the middle of a computation and at its end`() {
    let x = Tensor([1, 2], shape: [2]).tracked()
    let y = x * 3
    let z = (y * y).sum()
    #expect(z.gradients(at: [y, x, z]).map { $0.scalars } == [[6, 12], [18, 36], [1]])
  }

  @Test
  func `asking twice gives the same: nothing is stored`() {
    let x = randomTensor([5], seed: 31).tracked()
    let y = (x.exp() * x).sum()
    #expect(y.gradients(at: [x])[0].isIdentical(to: y.gradients(at: [x])[0]))
    #expect(y.gradients(at: [x, x])[1].isIdentical(to: y.gradients(at: [x])[0]))
  }

  @Test
  func `a graph of diamonds is walked once for each operation, not once for each path`() {
    let x = Tensor(1).tracked()
    var y = x
    for _ in 0..<60 { y = (y + y) * 0.5 }  // 2^60 paths
    #expect(y.gradients(at: [x])[0].scalar == 1)
  }

  @Test
  func `the gradient of one use is not changed by adding another to it`() {
    let (a, b) = (Tensor.ones([3]).tracked(), Tensor.ones([3]).tracked())
    // The gradient of a + b is one tensor for both operands; that of a is then added to.
    let y = (a + b + a * 2).sum()
    #expect(y.gradients(at: [a, b]).map { $0.scalars } == [[3, 3, 3], [1, 1, 1]])
  }

  @Test
  func `an operation of one's own goes back by its own rule`() {
    let x = Tensor([1, 2], shape: [2]).tracked()
    let frozen = Tensor([5, 5], shape: [2])
    let y = Tensor.operation(value: x.detached() * 2 + frozen, inputs: [x, frozen]) { [$0 * 10, nil] }
    #expect(y.sum().gradients(at: [x])[0].scalars == [10, 10])
    #expect(!Tensor.operation(value: x, inputs: [frozen]) { [$0] }.isTracked)
  }

  @Test
  func `adding in place is not recorded and does not touch a copy`() {
    var x = randomTensor([65_600], seed: 32)
    let (before, y) = (x, randomTensor([65_600], seed: 33))
    x.add(y, scaledBy: 2)
    expectClose(x, before + y * 2)
    #expect(before.isIdentical(to: randomTensor([65_600], seed: 32)))
    var z = before.tracked()
    z.add(y)
    #expect(!z.isTracked)
  }

  @Test
  func `lists of tensors are added in their order, those of few rows too`() {
    let table = Tensor.ones([9, 1]).tracked()
    func rows(_ places: [Int]) -> Tensor { table.gathered(places).sum().gradients(at: [table])[0] }
    // Beside 2^24 a single 1 is rounded away, two at once are not: the order shows.
    let large: Float = 16_777_216
    var sums = [Tensor([large, 1], shape: [2]), rows([0, 8]), randomTensor([9_000], seed: 34)]
    let before = sums
    let lists = [
      [Tensor([1, 1], shape: [2]), rows([8, 8]), randomTensor([9_000], seed: 35)],
      [Tensor([1, large], shape: [2]), rows([3]), randomTensor([9_000], seed: 36)],
    ]
    Tensor.add(lists, to: &sums)
    #expect(sums[0].scalars == [large, large + 2])
    #expect(sums[1].scalars == [1, 0, 0, 1, 0, 0, 0, 0, 3])
    #expect(sums[2].isIdentical(to: before[2] + lists[0][2] + lists[1][2]))
    #expect(before[0].scalars == [large, 1], "a copy stays as it is")
    #expect(lists[0][0].scalars == [1, 1])
  }

  @Test
  func `a hundred thousand operations in a row neither overflow the stack going back nor when they are released`() async
  {
    await #expect(processExitsWith: .success) {
      let x = Tensor(1).tracked()
      for join in [{ $0 + 1 }, { $0 * x }, { x.matmulLike($0) }] as [(Tensor) -> Tensor] {
        var y = x
        for _ in 0..<100_000 { y = join(y) }
        precondition(y.gradients(at: [x])[0].scalar.isFinite)
      }
    }
  }

  @Test
  func `a long history that two hold is released by the last of them`() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor(1).tracked()
      var y = x
      for _ in 0..<100_000 { y = y + 0 }
      var branches = [y * 2, y * 3]
      branches.removeLast()
      precondition(branches[0].gradients(at: [x])[0].scalar == 2)
      branches = []
      precondition(y.gradients(at: [x])[0].scalar == 1)
    }
  }
}

extension Tensor {
  /// A product whose gradient rule holds both operands.
  fileprivate func matmulLike(_ other: Tensor) -> Tensor {
    reshaped([1, 1]).matmul(other.reshaped([1, 1])).reshaped([])
  }
}
