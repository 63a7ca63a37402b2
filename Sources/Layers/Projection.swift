internal import CKernels
public import Tensor

/// A linear layer of a model, and the place that an adapter wraps.
///
/// ``Linear`` is the plain layer; LoRA wraps it in a projection that adds a low-rank product.
public protocol Projection: Module {
  /// Maps [..., in] to [..., out].
  func callAsFunction(_ x: Tensor) -> Tensor
  /// The effective weight [out, in]: the matrix with the products of adapters added.
  func effectiveWeight() -> Tensor
  /// The bias [out] that is added after the product, adapters included; nil if there is none.
  func effectiveBias() -> Tensor?
  /// The matrix [out, in] of the first operation, x Wᵀ, with its low-rank additions; nil if the layer begins with another
  /// operation. Several projections of the same input compute these products together.
  var matrix: AdaptedMatrix? { get }
  /// The output for an input whose product with ``matrix`` has been computed.
  ///
  /// - Parameters:
  ///   - x: the input [rows, in].
  ///   - product: x times the transposed ``matrix``, [rows, out].
  func callAsFunction(_ x: Tensor, product: consuming Tensor) -> Tensor
  /// The shape [out, in] of ``effectiveWeight()``.
  var weightShape: [Int] { get }
}

extension Projection {
  /// The shape of ``effectiveWeight()``, which is computed for this; a conformer that stores its sizes should return them.
  public var weightShape: [Int] { effectiveWeight().shape }

  /// Nil. A conformer whose first operation is a product returns its matrix.
  public var matrix: AdaptedMatrix? { nil }

  /// The output for the input alone; the given product is not used.
  public func callAsFunction(_ x: Tensor, product: consuming Tensor) -> Tensor { self(x) }
}

/// A projection that may be the product by its matrix and a bias, and nothing else: what comes after it can then add the bias in
/// its own pass over memory.
package protocol BiasedProduct: Projection {
  /// Whether the output is x times the transposed ``Projection/matrix``, plus ``Projection/effectiveBias()``.
  var isBiasedProduct: Bool { get }
}

extension Projection {
  /// The output as a product and the bias that is still to be added to it; a bias of nil where there is none left.
  package func product(_ x: Tensor) -> (product: Tensor, bias: Tensor?) {
    guard x.rank == 2, let plain = self as? any BiasedProduct, plain.isBiasedProduct, let matrix else {
      return (self(x), nil)
    }
    return (x.product(by: matrix), effectiveBias())
  }
}

/// The outputs of several projections for the same rows. If each has a ``Projection/matrix``, the products are computed
/// together.
package func applied(_ maps: [any Projection], to x: Tensor) -> [Tensor] {
  let matrices = maps.compactMap(\.matrix)
  guard x.rank == 2, matrices.count == maps.count else { return maps.map { $0(x) } }
  var products = x.products(by: matrices)
  // From the last to the first: each product is removed from the list and so has a single owner while it is added to.
  return maps.reversed().map { $0(x, product: products.removeLast()) }.reversed()
}

/// x ↦ x Wᵀ + b.
///
/// ```swift
/// let half = Linear(weight: Tensor([0.5, 0.5], shape: [1, 2]))
/// half(Tensor([1, 3], shape: [1, 2])).scalars  // [2]
/// ```
public struct Linear: Projection, BiasedProduct {
  /// W [out, in].
  public var weight: Parameter
  /// b [out], or nil.
  public var bias: Parameter?

  /// A linear layer with this weight [out, in] and bias [out].
  public init(weight: Tensor, bias: Tensor? = nil) {
    precondition(weight.rank == 2, "a matrix of shape \(weight.shape)")
    precondition(bias == nil || bias?.shape == [weight.shape[0]], "\(bias?.shape ?? []) for \(weight.shape)")
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
  }

  /// A linear layer with normal random weights and a zero bias.
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

  /// The product plus the bias.
  public func callAsFunction(_ x: Tensor, product: consuming Tensor) -> Tensor {
    guard let bias else { return product }
    product.addRow(bias.value)
    return product
  }

  /// True.
  package var isBiasedProduct: Bool { true }

  /// W [out, in].
  public func effectiveWeight() -> Tensor { weight.value }

  /// b [out], or nil.
  public func effectiveBias() -> Tensor? { bias?.value }

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

extension Tensor {
  /// Adds a row [columns] to each row of this tensor [..., columns], in its own memory if it is the only owner.
  /// Differentiable in both.
  mutating func addRow(_ row: Tensor) {
    precondition(shape.last == row.count && row.rank == 1, "\(row.shape) added to each row of \(shape)")
    let before = gradientPlace
    let (columns, rows) = (row.count, shape.dropLast().reduce(1, *))
    var value = detached()
    self = before  // so that the elements have one owner
    value.mutateScalars { y in
      row.withScalars { row in
        guard let y = y.baseAddress, let row = row.baseAddress else { return }
        inRowBlocks(rows: rows, columns: columns) { first, rows in
          sd_add_rows(y + first * columns, row, nil, rows, columns)
        }
      }
    }
    self = .operation(value: value, inputs: [before, row]) { [isTracked = row.isTracked] g in
      [g, isTracked ? g.reshaped([-1, columns]).sum(along: 0) : nil]
    }
  }
}
