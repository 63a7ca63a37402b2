import Tensor
import TestSupport
import Testing

/// Training and prediction compute one value: a score kept from a pass without gradients is compared with, or subtracted
/// from, one that a pass with gradients computes. The instruction set in use decides which kernels or which library
/// multiply; `TENSOR_MAX_ISA` lowers it.
@Suite("A product is the same, bit for bit, whether its operands are tracked or not", .serialized, .everyInstructionSet)
struct TrackedProductsTests {
  /// Every way to track some of several tensors, none included.
  private func subsets(_ count: Int) -> [[Bool]] {
    (0..<(1 << count)).map { mask in (0..<count).map { mask >> $0 & 1 == 1 } }
  }

  private func tracked(_ tensors: [Tensor], _ subset: [Bool]) -> [Tensor] {
    zip(tensors, subset).map { $1 ? $0.tracked() : $0 }
  }

  /// Few rows, as in decoding, and many; extents that fill a kernel's vectors and those that don't.
  static let sizes = [
    (1, 1, 1), (1, 64, 64), (1, 70, 130), (2, 33, 5), (3, 12, 20), (4, 64, 48), (4, 96, 200), (5, 64, 48), (17, 70, 31),
    (64, 128, 96), (300, 40, 20),
  ]

  @Test(arguments: sizes)
  func `of two matrices, stored either way`(rows: Int, inner: Int, columns: Int) {
    for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
      let a = randomTensor(transposeA ? [inner, rows] : [rows, inner], seed: 1)
      let b = randomTensor(transposeB ? [columns, inner] : [inner, columns], seed: 2)
      let expected = a.matmul(b, transposeA: transposeA, transposeB: transposeB)
      for subset in subsets(2) {
        let t = tracked([a, b], subset)
        let found = t[0].matmul(t[1], transposeA: transposeA, transposeB: transposeB)
        #expect(found.isIdentical(to: expected), "tracked: \(subset), transposed: \(transposeA), \(transposeB)")
      }
    }
  }

  @Test(arguments: sizes)
  func `of batches`(rows: Int, inner: Int, columns: Int) {
    let (a, b) = (randomTensor([3, rows, inner], seed: 1), randomTensor([3, inner, columns], seed: 2))
    let one = randomTensor([inner, columns], seed: 3)
    for subset in subsets(3) {
      let t = tracked([a, b, one], subset)
      #expect(t[0].matmul(t[1]).isIdentical(to: a.matmul(b)), "tracked: \(subset)")
      #expect(t[0].matmul(t[2]).isIdentical(to: a.matmul(one)), "tracked: \(subset)")
    }
  }

  @Test(arguments: sizes)
  func `by a frozen matrix in 16 or 8 bits`(rows: Int, inner: Int, columns: Int) {
    let x = randomTensor([rows, inner], seed: 1)
    let weight = randomTensor([columns, inner], seed: 2)
    for frozen in [weight.inBFloat16(), weight.inInt8()] {
      #expect(
        x.tracked().matmul(frozen, transposeB: true).isIdentical(to: x.matmul(frozen, transposeB: true)))
      let back = randomTensor([rows, columns], seed: 3)
      #expect(back.tracked().matmul(frozen).isIdentical(to: back.matmul(frozen)))
    }
  }

  @Test(arguments: sizes)
  func `that is added to a matrix`(rows: Int, inner: Int, columns: Int) {
    let tensors = [
      randomTensor([rows, columns], seed: 1), randomTensor([rows, inner], seed: 2),
      randomTensor([columns, inner], seed: 3),
    ]
    func sum(_ t: [Tensor]) -> Tensor {
      var sum = t[0]
      sum.addProduct(t[1], t[2])
      return sum
    }
    for subset in subsets(3) {
      #expect(sum(tracked(tensors, subset)).isIdentical(to: sum(tensors)), "tracked: \(subset)")
    }
  }

  @Test(arguments: sizes)
  func `of low rank`(rows: Int, inputs: Int, outputs: Int) {
    for rank in [1, 3, 16] {
      let tensors = [
        randomTensor([rows, outputs], seed: 1), randomTensor([rows, inputs], seed: 2),
        randomTensor([rank, inputs], seed: 3), randomTensor([outputs, rank], seed: 4),
      ]
      func sum(_ t: [Tensor]) -> Tensor {
        var sum = t[0]
        sum.addLowRank(of: t[1], t[2], t[3], scale: 0.75)
        return sum
      }
      for subset in subsets(4) {
        #expect(sum(tracked(tensors, subset)).isIdentical(to: sum(tensors)), "rank \(rank), tracked: \(subset)")
      }
    }
  }

  @Test(arguments: sizes, [[0, 0], [1, 1], [2, 0]])
  func `by several adapted matrices at once`(_ sizes: (rows: Int, inputs: Int, outputs: Int), _ additions: [Int]) {
    let x = randomTensor([sizes.rows, sizes.inputs], seed: 1)
    /// `subset`: whether the rows, the first weight, all A and all B are tracked.
    func products(_ subset: [Bool], _ form: (Tensor) -> Tensor) -> [Tensor] {
      let matrices = additions.enumerated().map { i, count in
        let seed = UInt64(10 * (i + 1))
        let weight = form(randomTensor([sizes.outputs, sizes.inputs], seed: seed))
        return AdaptedMatrix(
          subset[1] && i == 0 ? weight.tracked() : weight,
          additions: (0..<count).map { n in
            let a = randomTensor([4, sizes.inputs], seed: seed + 1 + UInt64(n))
            let b = randomTensor([sizes.outputs, 4], seed: seed + 5 + UInt64(n))
            return .init(a: subset[2] ? a.tracked() : a, b: subset[3] ? b.tracked() : b, scale: 0.5)
          })
      }
      return (subset[0] ? x.tracked() : x).products(by: matrices)
    }
    let forms: [(name: String, canTrack: Bool, form: (Tensor) -> Tensor)] = [
      ("Float32", true, { $0 }), ("bfloat16", false, { $0.inBFloat16() }), ("8 bits", false, { $0.inInt8() }),
    ]
    for (name, canTrack, form) in forms {
      let expected = products([false, false, false, false], form)
      for subset in subsets(4) where canTrack || !subset[1] {
        for (found, right) in zip(products(subset, form), expected) {
          #expect(found.isIdentical(to: right), "\(name), tracked: \(subset)")
        }
      }
    }
  }
}
