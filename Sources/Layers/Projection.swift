public import Tensor

/// A linear map in a model: the slot that adapters wrap.
///
/// ``Linear`` is the plain one; LoRA puts one around it that adds a thin product.
public protocol Projection: Module {
  /// Maps [..., in] to [..., out].
  func callAsFunction(_ x: Tensor) -> Tensor
  /// The matrix that this map multiplies by, [out, in], adapters included.
  func denseWeight() -> Tensor
  /// What this map adds after the product, [out], adapters included; nil for nothing.
  func denseBias() -> Tensor?
  /// The matrix [out, in] by which this map multiplies its input before anything else, with the thin products that are
  /// added to it; nil where it begins otherwise.
  var matrix: AdaptedMatrix? { get }
  /// What this map makes of its input, whose product with ``matrix`` is given.
  func callAsFunction(_ x: Tensor, product: consuming Tensor) -> Tensor
  /// [out, in]: the shape of ``denseWeight()``, for those who need no more of it.
  var weightShape: [Int] { get }
}

extension Projection {
  /// The shape of the matrix, which is computed for it: a map that knows its sizes says them without.
  public var weightShape: [Int] { denseWeight().shape }

  /// None: a map that begins with a product says by what.
  public var matrix: AdaptedMatrix? { nil }

  /// The map of its input, which is computed as ever.
  public func callAsFunction(_ x: Tensor, product: consuming Tensor) -> Tensor { self(x) }
}

/// What several maps make of the same rows. Products that all begin with are taken together.
func applied(_ maps: [any Projection], to x: Tensor) -> [Tensor] {
  let matrices = maps.compactMap(\.matrix)
  guard x.rank == 2, matrices.count == maps.count else { return maps.map { $0(x) } }
  var products = x.products(by: matrices)
  // From the last to the first, so that nobody else holds a product while it is added to.
  return maps.reversed().map { $0(x, product: products.removeLast()) }.reversed()
}

/// x ↦ x Wᵀ + b.
///
/// ```swift
/// let half = Linear(weight: Tensor([0.5, 0.5], shape: [1, 2]))
/// half(Tensor([1, 3], shape: [1, 2])).scalars  // [2]
/// ```
public struct Linear: Projection {
  /// W [out, in].
  public var weight: Parameter
  /// b [out], or nil.
  public var bias: Parameter?

  /// A map with this matrix [out, in] and offset [out].
  public init(weight: Tensor, bias: Tensor? = nil) {
    precondition(weight.rank == 2, "a matrix of shape \(weight.shape)")
    precondition(bias == nil || bias?.shape == [weight.shape[0]], "\(bias?.shape ?? []) for \(weight.shape)")
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
  }

  /// A map with normal random weights and a zero offset.
  ///
  /// - Parameter standardDeviation: of the weights. The default is 1/√in, which keeps the variance.
  public init(
    inputDimensions: Int, outputDimensions: Int, bias: Bool = true, standardDeviation: Float? = nil,
    using generator: inout some RandomNumberGenerator
  ) {
    let deviation = standardDeviation ?? 1 / Float(inputDimensions).squareRoot()
    self.init(
      weight: .normal([outputDimensions, inputDimensions], standardDeviation: deviation, using: &generator),
      bias: bias ? .zeros([outputDimensions]) : nil)
  }

  /// Maps [..., in] to [..., out]: 2 · rows · in · out operations.
  public func callAsFunction(_ x: Tensor) -> Tensor { self(x, product: x.matmul(weight.value, transposeB: true)) }

  /// W [out, in].
  public var matrix: AdaptedMatrix? { AdaptedMatrix(weight.value) }

  /// The product with the offset.
  public func callAsFunction(_ x: Tensor, product: consuming Tensor) -> Tensor {
    guard let bias else { return product }
    return product + bias.value
  }

  /// W [out, in].
  public func denseWeight() -> Tensor { weight.value }

  /// b [out], or nil.
  public func denseBias() -> Tensor? { bias?.value }

  /// [out, in].
  public var weightShape: [Int] { weight.value.shape }

  /// Shows `weight` and, if there is one, `bias`.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&weight, at: path.appending(component: "weight"))
    bias?.visit(&visitor, at: path.appending(component: "bias"))
  }
}

extension Parameter {
  /// Shows this parameter: lets optional ones be visited in place.
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) { visitor.visit(&self, at: path) }
}
