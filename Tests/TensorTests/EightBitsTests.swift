import Tensor
import TestSupport
import Testing

@Suite("Matrices in 8 bits", .serialized, .everyInstructionSet)
struct EightBitsTests {
  @Test
  func `an element is a whole number of a 127th of the largest magnitude among its 64`() {
    var row = [Float](repeating: 0, count: 128)
    (row[0], row[1], row[2], row[63]) = (127, 63.4, -0.6, -126.5)
    row[64] = 0.5
    let kept = Tensor(row, shape: [1, 128]).inInt8()
    #expect(kept[0, 0] == 127 && kept[0, 1] == 63 && kept[0, 2] == -1 && kept[0, 63] == -126)
    #expect(abs(kept[0, 64] - 0.5) < 1e-7 && kept[0, 65] == 0)
    #expect(kept.inInt8().isIdentical(to: kept))
    let zeros = Tensor.zeros([2, 64]).inInt8()
    #expect(zeros.isIdentical(to: .zeros([2, 64])))
  }

  @Test
  func `no element moves by more than half a step`() {
    let weights = randomTensor([65, 192], seed: 1)
    let kept = weights.inInt8().scalars
    for (block, exact) in stride(from: 0, to: weights.count, by: 64).map({ ($0, weights.scalars[$0..<($0 + 64)]) }) {
      let step = (exact.map(abs).max() ?? 0) / 127
      for (found, right) in zip(kept[block..<(block + 64)], exact) { #expect(abs(found - right) <= step * 0.5001) }
    }
  }

  @Test(
    arguments: [(1, 130, 192), (2, 65, 64), (3, 64, 128), (4, 129, 192), (5, 50, 2048), (9, 49, 64), (300, 96, 576)])
  func `products with few and with many rows, either way round, are those with the rounded matrix in Float32`(
    rows: Int, columns: Int, inner: Int
  ) {
    let x = randomTensor([rows, inner], seed: 2)
    let kept = randomTensor([columns, inner], seed: 3).inInt8()
    let whole = Tensor(kept.scalars, shape: kept.shape)
    // Few rows may be rounded to 16 bits.
    let allowed = (rows <= 4 ? 1e-4 : 2e-6) * Float(inner).squareRoot()
    let product = x.matmul(kept, transposeB: true)
    expectClose(product, x.matmul(whole, transposeB: true), relative: 1e-5, absolute: allowed)
    // And nothing in between was lost: the mean error is far smaller.
    let error = (product - x.matmul(whole, transposeB: true)).squared().mean().squareRoot().scalar
    #expect(error < 3e-5 * Float(inner).squareRoot())
    let back = randomTensor([rows, columns], seed: 4)
    expectClose(back.matmul(kept), back.matmul(whole), relative: 1e-5, absolute: allowed)
    let tracked = x.tracked()
    let found = (tracked.matmul(kept, transposeB: true) * back).sum().gradients(at: [tracked])[0]
    expectClose(found, back.matmul(whole), relative: 1e-5, absolute: allowed)
  }

  @Test
  func `rows are read by themselves, and a reshaped matrix of other rows is multiplied as what it is`() {
    let kept = randomTensor([9, 128], seed: 5).inInt8()
    let whole = Tensor(kept.scalars, shape: kept.shape)
    #expect(kept.gathered([8, 0, 3]).isIdentical(to: whole.gathered([8, 0, 3])))
    #expect(kept.rows(2..<7).isIdentical(to: whole.rows(2..<7)))
    let x = randomTensor([3, 96], seed: 6)
    let product = x.matmul(kept.reshaped([12, 96]), transposeB: true)
    expectClose(product, x.matmul(whole.reshaped([12, 96]), transposeB: true), relative: 1e-5, absolute: 1e-5)
  }

  @Test(arguments: [1, 3, 4, 5, 70])
  func `a weight that is not finite makes its 64 NaN, and the outputs of its row`(rows: Int) {
    for bad in [Float.nan, .infinity, -.infinity] {
      var scalars = randomTensor([50, 192], seed: 8).scalars
      scalars[7 * 192 + 70] = bad
      let kept = Tensor(scalars, shape: [50, 192]).inInt8()
      let nan = kept.scalars.indices.filter { kept.scalars[$0].isNaN }
      #expect(nan == Array((7 * 192 + 64)..<(7 * 192 + 128)))
      let x = randomTensor([rows, 192], seed: 9)
      let product = x.matmul(kept, transposeB: true).scalars
      #expect(product.indices.filter { !product[$0].isFinite } == (0..<rows).map { $0 * 50 + 7 })
      #expect(product.indices.allSatisfy { product[$0].isNaN == ($0 % 50 == 7) })
      // The rows of a product the other way round meet that row of weights in 64 of their outputs.
      let back = randomTensor([rows, 50], seed: 10).matmul(kept).scalars
      #expect(back.indices.allSatisfy { back[$0].isNaN == (64..<128).contains($0 % 192) })
    }
  }

  @Test(arguments: [1, 3, 4, 5, 70])
  func `a row that is not finite has NaN for outputs, and the others have not`(rows: Int) {
    let kept = randomTensor([50, 192], seed: 11).inInt8()
    for bad in [Float.nan, .infinity, -.infinity] {
      var scalars = randomTensor([rows, 192], seed: 12).scalars
      scalars[(rows - 1) * 192 + 130] = bad
      let product = Tensor(scalars, shape: [rows, 192]).matmul(kept, transposeB: true).scalars
      // In Float32 an infinite input gives infinities; rounded with its 64 neighbours it may give NaN.
      #expect(product.indices.allSatisfy { product[$0].isFinite == ($0 < (rows - 1) * 50) })
      if bad.isNaN { #expect(product[((rows - 1) * 50)...].allSatisfy { $0.isNaN }) }
    }
  }

  @Test
  func `a matrix whose rows are not of whole blocks stays as it is`() {
    let weights = randomTensor([4, 65], seed: 7)
    #expect(weights.inInt8().isIdentical(to: weights))
    let half = weights.inBFloat16()
    #expect(half.inInt8().isIdentical(to: half))
  }
}
