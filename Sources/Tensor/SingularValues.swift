internal import CKernels

extension Tensor {
  /// A matrix as a product of orthogonal factors: W = left · diag(values) · right.
  package struct SingularValues: Sendable {
    /// [rows, least]: columns are orthonormal.
    package let left: Tensor
    /// [least], from the largest to the smallest, none negative.
    package let values: Tensor
    /// [least, columns]: rows are orthonormal.
    package let right: Tensor
  }

  /// The singular value decomposition of this matrix [rows, columns], by LAPACK's divide and conquer (sgesdd); `least` is
  /// the smaller extent. Not differentiable.
  ///
  /// ```swift
  /// let parts = Tensor([3, 0, 0, -2], shape: [2, 2]).singularValues()
  /// parts?.values.scalars  // [3, 2]
  /// ```
  ///
  /// - Returns: nil where the OpenBLAS at hand was built without LAPACK, or the matrix is not finite.
  /// - Precondition: rank 2, no extent 0.
  /// - Complexity: about 6 · rows · columns · least operations, on one thread.
  package func singularValues() -> SingularValues? {
    precondition(rank == 2 && count > 0, "singular values of a tensor of shape \(shape)")
    let (rows, columns) = (shape[0], shape[1])
    let least = min(rows, columns)
    guard withScalars({ $0.allSatisfy(\.isFinite) }) else { return nil }
    _ = Compute.isOpenBLASPrepared
    var scratch = Tensor(scalars, shape: shape)
    var (left, values) = (Tensor.zeros([rows, least]), Tensor.zeros([least]))
    var status: Int32 = 0
    let right = Tensor(shape: [least, columns]) { right in
      status = scratch.mutateScalars { a in
        left.mutateScalars { left in
          values.mutateScalars { values in
            sd_svd(
              a.baseAddress, Int32(rows), Int32(columns), left.baseAddress, values.baseAddress, right.baseAddress)
          }
        }
      }
    }
    guard status == 0 else { return nil }
    return SingularValues(left: left, values: values, right: right)
  }
}
