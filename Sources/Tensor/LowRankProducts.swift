internal import CKernels

extension Tensor {
  /// Adds scale · (x Aᵀ) Bᵀ to this matrix, in its own memory if it is the only owner. Differentiable in all four.
  ///
  /// Up to four rows, or each alone, as in decoding, take both thin products in one go. Which way is taken depends on the
  /// operands' shapes and forms alone: a value is the same, bit for bit, whether gradients are tracked or not.
  ///
  /// - Precondition: this is [rows, out], `x` [rows, in], `a` [rank, in], `b` [out, rank].
  package mutating func addLowRank(of x: Tensor, _ a: Tensor, _ b: Tensor, scale: Float) {
    let isPlain = ![self, x, a, b].contains { $0.rank != 2 || $0.storage.compact != nil }
    guard isPlain, Compute.readsInPlace(rows: x.shape[0]) else {
      // The thin inner rows are scaled, which are fewer than the outputs.
      return addProduct(x.matmul(a, transposeB: true) * scale, b)
    }
    let (rows, inputs, rank, outputs) = (x.shape[0], x.shape[1], a.shape[0], b.shape[0])
    precondition(
      shape == [rows, outputs] && a.shape[1] == inputs && b.shape[1] == rank,
      "\(x.shape) times \(a.shape) and \(b.shape), transposed, added to \(shape)")
    let before = gradientPlace
    var value = detached()
    self = Tensor.nothing
    let inner = Storage(count: rows * rank)
    value.mutateScalars { y in
      sd_add_low_rank(
        x.storage.pointer, a.storage.pointer, b.storage.pointer, scale, y.baseAddress, inner.pointer, rows, inputs,
        rank, outputs)
    }
    let wanted = [x, a, b].map(\.isTracked)
    let (rowsOfX, thinA, thinB) = (x.detached(), a.detached(), b.detached())
    // What `sd_add_low_rank` left: scale · x Aᵀ.
    let scaled = Tensor(storage: inner, shape: [rows, rank])
    self = .operation(value: value, inputs: [before, x, a, b]) { gradient in
      let slopes = wanted[0] || wanted[1] ? gradient.matmul(thinB) * scale : nil
      return [
        gradient,
        wanted[0] ? slopes?.matmul(thinA) : nil,
        wanted[1] ? slopes?.matmul(rowsOfX, transposeA: true) : nil,
        wanted[2] ? gradient.matmul(scaled, transposeA: true) : nil,
      ]
    }
  }
}
