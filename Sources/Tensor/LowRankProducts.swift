internal import CKernels

extension Tensor {
  /// Adds scale · (x Aᵀ) Bᵀ to this matrix, in its own memory where nobody else reads that. Differentiable in all four.
  ///
  /// Up to four rows without gradients, as in decoding, take both thin products in one go.
  ///
  /// - Precondition: this is [rows, out], `x` [rows, in], `a` [rank, in], `b` [out, rank].
  package mutating func addLowRank(of x: Tensor, _ a: Tensor, _ b: Tensor, scale: Float) {
    let isPlain = ![self, x, a, b].contains { $0.isTracked || $0.rank != 2 || $0.storage.compact != nil }
    guard isPlain, x.shape[0] <= Int(SD_FEW_ROWS) else {
      // The thin inner rows are scaled, which are fewer than the outputs.
      return addProduct(x.matmul(a, transposeB: true) * scale, b)
    }
    let (rows, inputs, rank, outputs) = (x.shape[0], x.shape[1], a.shape[0], b.shape[0])
    precondition(
      shape == [rows, outputs] && a.shape[1] == inputs && b.shape[1] == rank,
      "\(x.shape) times \(a.shape) and \(b.shape), transposed, added to \(shape)")
    let inner = Storage(count: rows * rank)
    mutateScalars { y in
      sd_add_low_rank(
        x.storage.pointer, a.storage.pointer, b.storage.pointer, scale, y.baseAddress, inner.pointer, rows, inputs,
        rank,
        outputs)
    }
  }
}
