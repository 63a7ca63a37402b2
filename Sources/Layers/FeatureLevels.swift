package import Tensor

extension Tensor {
  /// Several levels of the same rows side by side: tensors [rows, width] as one [rows, levels · width].
  ///
  /// - Precondition: there is at least one, and all have the same shape.
  package static func levels(_ levels: [Tensor]) -> Tensor {
    let shape = levels[0].shape
    precondition(levels.allSatisfy { $0.shape == shape }, "levels of \(levels.map(\.shape))")
    guard levels.count > 1 else { return levels[0] }
    return Tensor.concatenated(levels).reshaped([levels.count, shape[0], shape[1]]).permuted([1, 0, 2])
      .reshaped([shape[0], levels.count * shape[1]])
  }

  /// The levels that stand side by side in rows: [rows, levels · width] as tensors [rows, width].
  ///
  /// - Precondition: the rows are a multiple of the width.
  package func levels(width: Int) -> [Tensor] {
    precondition(rank == 2 && shape[1] % width == 0, "\(shape) in levels of \(width)")
    let (rows, count) = (shape[0], shape[1] / width)
    guard count > 1 else { return [self] }
    let apart = reshaped([rows, count, width]).permuted([1, 0, 2]).reshaped([count * rows, width])
    return (0..<count).map { apart.rows(($0 * rows)..<(($0 + 1) * rows)) }
  }
}
