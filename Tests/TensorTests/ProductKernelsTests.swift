import Foundation
import Tensor
import TestSupport
import Testing

@Suite("Products of sizes that the kernels cut in different ways", .serialized, .everyInstructionSet)
struct ProductKernelsTests {
  @Test(
    arguments: [
      (8, 48, 64), (9, 49, 65), (16, 17, 33), (7, 95, 16), (300, 20, 70), (520, 16, 40), (5, 50, 2049), (3, 70, 4100),
      (1, 130, 96), (2, 65, 31), (3, 64, 33), (4, 129, 160), (257, 97, 129),
    ])
  func `panels, rest columns, rest rows, long sums and few rows are those of three loops`(
    rows: Int, columns: Int, inner: Int
  ) {
    let a = randomTensor([rows, inner], seed: 71)
    let b = randomTensor([inner, columns], seed: 72)
    let expected = Tensor(
      naiveMatrixProduct(a.scalars, b.scalars, rows: rows, columns: columns, inner: inner), shape: [rows, columns])
    let allowed = 2e-6 * Float(inner).squareRoot()
    expectClose(a.matmul(b), expected, relative: 1e-5, absolute: allowed)
    expectClose(a.matmul(b.transposed(), transposeB: true), expected, relative: 1e-5, absolute: allowed)
    expectClose(a.transposed().matmul(b, transposeA: true), expected, relative: 1e-5, absolute: allowed)
  }

  @Test(
    arguments: [(8, 48, 64), (9, 49, 65), (5, 17, 33), (300, 20, 71), (6, 50, 2051), (65, 96, 576)])
  func `a matrix in bfloat16 meets inputs rounded to bfloat16, with sums in Float32, either way round`(
    rows: Int, columns: Int, inner: Int
  ) {
    let x = randomTensor([rows, inner], seed: 73)
    let weights = randomTensor([columns, inner], seed: 74)
    let kept = weights.inBFloat16()
    expectClose(kept, weights, relative: 0x1p-8, absolute: 0)
    let rounded = x.inBFloat16() + 0
    let expected = rounded.matmul(kept + 0, transposeB: true)
    // Where the CPU has no such products, the inputs are not rounded: then the result is nearer to the exact one.
    let exact = x.matmul(kept + 0, transposeB: true)
    let allowed = 2e-6 * Float(inner).squareRoot()
    let found = x.matmul(kept, transposeB: true)
    #expect(found.isClose(to: expected, absolute: allowed) || found.isClose(to: exact, absolute: allowed))
    let turned = x.matmul(weights.transposed().inBFloat16())
    #expect(turned.isClose(to: expected, absolute: allowed) || turned.isClose(to: exact, absolute: allowed))
  }

  @Test(
    arguments: [(1, 131, 70), (2, 64, 96), (3, 9, 33), (4, 131, 200), (1, 5, 1)])
  func `few rows meet a matrix in bfloat16 as many do, rounded to bfloat16`(rows: Int, columns: Int, inner: Int) {
    let x = randomTensor([rows, inner], seed: 75)
    let kept = randomTensor([columns, inner], seed: 76).inBFloat16()
    let (exact, rounded) = (
      x.matmul(kept + 0, transposeB: true), (x.inBFloat16() + 0).matmul(kept + 0, transposeB: true)
    )
    let found = x.matmul(kept, transposeB: true)
    #expect(found.isClose(to: rounded, absolute: 2e-5) || found.isClose(to: exact, absolute: 2e-5))
  }

  @Test(
    arguments: [(1, 64), (1, 576), (2, 70), (3, 128), (4, 33), (5, 64), (1, 1)])
  func `products by several matrices together have the bits of each alone, in whatever form these are kept`(
    rows: Int, inner: Int
  ) {
    let x = randomTensor([rows, inner], seed: 91)
    let plain = [131, 1, 640].map { randomTensor([$0, inner], seed: UInt64($0)) }
    let (rounded, whole) = (plain.map { $0.inBFloat16() }, plain.map { $0.inInt8() })
    for matrices in [plain, rounded, whole, [plain[0], rounded[1], whole[2]], [plain[0], plain[1].tracked()], []] {
      let found = x.products(by: matrices.map { AdaptedMatrix($0) })
      #expect(found.count == matrices.count)
      for (product, matrix) in zip(found, matrices) {
        // A product that is computed with a tracked one may be tracked too.
        #expect(product.isIdentical(to: x.matmul(matrix, transposeB: true)))
        #expect(product.isTracked || !matrix.isTracked)
      }
    }
  }

  @Test(
    arguments: [(9, 131, 70), (32, 64, 576), (6, 9, 33), (7, 640, 128), (5, 5, 7), (33, 130, 2112), (2, 3, 64)])
  func `rows that are to be alone have the bits of each alone, in whatever form a matrix is kept`(
    rows: Int, columns: Int, inner: Int
  ) {
    let x = randomTensor([rows, inner], seed: 111)
    let plain = randomTensor([columns, inner], seed: 112)
    let (a, b) = (randomTensor([5, inner], seed: 113), randomTensor([columns, 5], seed: 114))
    let additions = [AdaptedMatrix.Addition(a: a, b: b, scale: 0.7)]
    let compact = [AdaptedMatrix.Addition(a: a.inBFloat16(), b: b.inBFloat16(), scale: 0.7)]
    for matrix in [plain, plain.inBFloat16(), plain.inInt8(), plain.tracked()] {
      for additions in [[], additions, compact, additions + compact] {
        let adapted = AdaptedMatrix(matrix, additions: additions)
        let together = Tensor.Compute.eachRowAlone { x.products(by: [adapted, adapted]) }
        let plain = Tensor.Compute.eachRowAlone { x.matmul(matrix, transposeB: true) }
        for row in 0..<rows {
          let own = x.rows(row..<(row + 1))
          let expected = own.products(by: [adapted])[0]
          #expect(together.allSatisfy { $0.rows(row..<(row + 1)).isIdentical(to: expected) }, "row \(row)")
          #expect(plain.rows(row..<(row + 1)).isIdentical(to: own.matmul(matrix, transposeB: true)), "row \(row)")
        }
        expectClose(together[0], x.naiveProducts(by: [adapted])[0], relative: 1e-2, absolute: 0.3)
      }
    }
  }

