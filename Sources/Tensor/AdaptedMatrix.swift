/// A matrix with thin products added to it that are never multiplied out: W + Σ scale · B A, as LoRA trains them.
public struct AdaptedMatrix: Sendable {
  /// A thin product.
  package struct Addition: Sendable {
    /// A [rank, in].
    package var a: Tensor
    /// B [out, rank].
    package var b: Tensor
    /// What the product is multiplied by.
    package var scale: Float

    /// scale · B A.
    ///
    /// - Precondition: both have the same rank.
    package init(a: Tensor, b: Tensor, scale: Float) {
      precondition(
        a.rank == 2 && b.rank == 2 && a.shape[0] == b.shape[1], "a thin product of \(b.shape) and \(a.shape)")
      (self.a, self.b, self.scale) = (a, b, scale)
    }
  }

  /// W [out, in].
  package var weight: Tensor
  /// What is added to it.
  package var additions: [Addition]

  /// A matrix with these additions.
  package init(_ weight: Tensor, additions: [Addition] = []) {
    precondition(weight.rank == 2, "a matrix of shape \(weight.shape)")
    for one in additions {
      precondition(
        [one.b.shape[0], one.a.shape[1]] == weight.shape, "\(one.b.shape) times \(one.a.shape) for \(weight.shape)")
    }
    (self.weight, self.additions) = (weight, additions)
  }

  /// W, then A and B of each addition: what a product depends on beside the rows.
  var tensors: [Tensor] { [weight] + additions.flatMap { [$0.a, $0.b] } }
}
