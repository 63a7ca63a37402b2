import Tensor
import TestSupport
import Testing

@Suite struct ArithmeticTests {
  struct Operation: CustomTestStringConvertible {
    let testDescription: String
    let fast: @Sendable (Tensor, Tensor) -> Tensor
    let naive: @Sendable (Float, Float) -> Float
  }

  static let operations = [
    Operation(testDescription: "+", fast: { $0 + $1 }, naive: { $0 + $1 }),
    Operation(testDescription: "-", fast: { $0 - $1 }, naive: { $0 - $1 }),
    Operation(testDescription: "*", fast: { $0 * $1 }, naive: { $0 * $1 }),
    Operation(testDescription: "/", fast: { $0 / $1 }, naive: { $0 / $1 }),
    Operation(testDescription: "maximum", fast: { $0.maximum($1) }, naive: { $0 > $1 ? $0 : $1 }),
    Operation(testDescription: "minimum", fast: { $0.minimum($1) }, naive: { $0 < $1 ? $0 : $1 }),
  ]

  @Test(arguments: operations)
  func `arithmetic broadcasts as the naive loop does`(operation: Operation) {
    for (a, b) in broadcastPairs {
      let (x, y) = (randomTensor(a, seed: 1), randomTensor(b, seed: 2, from: 0.5, to: 1.5))
      expectClose(operation.fast(x, y), Naive.elementwise(x, y, operation.naive), relative: 0, absolute: 1e-30)
    }
  }

  @Test(arguments: operations)
  func `arithmetic on equal odd shapes is that of the naive loop`(operation: Operation) {
    for shape in oddShapes {
      let (x, y) = (randomTensor(shape, seed: 1), randomTensor(shape, seed: 2, from: 0.5, to: 1.5))
      let expected = Tensor(zip(x.scalars, y.scalars).map(operation.naive), shape: shape)
      #expect(operation.fast(x, y).isIdentical(to: expected), "\(shape)")
    }
  }

  @Test(arguments: operations)
  func `gradients of arithmetic match differences under every kind of broadcasting`(operation: Operation) {
    for (a, b) in broadcastPairs {
      // Ranges that overlap nowhere near, so that maximum and minimum have no kink within a step.
      var (x, y) = (randomTensor(a, seed: 3, from: 0.5, to: 0.9), randomTensor(b, seed: 4, from: 1, to: 2))
      expectGradientsMatchFiniteDifferences(at: [x, y]) { operation.fast($0[0], $0[1]) }
      swap(&x, &y)
      expectGradientsMatchFiniteDifferences(at: [x, y]) { operation.fast($0[0], $0[1]) }
    }
  }

  @Test
  func `numbers stand on either side of an operator`() {
    let x = Tensor([1, 2, 4], shape: [3])
    #expect((x + 1).scalars == [2, 3, 5])
    #expect((1 + x).scalars == [2, 3, 5])
    #expect((x - 1).scalars == [0, 1, 3])
    #expect((1 - x).scalars == [0, -1, -3])
    #expect((x * 2).scalars == [2, 4, 8])
    #expect((2 * x).scalars == [2, 4, 8])
    #expect((x / 2).scalars == [0.5, 1, 2])
    #expect((2 / x).scalars == [2, 1, 0.5])
    expectGradientsMatchFiniteDifferences(at: [x]) { 3 / ((2 - $0[0]) * 3 + 11) - $0[0] / 7 }
  }

  @Test
  func `division by a number rounds once: a product with its reciprocal would round twice and overflow`() {
    let tiny: Float = 0x1p-140
    let x = Tensor([5, tiny], shape: [2])
    #expect((x / 49).scalars == [5 / 49, tiny / 49])
    #expect((x / tiny).scalars[1] == 1)
  }

  @Test
  func `of equal elements the first operand of maximum and minimum gets the gradient`() {
    let (a, b) = (Tensor([1, 1], shape: [2]).tracked(), Tensor([1, 2], shape: [2]).tracked())
    #expect(a.maximum(b).sum().gradients(at: [a, b]).map { $0.scalars } == [[1, 0], [0, 1]])
    #expect(a.minimum(b).sum().gradients(at: [a, b]).map { $0.scalars } == [[1, 1], [0, 0]])
  }

  @Test
  func `maximum and minimum do not hide NaN on either side`() {
    let (a, b) = (Tensor([.nan, 1], shape: [2]), Tensor([1, .nan], shape: [2]))
    for x in a.maximum(b).scalars + a.minimum(b).scalars { #expect(x.isNaN) }
  }

  @Test
  func `broadcasting repeats elements bit by bit and sums its gradient`() {
    let x = Tensor([0, -0.0, .infinity], shape: [3, 1])
    let y = x.broadcast(to: [2, 3, 2])
    #expect(
      y.isIdentical(
        to: Tensor([0, 0, -0.0, -0.0, .infinity, .infinity, 0, 0, -0.0, -0.0, .infinity, .infinity], shape: [2, 3, 2])))
    expectGradientsMatchFiniteDifferences(at: [randomTensor([3, 1], seed: 1)]) { $0[0].broadcast(to: [2, 3, 2]) }
    #expect(x.broadcast(to: [3, 1]).isIdentical(to: x))
  }

  @Test
  func `squares through the same tensor twice add up: d(x·x)/dx = 2x`() {
    let x = Tensor([1, 2, 3], shape: [3]).tracked()
    #expect((x * x).sum().gradients(at: [x])[0].scalars == [2, 4, 6])
    #expect((x / x).sum().gradients(at: [x])[0].scalars == [0, 0, 0])
    #expect((x - x + x).sum().gradients(at: [x])[0].scalars == [1, 1, 1])
  }
}