  @Test(
    arguments: [(1, 70, 16, 130), (2, 64, 1, 5), (4, 33, 40, 64), (5, 33, 8, 64), (60, 33, 8, 64)])
  func `two thin products added in place are the sum, few rows as many, and leave other owners alone`(
    rows: Int, inputs: Int, rank: Int, outputs: Int
  ) {
    let (x, start) = (randomTensor([rows, inputs], seed: 95), randomTensor([rows, outputs], seed: 96))
    let (a, b) = (randomTensor([rank, inputs], seed: 97), randomTensor([outputs, rank], seed: 98))
    let expected = start + x.matmul(a, transposeB: true).matmul(b, transposeB: true) * 0.7
    for (a, b) in [(a, b), (a.tracked(), b.tracked())] {
      var sum = start
      sum.addLowRank(of: x, a, b, scale: 0.7)
      expectClose(sum, expected, relative: 1e-5, absolute: 2e-5)
      #expect(sum.isTracked == a.isTracked && start.isIdentical(to: randomTensor([rows, outputs], seed: 96)))
    }
  }

  @Test(arguments: [1, 4, 6])
  func `the gradients of two thin products match finite differences, of few rows and of many`(rows: Int) {
    let inputs = [[rows, 7], [rows, 9], [3, 9], [7, 3]].enumerated().map { randomTensor($1, seed: 101 + UInt64($0)) }
    expectGradientsMatchFiniteDifferences(at: inputs) { t in
      var sum = t[0]
      sum.addLowRank(of: t[1], t[2], t[3], scale: 0.7)
      return sum
    }
  }

  @Test
  func `gradients pass through a matrix in bfloat16 as through the rounded one`() {
    let x = randomTensor([12, 40], seed: 77).tracked()
    let kept = randomTensor([56, 40], seed: 78).inBFloat16()
    let found = x.matmul(kept, transposeB: true).sum().gradients(at: [x])[0]
    let expected = x.matmul(kept + 0, transposeB: true).sum().gradients(at: [x])[0]
    expectClose(found, expected, relative: 1e-5, absolute: 1e-4)
  }

  @Test(
    arguments: [(5, 7, 3), (40, 96, 16), (300, 20, 16), (2, 130, 40)])
  func `a product added in place is the sum, with the gradients of all three, and leaves other owners alone`(
    rows: Int, columns: Int, inner: Int
  ) {
    let inputs = [
      randomTensor([rows, columns], seed: 79), randomTensor([rows, inner], seed: 80),
      randomTensor([columns, inner], seed: 81),
    ].map { $0.tracked() }
    let weights = randomTensor([rows, columns], seed: 82)
    var sum = inputs[0]
    sum.addProduct(inputs[1], inputs[2])
    let expected = inputs[0] + inputs[1].matmul(inputs[2], transposeB: true)
    expectClose(sum, expected, relative: 1e-5, absolute: 1e-5)
    #expect(inputs[0].isIdentical(to: randomTensor([rows, columns], seed: 79)))
    let gradients = { (y: Tensor) in (y * weights).sum().gradients(at: inputs) }
    for (found, right) in zip(gradients(sum), gradients(expected)) {
      expectClose(found, right, relative: 1e-5, absolute: 1e-4)
    }
  }

  @Test
  func `what a matrix in bfloat16 is asked for as a whole is the rounded matrix, and a copy of it can be written`() {
    var kept = Tensor([1, 1.00390625, -2.5, 3e38], shape: [2, 2]).inBFloat16()
    #expect(kept.scalars == [1, 1, -2.5, Float(bitPattern: 0x7f62_0000)])
    #expect(kept.inBFloat16().isIdentical(to: kept))
    kept.mutateScalars { $0[0] = 7 }
    #expect(kept.scalars[0] == 7)
  }

  @Test
  func `weights on a file's pages are the same after their memory was given back`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let weights = ["a": randomTensor([300, 64], seed: 83), "b": randomTensor([7], seed: 84)]
    let file = folder.appending(path: "w.safetensors")
    try Tensor.writeSafetensors(weights, to: file)
    let opened = try Tensor.SafetensorsFile(contentsOf: file)
    for (name, tensor) in weights {
      let read = try opened.tensor(named: name)
      read.releasePages()
      #expect(read.isIdentical(to: tensor))
      #expect(read.inBFloat16().isIdentical(to: tensor.inBFloat16()))
      tensor.releasePages()
    }
  }

  @Test
  func `the machine's peak and bandwidth are positive, and bfloat16's is only there with its instruction`() {
    #expect((Tensor.Compute.measuredPeak() ?? 0) > 1e8)
    #expect(Tensor.Compute.measuredBandwidth() > 1e8)
    if let peak = Tensor.Compute.measuredPeak(bfloat16: true) { #expect(peak > 1e8) }
  }
}

extension Tensor {
  fileprivate func isClose(to other: Tensor, absolute: Float) -> Bool {
    shape == other.shape && zip(scalars, other.scalars).allSatisfy { abs($0 - $1) <= absolute + 1e-5 * abs($1) }
  }
}
