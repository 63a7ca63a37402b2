#if OneDNN
  import Tensor
  import Testing

  /// Products of bfloat16 numbers by oneDNN: the sums of our own kernels, in another order.
  @Suite(.serialized, .enabled(if: hasBFloat16, "the CPU multiplies no bfloat16 pairs"))
  struct OneDNNTests {
    /// Rows, columns and inner sizes: whole blocks of 64 rows, 48 columns and 32 terms, and such that leave rests; more terms
    /// than a panel holds, so that a later part is added; a depth that oneDNN's layout does not take.
    static let shapes = [
      (64, 48, 32), (192, 576, 576), (130, 100, 64), (381, 1536, 576), (65, 96, 4128), (64, 480, 50),
    ]

    @Test(arguments: shapes)
    func `a product is that of our own kernels but for rounding`(rows: Int, columns: Int, inner: Int) {
      var generator = Tensor.Generator(seed: 7)
      let x = Tensor.normal([rows, inner], using: &generator)
      let weights = Tensor.normal([columns, inner], using: &generator).inBFloat16()
      let (own, other) = byBoth { x.matmul(weights, transposeB: true).scalars }
      expectClose(other, own, terms: inner)
    }

    @Test(arguments: shapes)
    func `so are gradients, where the matrix is met along its rows`(rows: Int, columns: Int, inner: Int) {
      var generator = Tensor.Generator(seed: 8)
      let x = Tensor.normal([rows, columns], using: &generator)
      let weights = Tensor.normal([columns, inner], using: &generator).inBFloat16()
      let (own, other) = byBoth { x.matmul(weights).scalars }
      expectClose(other, own, terms: columns)
    }

    @Test
    func `it is oneDNN that multiplies: whole blocks differ from ours in their last bits, the rest does not`() {
      var generator = Tensor.Generator(seed: 9)
      let x = Tensor.normal([96, 576], using: &generator)
      let weights = Tensor.normal([480, 576], using: &generator).inBFloat16()
      let (own, other) = byBoth { x.matmul(weights, transposeB: true).scalars }
      let blocks = 64 * 480
      let (blocksDiffer, restDiffers) = (own[..<blocks] != other[..<blocks], own[blocks...] != other[blocks...])
      #expect(blocksDiffer)
      #expect(!restDiffers)
    }

    @Test
    func `the bytes do not depend on the number of threads`() {
      let before = Tensor.Compute.threads
      defer { Tensor.Compute.threads = before }
      var generator = Tensor.Generator(seed: 10)
      let x = Tensor.normal([300, 576], using: &generator)
      let weights = Tensor.normal([960, 576], using: &generator).inBFloat16()
      let results = [1, 2, 3].map { threads in
        Tensor.Compute.threads = threads
        return byBoth { x.matmul(weights, transposeB: true).scalars }.oneDNN
      }
      let agree = results.allSatisfy { $0 == results[0] }
      #expect(agree)
    }

    @Test
    func `Float32 products are ours as before`() {
      var generator = Tensor.Generator(seed: 11)
      let x = Tensor.normal([128, 96], using: &generator)
      let weights = Tensor.normal([96, 96], using: &generator)
      let (own, other) = byBoth { x.matmul(weights, transposeB: true).scalars }
      let agree = own == other
      #expect(agree)
    }
  }

  private let hasBFloat16 = Tensor.Compute.measuredPeak(bfloat16: true) != nil

  /// The same work by our own kernels, then by oneDNN's.
  private func byBoth<Result>(_ work: () -> Result) -> (own: Result, oneDNN: Result) {
    let before = Tensor.Compute.usesOneDNN
    defer { Tensor.Compute.usesOneDNN = before }
    Tensor.Compute.usesOneDNN = false
    let own = work()
    Tensor.Compute.usesOneDNN = true
    #expect(Tensor.Compute.usesOneDNN)
    return (own, work())
  }

  /// Sums of `terms` products of standard normal numbers, within the rounding of Float32 sums.
  private func expectClose(_ a: [Float], _ b: [Float], terms: Int) {
    #expect(a.count == b.count)
    let largest = zip(a, b).map { abs($0 - $1) }.max() ?? 0
    #expect(largest < 1e-5 * Float(terms).squareRoot() + 1e-6, "largest difference \(largest)")
  }
#endif
