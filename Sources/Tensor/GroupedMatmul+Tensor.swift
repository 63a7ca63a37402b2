internal import CKernels

extension Tensor {
  /// The products of these rows by several matrices [out, in], transposed: x (W + Σ scale · B A)ᵀ. Differentiable in all.
  ///
  /// Products share what they have in common: the rows are rounded once, all thin products Aᵀ are one product, threads meet
  /// once. Gradients of the rows add up in one place. Without additions the bits are those of
  /// ``matmul(_:transposeA:transposeB:)``.
  ///
  /// - Precondition: this is [rows, in].
  package func products(by matrices: [AdaptedMatrix]) -> [Tensor] {
    for matrix in matrices {
      precondition(rank == 2 && matrix.weight.shape[1] == shape[1], "\(shape) by \(matrix.weight.shape), transposed")
    }
    return fewRowProducts(matrices) ?? joinedProducts(matrices) ?? naiveProducts(by: matrices)
  }

  /// The same by one matrix. The product has one owner.
  package func product(by matrix: AdaptedMatrix) -> Tensor {
    var all = products(by: [matrix])
    return all.removeLast()
  }

  /// The naive twin: each product by itself, and the way of CPUs for which we have no kernels.
  package func naiveProducts(by matrices: [AdaptedMatrix]) -> [Tensor] {
    matrices.map { matrix in
      var product = matmul(matrix.weight, transposeB: true)
      for one in matrix.additions { product.addLowRank(of: self, one.a, one.b, scale: one.scale) }
      return product
    }
  }

  /// Up to four rows, or each alone, without gradients, as in decoding: matrices of one form are read in one list of tasks. Nil for others.
  private func fewRowProducts(_ matrices: [AdaptedMatrix]) -> [Tensor]? {
    guard shape[0] > 0, Compute.readsInPlace(rows: shape[0]), !isTracked,
      matrices.allSatisfy({ !$0.tensors.contains(where: \.isTracked) })
    else { return nil }
    let results = matrices.map { Storage(count: shape[0] * $0.weight.shape[0]) }
    let products = zip(matrices, results).compactMap { sd_product(self, by: $0.weight, to: $1.pointer) }
    guard products.count == matrices.count,
      products.allSatisfy({ $0.b_type == products[0].b_type && $0.in_bfloat16 == products[0].in_bfloat16 })
    else { return nil }
    withExtendedLifetime((self, matrices)) { sd_multiply_together(products, Int32(products.count)) }
    var sums = zip(matrices, results).map { Tensor(storage: $1, shape: [shape[0], $0.weight.shape[0]]) }
    guard matrices.contains(where: { !$0.additions.isEmpty }) else { return sums }
    // What adapters add is worth a thread for each matrix.
    sums.withUnsafeMutableBufferPointer { sums in
      let places = sums.baseAddress
      Compute.parallel(matrices.count) { i in
        for one in matrices[i].additions { places?[i].addLowRank(of: self, one.a, one.b, scale: one.scale) }
      }
    }
    return sums
  }

  /// Many rows: see ``GroupedMatmul``. Nil where our kernels don't take them.
  private func joinedProducts(_ matrices: [AdaptedMatrix]) -> [Tensor]? {
    guard let joined = GroupedMatmul(detached(), matrices) else { return nil }
    let (values, inner) = joined.values()
    return Tensor.operation(values: values, inputs: [self] + matrices.flatMap(\.tensors)) {
      [isTracked, tracked = matrices.map { $0.tensors.map(\.isTracked) }] gradients in
      joined.gradients(from: gradients, inner: inner, ofRows: isTracked, of: tracked)
    }
  }
}
