internal import Layers
internal import Tensor

/// A place of a model that an adapter may be put on.
struct AdapterPlace {
  let path: String
  /// [out, in] of a projection, [tokens, dimensions] of a table.
  let shape: [Int]
  let isTable: Bool
  let hasBias: Bool
  /// Whether the place is the output head.
  var isHead = false

  func shapes(rank: Int) -> (a: [Int], b: [Int]) {
    isTable ? ([rank, shape[0]], [shape[1], rank]) : ([rank, shape[1]], [shape[0], rank])
  }

  /// Entries of the vector of lengths and of the offset.
  var outputs: Int { isTable ? shape[1] : shape[0] }
}

extension AdapterMatcher {
  /// A fresh adapter for a place whose weight is given.
  ///
  /// - Throws: ``LoRAError/notAdaptable(path:reason:)`` where the options do not suit the place.
  func part(
    named name: String, at place: AdapterPlace, weight: @autoclosure () -> Tensor,
    using generator: inout some RandomNumberGenerator
  ) throws -> LowRankPart {
    let (rank, alpha) = (try rank(at: place.path), try alpha(at: place.path))
    try check(place, rank: rank)
    let (shapeA, shapeB) = place.shapes(rank: rank)
    let scale = configuration.scale(rank: rank, alpha: alpha)
    func made(_ a: Tensor, _ b: Tensor) -> LowRankPart {
      LowRankPart(
        name: name, a: a, b: b, rank: rank, alpha: alpha, scale: scale, dropout: configuration.dropout)
    }
    var part: LowRankPart
    switch configuration.initialization {
    case _ where place.isTable && configuration.initialization != .principal:
      part = made(.zeros(shapeA), .normal(shapeB, using: &generator))
    case .standard:
      // As PEFT's Kaiming initialisation.
      let bound = 1 / Float(shapeA[1]).squareRoot()
      part = made(.uniform(shapeA, from: -bound, to: bound, using: &generator), .zeros(shapeB))
    case .gaussian:
      part = made(.normal(shapeA, standardDeviation: 1 / Float(rank), using: &generator), .zeros(shapeB))
    case .principal:
      let (a, b) = try principal(weight(), rank: rank, scale: scale, path: place.path)
      part = made(a, b)
      part.initial = (a, b)
    }
    if configuration.usesDoRA {
      let matrix = place.isTable ? weight().transposed() : weight()
      let squares = LowRankPart.squaredLengths(ofRows: matrix)
      part.squaredLengths = squares
      // B A is zero at the start, so the lengths are the base's own.
      part.magnitude = Parameter(squares.squareRoot())
    }
    if configuration.hasBias { part.bias = Parameter(.zeros([place.outputs])) }
    return part
  }

  /// The principal part of a weight in two factors with scale · B A equal to it: PiSSA's beginning.
  private func principal(_ weight: Tensor, rank: Int, scale: Float, path: String) throws -> (a: Tensor, b: Tensor) {
    func refuse(_ reason: String) -> LoRAError { .notAdaptable(path: path, reason: reason) }
    guard scale > 0 else { throw refuse("a principal beginning needs a scale above 0, not \(scale)") }
    guard let parts = weight.singularValues() else {
      throw refuse("its singular values are not to be had: the weight is not finite, or OpenBLAS came without LAPACK")
    }
    let roots = (parts.values.rows(0..<rank) / scale).squareRoot()
    let right = parts.right.rows(0..<rank) * roots.reshaped([-1, 1])
    let left = parts.left.transposed().rows(0..<rank).transposed() * roots
    return (right, left)
  }
}
