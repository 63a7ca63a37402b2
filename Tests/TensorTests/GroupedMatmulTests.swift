import Tensor
import TestSupport
import Testing

@Suite("Products by matrices with thin products added, taken together", .serialized, .everyInstructionSet)
struct GroupedMatmulTests {
  /// Matrices [out, in] with as many additions as their number says, of ranks 1, 2, ...
  private func matrices(_ outputs: [Int], inputs: Int, additions: [Int]) -> [AdaptedMatrix] {
    outputs.indices.map { i in
      let seed = UInt64(100 * (i + 1))
      return AdaptedMatrix(
        randomTensor([outputs[i], inputs], seed: seed),
        additions: (0..<additions[i]).map { n in
          .init(
            a: randomTensor([n + 1 + i, inputs], seed: seed + 1 + UInt64(n)),
            b: randomTensor([outputs[i], n + 1 + i], seed: seed + 10 + UInt64(n)), scale: 0.5 + Float(n))
        })
    }
  }

  private func dense(_ matrix: AdaptedMatrix) -> Tensor {
    matrix.additions.reduce(matrix.weight + 0) { $0 + $1.b.matmul($1.a) * $1.scale }
  }

  @Test(
    arguments: [
      (1, 70, [5, 130], [1, 0]), (4, 64, [33], [2]), (5, 33, [16, 1, 64], [0, 1, 2]), (60, 96, [48, 49], [1, 1]),
      (300, 40, [20], [1]), (7, 3, [2], [1]),
    ])
  func `are those by the matrices added up, for few rows and many`(
    rows: Int, inputs: Int, outputs: [Int], additions: [Int]
  ) {
    let x = randomTensor([rows, inputs], seed: 1)
    let all = matrices(outputs, inputs: inputs, additions: additions)
    for (found, matrix) in zip(x.products(by: all), all) {
      expectClose(found, x.matmul(dense(matrix), transposeB: true), relative: 1e-5, absolute: 5e-5)
      #expect(!found.isTracked)
    }
  }

  @Test(
    arguments: [(3, 20), (9, 33), (70, 64)], [[true, true, true], [true, false, true], [false, true, false]])
  func `have the gradients of the naive twin, also where only some products are used`(
    _ sizes: (rows: Int, inputs: Int), _ isUsed: [Bool]
  ) {
    var all = matrices([24, 50, 17], inputs: sizes.inputs, additions: [1, 2, 0])
    let x = randomTensor([sizes.rows, sizes.inputs], seed: 2).tracked()
    // The first weight is frozen, as with adapters; one adapter's A is frozen; the last matrix trains whole.
    all[0].additions[0].a = all[0].additions[0].a.tracked()
    all[0].additions[0].b = all[0].additions[0].b.tracked()
    all[1].additions[1].b = all[1].additions[1].b.tracked()
    all[2].weight = all[2].weight.tracked()
    let variables = [x, all[0].additions[0].a, all[0].additions[0].b, all[1].additions[1].b, all[2].weight]
    func gradients(_ products: [Tensor]) -> [Tensor] {
      zip(products.indices, products).filter { isUsed[$0.0] }
        .map { ($1 * randomTensor($1.shape, seed: 3 + UInt64($0))).sum() }.reduce(Tensor(0), +)
        .gradients(at: variables)
    }
    for (found, right) in zip(gradients(x.products(by: all)), gradients(x.naiveProducts(by: all))) {
      expectClose(found, right, relative: 1e-5, absolute: 2e-4)
    }
  }

  @Test
  func `of a frozen matrix in bfloat16 round the rows once, and leave the thin products in Float32`() {
    let x = randomTensor([40, 64], seed: 4)
    let (a, b) = (randomTensor([4, 64], seed: 5).tracked(), randomTensor([96, 4], seed: 6).tracked())
    let weight = randomTensor([96, 64], seed: 7).inBFloat16()
    let thin = x.matmul(a, transposeB: true).matmul(b, transposeB: true)
    let found = x.products(by: [AdaptedMatrix(weight, additions: [.init(a: a, b: b, scale: 1)])])[0]
    expectClose(found, x.matmul(weight, transposeB: true) + thin, relative: 1e-5, absolute: 1e-4)
    for (left, right) in zip(found.sum().gradients(at: [a, b]), thin.sum().gradients(at: [a, b])) {
      expectClose(left, right, relative: 1e-5, absolute: 1e-3)
    }
  }

  @Test
  func `take what somebody else's operation asks of one of several results, twice as well as once`() {
    let x = randomTensor([6, 8], seed: 8).tracked()
    let all = matrices([5, 5], inputs: 8, additions: [0, 0])
    let products = x.products(by: all)
    let twice = (products[0] * products[0] + products[0] * products[1]).sum()
    let (first, second) = (
      x.matmul(all[0].weight, transposeB: true), x.matmul(all[1].weight, transposeB: true)
    )
    let expected = (first * first + first * second).sum()
    expectClose(twice.gradients(at: [x])[0], expected.gradients(at: [x])[0], relative: 1e-5, absolute: 1e-4)
    // The history can be walked again.
    #expect(twice.gradients(at: [x])[0].isIdentical(to: twice.gradients(at: [x])[0]))
  }
}
