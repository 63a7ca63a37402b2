internal import CKernels

extension Tensor {
  /// The products of these rows by several matrices [columns, inner], transposed.
  ///
  /// Up to four rows, as in decoding, read matrices of one form in one list of tasks, so that threads meet once. The bits
  /// are those of ``matmul(_:transposeA:transposeB:)``.
  ///
  /// - Precondition: this is [rows, inner].
  package func products(by matrices: [Tensor]) -> [Tensor] {
    productsTogether(matrices) ?? matrices.map { matmul($0, transposeB: true) }
  }

  /// nil where products can't be taken together.
  private func productsTogether(_ matrices: [Tensor]) -> [Tensor]? {
    guard rank == 2, shape[0] > 0, shape[0] <= Int(SD_FEW_ROWS), !isTracked,
      matrices.allSatisfy({ $0.rank == 2 && $0.shape[1] == shape[1] && !$0.isTracked })
    else { return nil }
    let results = matrices.map { Storage(count: shape[0] * $0.shape[0]) }
    let products = zip(matrices, results).compactMap { sd_product(self, by: $0, to: $1.pointer) }
    guard products.count == matrices.count,
      products.allSatisfy({ $0.b_type == products[0].b_type && $0.in_bfloat16 == products[0].in_bfloat16 })
    else { return nil }
    withExtendedLifetime((self, matrices)) { sd_multiply_together(products, Int32(products.count)) }
    return zip(matrices, results).map { Tensor(storage: $1, shape: [shape[0], $0.shape[0]]) }
  }
}
