extension Tensor {
  /// The matrix product over the last two axes; leading axes are a batch.
  ///
  /// ```swift
  /// let a = Tensor([1, 2, 3, 4], shape: [2, 2])
  /// a.matmul(a, transposeB: true).scalars  // [5, 11, 11, 25]
  /// ```
  ///
  /// - Parameters:
  ///   - other: [batch..., inner, columns], or with `transposeB` [batch..., columns, inner]. Either operand may lack the
  ///     batch axes: then it is used for every member.
  ///   - transposeA: this tensor is [batch..., inner, rows].
  /// - Returns: [batch..., rows, columns].
  /// - Complexity: 2 · batch · rows · columns · inner floating-point operations.
  public func matmul(_ other: Tensor, transposeA: Bool = false, transposeB: Bool = false) -> Tensor {
    precondition(rank >= 2 && other.rank >= 2, "a matrix product of \(shape) and \(other.shape)")
    if other.rank == 2, rank > 2, !transposeA {
      let flat = reshaped([shape.dropLast().reduce(1, *), shape[rank - 1]]).matmul(other, transposeB: transposeB)
      return flat.reshaped(Array(shape.dropLast()) + [flat.shape[1]])
    }
    let (m, k) = transposeA ? (shape[rank - 1], shape[rank - 2]) : (shape[rank - 2], shape[rank - 1])
    let (k2, n) =
      transposeB
      ? (other.shape[other.rank - 1], other.shape[other.rank - 2])
      : (other.shape[other.rank - 2], other.shape[other.rank - 1])
    precondition(
      k == k2, "inner extents differ: \(shape) (transposed: \(transposeA)) and \(other.shape) (\(transposeB))")
    let batchA = Array(shape.dropLast(2))
    let batchB = Array(other.shape.dropLast(2))
    precondition(
      batchA == batchB || batchA.isEmpty || batchB.isEmpty, "batch extents differ: \(shape) and \(other.shape)")
    let batch = batchA.isEmpty ? batchB : batchA
    let members = batch.reduce(1, *)
    let (stepA, stepB) = (batchA.isEmpty ? 0 : m * k, batchB.isEmpty ? 0 : k * n)
    let value = Tensor(shape: batch + [m, n]) { out in
      guard let c = out.baseAddress else { return }
      if batch.isEmpty, let compact = other.storage.compact {
        matrixProduct(
          storage.pointer, transposeA: transposeA, compact, transposeB: transposeB, c, rows: m, columns: n, inner: k)
        return
      }
      let (a, b) = (storage.pointer, other.storage.pointer)
      let one = { (i: Int) in
        matrixProduct(
          a + i * stepA, transposeA: transposeA, b + i * stepB, transposeB: transposeB, c + i * m * n,
          rows: m, columns: n, inner: k)
      }
      if members > 1, m * n * k > 1 << 12 { Compute.parallel(members, one) } else { (0..<members).forEach(one) }
    }
    // Each operand is kept only for the gradient of the other: behind a frozen weight no activation stays in memory.
    let (a, b) = (other.isTracked ? detached() : nil, isTracked ? other.detached() : nil)
    return .operation(value: value, inputs: [self, other]) { [rankA = rank, rankB = other.rank] gradient in
      let forA = b.map { b in
        transposeA
          ? b.matmul(gradient, transposeA: transposeB, transposeB: true)
          : gradient.matmul(b, transposeB: !transposeB)
      }
      let forB = a.map { a in
        transposeB
          ? gradient.matmul(a, transposeA: true, transposeB: transposeA)
          : a.matmul(gradient, transposeA: !transposeA)
      }
      return [forA?.summed(overLeading: rankA), forB?.summed(overLeading: rankB)]
    }
  }

  /// Adds a · bᵀ to this matrix, in its own memory if it is the only owner. Differentiable in all three.
  ///
  /// - Precondition: this is [rows, columns], `a` [rows, inner], `b` [columns, inner].
  package mutating func addProduct(_ a: Tensor, _ b: Tensor) {
    precondition(
      rank == 2 && a.rank == 2 && b.rank == 2 && a.shape[0] == shape[0] && b.shape[0] == shape[1]
        && a.shape[1] == b.shape[1], "\(a.shape) times \(b.shape) transposed, added to \(shape)")
    let (m, n, k) = (shape[0], shape[1], a.shape[1])
    let before = gradientPlace
    var value = detached()
    self = Tensor.nothing
    value.mutateScalars { out in
      a.withScalars { a in
        b.withScalars { b in
          guard let c = out.baseAddress, let a = a.baseAddress, let b = b.baseAddress else { return }
          matrixProduct(a, transposeA: false, b, transposeB: true, c, rows: m, columns: n, inner: k, adds: true)
        }
      }
    }
    let (forA, forB) = (a.isTracked ? b.detached() : nil, b.isTracked ? a.detached() : nil)
    self = .operation(value: value, inputs: [before, a, b]) { gradient in
      [gradient, forA.map { gradient.matmul($0) }, forB.map { gradient.matmul($0, transposeA: true) }]
    }
  }

  /// Sums away leading axes until `rank` are left: the gradient of an operand that served the whole batch.
  private func summed(overLeading rank: Int) -> Tensor {
    var result = self
    while result.rank > rank { result = result.sum(along: 0) }
    return result
  }
}
