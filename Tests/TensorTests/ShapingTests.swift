import Tensor
import TestSupport
import Testing

@Suite struct ShapingTests {
  @Test
  func `reshaping keeps the elements in order and computes an open extent`() {
    let x = Tensor((0..<12).map(Float.init), shape: [3, 4])
    #expect(x.reshaped([2, -1]).shape == [2, 6])
    #expect(x.reshaped([12]).scalars == x.scalars)
    #expect(Tensor.zeros([0, 3]).reshaped([-1, 3]).shape == [0, 3])
    #expect(Tensor(5).reshaped([1, 1, 1]).shape == [1, 1, 1])
    for shape in smallShapes {
      expectGradientsMatchFiniteDifferences(at: [randomTensor(shape, seed: 12)]) {
        $0[0].reshaped([$0[0].count]).squared()
      }
    }
  }

  @Test
  func `permuting is that of the naive loop for every order of up to four axes`() {
    for shape in [[], [5], [3, 7], [2, 0, 3], [2, 3, 5], [2, 1, 3, 4]] {
      let x = randomTensor(shape, seed: 13)
      for order in orders(of: shape.count) {
        #expect(x.permuted(order).isIdentical(to: Naive.permute(x, order)), "\(shape) \(order)")
        #expect(Naive.permute(x.permuted(order), inverse(order)).isIdentical(to: x))
      }
    }
    expectGradientsMatchFiniteDifferences(at: [randomTensor([2, 3, 4], seed: 14)]) {
      $0[0].permuted([2, 0, 1]).squared()
    }
    expectGradientsMatchFiniteDifferences(at: [randomTensor([2, 3, 4], seed: 15)]) { $0[0].transposed().squared() }
    #expect(Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]).transposed().scalars == [1, 4, 2, 5, 3, 6])
  }

  @Test(arguments: [[0], [1], [3], [5, 7], [4, 0], [3, 2, 5]])
  func `rows, concatenation and gathering move whole rows`(shape: [Int]) {
    let x = randomTensor(shape, seed: 16)
    let n = shape[0]
    let width = shape.dropFirst().reduce(1, *)
    func naive(_ indices: [Int]) -> Tensor {
      Tensor(
        indices.flatMap { x.scalars[($0 * width)..<(($0 + 1) * width)] }, shape: [indices.count] + shape.dropFirst())
    }
    for range in [0..<0, 0..<n, n..<n, 0..<(n / 2), (n / 2)..<n] {
      #expect(x.rows(range).isIdentical(to: naive(Array(range))))
      expectGradientsMatchFiniteDifferences(at: [x]) { $0[0].rows(range).squared() }
    }
    let indices = n == 0 ? [] : [n - 1, 0, 0, n / 2, n - 1]
    #expect(x.gathered(indices).isIdentical(to: naive(indices)))
    expectGradientsMatchFiniteDifferences(at: [x]) { $0[0].gathered(indices).squared() }
    #expect(Tensor.concatenated([x, x.rows(0..<0), x]).isIdentical(to: naive(Array(0..<n) + Array(0..<n))))
    expectGradientsMatchFiniteDifferences(at: [x, x.squared()]) {
      Tensor.concatenated([$0[0], $0[1], $0[0]]).squared()
    }
  }

  @Test
  func `replaced rows take the gradient of the replacement, the others keep theirs`() {
    let x = randomTensor([5, 3], seed: 17)
    let y = randomTensor([2, 3], seed: 18)
    let z = x.replacingRows(at: [4, 1], with: y)
    for (row, source) in [(0, x.rows(0..<1)), (1, y.rows(1..<2)), (2, x.rows(2..<3)), (4, y.rows(0..<1))] {
      #expect(z.rows(row..<(row + 1)).isIdentical(to: source))
    }
    expectGradientsMatchFiniteDifferences(at: [x, y]) { $0[0].replacingRows(at: [4, 1], with: $0[1]).squared() }
    expectGradientsMatchFiniteDifferences(at: [y]) { x.replacingRows(at: [4, 1], with: $0[0]).squared() }
    #expect(x.replacingRows(at: [], with: .zeros([0, 3])).isIdentical(to: x))
  }

  @Test
  func `a row gathered many times gets the sum of its gradients`() {
    let x = Tensor([1, 2], shape: [2, 1]).tracked()
    let weights = Tensor([1, 10, 100], shape: [3, 1])
    #expect((x.gathered([0, 1, 0]) * weights).sum().gradients(at: [x])[0].scalars == [101, 10])
  }

  @Test
  func `a gradient of few rows of a table reads like any other`() {
    let table = randomTensor([9, 3], seed: 1).tracked()
    let weights = randomTensor([4, 3], seed: 2)
    func gradient() -> Tensor { (table.gathered([7, 2, 7, 0]) * weights).sum().gradients(at: [table])[0] }
    let expected = Tensor(shape: [9, 3]) { out in
      for i in out.indices { out[i] = 0 }
      for (i, row) in [7, 2, 7, 0].enumerated() { for j in 0..<3 { out[row * 3 + j] += weights[i, j] } }
    }
    #expect(gradient().isIdentical(to: expected))
    #expect(gradient().withRows { numbers, _, _ in numbers } == [0, 2, 7])
    // As a sum, a factor, and where it is written.
    #expect((gradient() + gradient()).isIdentical(to: expected + expected))
    expectClose(gradient().matmul(gradient(), transposeB: true), expected.matmul(expected, transposeB: true))
    expectClose(weights.matmul(gradient(), transposeB: true), weights.matmul(expected, transposeB: true))
    #expect(gradient().rows(1..<8).isIdentical(to: expected.rows(1..<8)))
    var sum = gradient()
    sum.add(gradient())
    #expect(sum.isIdentical(to: expected + expected))
    let twice = (table.gathered([7, 2, 7, 0]) * weights).sum() + (table.gathered([1]) * weights.rows(0..<1)).sum()
    let both = twice.gradients(at: [table])[0]
    #expect(
      both.rows(0..<1).isIdentical(to: expected.rows(0..<1)) && both.rows(1..<2).isIdentical(to: weights.rows(0..<1)))
  }

  private func orders(of count: Int) -> [[Int]] {
    count == 0
      ? [[]]
      : orders(of: count - 1).flatMap { order in
        (0..<count).map { Array(order[..<$0]) + [count - 1] + Array(order[$0...]) }
      }
  }

  private func inverse(_ order: [Int]) -> [Int] {
    order.indices.sorted { order[$0] < order[$1] }
  }
}
