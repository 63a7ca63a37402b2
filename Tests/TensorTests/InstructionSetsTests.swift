import Foundation
import Tensor
import TestSupport
import Testing

@Suite("Kernels of every instruction set of the machine", .serialized)
struct InstructionSetsTests {
  private static let sets = Tensor.Compute.instructionSets

  /// Around the rows, columns and steps of k that kernels of some set cut at, few rows among them.
  private static let sizes = [
    (1, 1, 1), (1, 131, 70), (2, 65, 31), (3, 9, 33), (4, 129, 160), (5, 48, 64), (6, 47, 255), (7, 17, 257),
    (8, 16, 63),
    (13, 95, 513), (97, 50, 320), (5, 50, 2049), (257, 97, 129),
  ]

  @Test(arguments: sets, sizes)
  func `products of either way round and with any form of the second matrix are those of three loops`(
    set: Tensor.Compute.InstructionSet, _ sizes: (rows: Int, columns: Int, inner: Int)
  ) {
    let (rows, columns, inner) = sizes
    let (a, b) = (randomTensor([rows, inner], seed: 1), randomTensor([inner, columns], seed: 2))
    func naive(_ b: [Float], _ columns: Int) -> Tensor {
      let product = naiveMatrixProduct(a.scalars, b, rows: rows, columns: columns, inner: inner)
      return Tensor(product, shape: [rows, columns])
    }
    let expected = naive(b.scalars, columns)
    let allowed = 2e-6 * Float(inner).squareRoot()
    withInstructionSet(set) {
      let turned = b.transposed()
      expectClose(a.matmul(b), expected, relative: 1e-5, absolute: allowed)
      expectClose(a.matmul(turned, transposeB: true), expected, relative: 1e-5, absolute: allowed)
      expectClose(a.transposed().matmul(b, transposeA: true), expected, relative: 1e-5, absolute: allowed)
      expectClose(
        a.transposed().matmul(turned, transposeA: true, transposeB: true), expected, relative: 1e-5, absolute: allowed)
      // Frozen matrices: A may be rounded to bfloat16 where the set multiplies such, to 16 bits where few rows meet 8.
      for (kept, error) in [(b.inBFloat16(), Float(4e-3)), (b.inInt8(), rows <= 4 ? 1e-4 : 2e-6)] {
        expectClose(
          a.matmul(kept), naive(kept.scalars, columns), relative: 1e-5, absolute: error * Float(inner).squareRoot())
      }
      for (kept, error) in [(turned.inBFloat16(), Float(4e-3)), (turned.inInt8(), rows <= 4 ? 1e-4 : 2e-6)] {
        expectClose(
          a.matmul(kept, transposeB: true), naive(kept.transposed().scalars, columns), relative: 1e-5,
          absolute: error * Float(inner).squareRoot())
      }
    }
  }

  @Test(arguments: sets, [(5, 70, 16, 130), (60, 33, 8, 64), (3, 64, 5, 49)])
  func `sums of several products are those of three loops`(
    set: Tensor.Compute.InstructionSet, _ sizes: (rows: Int, inputs: Int, rank: Int, outputs: Int)
  ) {
    let x = randomTensor([sizes.rows, sizes.inputs], seed: 3)
    let weight = randomTensor([sizes.outputs, sizes.inputs], seed: 4)
    let additions = (0..<2).map { n in
      AdaptedMatrix.Addition(
        a: randomTensor([sizes.rank, sizes.inputs], seed: 5 + UInt64(n)),
        b: randomTensor([sizes.outputs, sizes.rank], seed: 7 + UInt64(n)), scale: 0.5)
    }
    func naive(_ x: Tensor, _ y: Tensor) -> Tensor {
      let (rows, columns, inner) = (x.shape[0], y.shape[0], x.shape[1])
      return Tensor(
        naiveMatrixProduct(x.scalars, y.transposed().scalars, rows: rows, columns: columns, inner: inner),
        shape: [rows, columns])
    }
    let expected = additions.reduce(naive(x, weight)) { $0 + naive(naive(x, $1.a), $1.b) * 0.5 }
    withInstructionSet(set) {
      let found = x.products(by: [AdaptedMatrix(weight, additions: additions)])[0]
      expectClose(found, expected, relative: 1e-5, absolute: 5e-5)
    }
  }

  @Test(arguments: sets)
  func `the bytes of products depend neither on the number of threads nor on the rows beside one`(
    set: Tensor.Compute.InstructionSet
  ) {
    let usual = Tensor.Compute.threads
    defer { Tensor.Compute.threads = usual }
    let x = randomTensor([301, 576], seed: 9)
    let weights = randomTensor([200, 576], seed: 10)
    withInstructionSet(set) {
      for kept in [weights, weights.inBFloat16(), weights.inInt8()] {
        Tensor.Compute.threads = 1
        let many = x.matmul(kept, transposeB: true)
        let few = x.rows(0..<3).matmul(kept, transposeB: true)
        for threads in [2, 3, 16] {
          Tensor.Compute.threads = threads
          #expect(x.matmul(kept, transposeB: true).isIdentical(to: many), "\(threads) threads")
          #expect(x.rows(0..<3).matmul(kept, transposeB: true).isIdentical(to: few), "\(threads) threads")
        }
        // OpenBLAS may sum otherwise at the edge of what it multiplies.
        guard set != .baseline else { continue }
        for rows in [5..<10, 0..<6, 100..<107, 294..<301] {
          #expect(x.rows(rows).matmul(kept, transposeB: true).isIdentical(to: many.rows(rows)), "\(rows)")
        }
      }
    }
  }

  @Test(arguments: sets)
  func `loops give what those of the smallest set give`(set: Tensor.Compute.InstructionSet) {
    let expected = withInstructionSet(.baseline) { ComputeTests.work(seed: 41) }
    // By the norm of the whole: a gradient through the logarithm of a softmax divides by probabilities near nothing, so that
    // single elements are differences of far larger ones.
    for (found, right) in zip(withInstructionSet(set) { ComputeTests.work(seed: 41) }, expected) {
      let (off, size) = (found - right, (right * right).sum().scalar)
      #expect((off * off).sum().scalar <= 1e-8 * size && size > 0)
    }
  }

  @Test(arguments: sets)
  func `the peak of a set is positive`(set: Tensor.Compute.InstructionSet) {
    withInstructionSet(set) { #expect((Tensor.Compute.measuredPeak() ?? 0) > 1e8) }
  }
}
