import Tensor
import TestSupport
import Testing

@Suite struct MatrixProductsTests {
  private func naive(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1])
    return Tensor(naiveMatrixProduct(a.scalars, b.scalars, rows: m, columns: n, inner: k), shape: [m, n])
  }

  @Test(
    arguments: [
      (1, 1, 1), (1, 7, 5), (5, 1, 3), (3, 4, 1), (17, 33, 9), (0, 3, 2), (3, 0, 2), (3, 2, 0), (64, 64, 64),
      (257, 130, 65), (130, 257, 65), (1, 300, 513), (300, 300, 40), (512, 30, 300), (30, 777, 300),
    ])
  func `products of all transposes are those of three loops`(rows: Int, columns: Int, inner: Int) {
    let a = randomTensor([rows, inner], seed: 19)
    let b = randomTensor([inner, columns], seed: 20)
    let expected = naive(a, b)
    let allowed = 1e-6 * Float(max(inner, 1)).squareRoot() + 1e-6
    expectClose(a.matmul(b), expected, relative: 1e-5, absolute: allowed)
    expectClose(a.transposed().matmul(b, transposeA: true), expected, relative: 1e-5, absolute: allowed)
    expectClose(a.matmul(b.transposed(), transposeB: true), expected, relative: 1e-5, absolute: allowed)
    expectClose(
      a.transposed().matmul(b.transposed(), transposeA: true, transposeB: true), expected, relative: 1e-5,
      absolute: allowed)
  }

  @Test
  func `a batch is its members, and an operand without batch axes serves them all`() {
    for batch in [[1], [3], [2, 3], [0]] {
      let a = randomTensor(batch + [4, 5], seed: 21)
      let b = randomTensor(batch + [5, 6], seed: 22)
      let (a2, b2) = (randomTensor([4, 5], seed: 23), randomTensor([5, 6], seed: 24))
      let members = batch.reduce(1, *)
      func expected(_ a: (Int) -> Tensor, _ b: (Int) -> Tensor) -> Tensor {
        Tensor((0..<members).flatMap { naive(a($0), b($0)).scalars }, shape: batch + [4, 6])
      }
      let (memberA, memberB) = (a.reshaped([members, 20]), b.reshaped([members, 30]))
      let oneA = { (i: Int) in memberA.rows(i..<(i + 1)).reshaped([4, 5]) }
      let oneB = { (i: Int) in memberB.rows(i..<(i + 1)).reshaped([5, 6]) }
      expectClose(a.matmul(b), expected(oneA, oneB))
      expectClose(a.matmul(b2), expected(oneA) { _ in b2 })
      expectClose(a2.matmul(b), expected({ _ in a2 }, oneB))
      expectClose(a.matmul(b2.transposed(), transposeB: true), expected(oneA) { _ in b2 })
      expectClose(a.transposed().matmul(b2, transposeA: true), expected(oneA) { _ in b2 })
      expectClose(
        a2.transposed().matmul(b.transposed(), transposeA: true, transposeB: true), expected({ _ in a2 }, oneB))
    }
  }

  @Test
  func `a large batch is spread over the pool and stays that of three loops`() {
    let (a, b) = (randomTensor([5, 33, 40], seed: 25), randomTensor([5, 40, 37], seed: 26))
    let product = a.matmul(b)
    for i in 0..<5 {
      expectClose(
        product.rows(i..<(i + 1)).reshaped([33, 37]),
        naive(a.rows(i..<(i + 1)).reshaped([33, 40]), b.rows(i..<(i + 1)).reshaped([40, 37])), absolute: 1e-5)
    }
  }

  @Test
  func `an empty sum is zero, with and without batch axes`() {
    #expect(Tensor.zeros([2, 0]).matmul(.zeros([0, 3])).isIdentical(to: .zeros([2, 3])))
    #expect(Tensor.zeros([4, 2, 0]).matmul(.zeros([0, 3])).isIdentical(to: .zeros([4, 2, 3])))
    #expect(Tensor.zeros([4, 2, 0]).matmul(.zeros([4, 0, 3])).isIdentical(to: .zeros([4, 2, 3])))
  }

  @Test(
    arguments: [false, true], [false, true])
  func `gradients match differences for all transposes, with and without batches`(transposeA: Bool, transposeB: Bool) {
    let (a, b) = (transposeA ? [5, 3] : [3, 5], transposeB ? [4, 5] : [5, 4])
    for (batchA, batchB) in [([], []), ([2], [2]), ([2], []), ([], [2]), ([2, 3], [2, 3]), ([2, 3], []), ([0], [])]
      as [([Int], [Int])]
    {
      let inputs = [randomTensor(batchA + a, seed: 27), randomTensor(batchB + b, seed: 28)]
      expectGradientsMatchFiniteDifferences(at: inputs) {
        $0[0].matmul($0[1], transposeA: transposeA, transposeB: transposeB)
      }
      expectGradientsMatchFiniteDifferences(at: [inputs[0]]) {
        $0[0].matmul(inputs[1], transposeA: transposeA, transposeB: transposeB)
      }
      expectGradientsMatchFiniteDifferences(at: [inputs[1]]) {
        inputs[0].matmul($0[0], transposeA: transposeA, transposeB: transposeB)
      }
    }
  }

  @Test
  func `a matrix times itself gets the gradients of both places`() {
    expectGradientsMatchFiniteDifferences(at: [randomTensor([3, 3], seed: 29)]) { $0[0].matmul($0[0]) }
    expectGradientsMatchFiniteDifferences(at: [randomTensor([4, 3], seed: 30)]) {
      $0[0].matmul($0[0], transposeB: true)
    }
  }
}
