public import Tensor

/// An adapter on a table of token vectors.
///
/// ``Embedding`` alone is a lookup; an adapter on it changes the rows that come out and leaves the table as it is.
package protocol EmbeddingAdapter: Module {
  /// The adapted rows of these tokens, [tokens, dimensions].
  ///
  /// - Parameter table: the frozen table, [vocabulary, dimensions].
  func rows(_ tokens: [Int], of table: Tensor) -> Tensor
  /// The whole table as adapted, [vocabulary, dimensions].
  func effectiveWeight(of table: Tensor) -> Tensor
  /// The whole table as an output head that is this table multiplies by it, [vocabulary, dimensions]. By default as it
  /// is without the adapter.
  func headWeight(of table: Tensor) -> Tensor
}

extension EmbeddingAdapter {
  /// The table as it is without the adapter.
  package func headWeight(of table: Tensor) -> Tensor { table }
}

/// A table of vectors, one for each token: row lookup.
///
/// ```swift
/// let table = Embedding(weight: Tensor([1, 2, 3, 4], shape: [2, 2]))
/// table([1, 0, 1]).scalars  // [3, 4, 1, 2, 3, 4]
/// ```
public struct Embedding: Module {
  /// [tokens, dimensions].
  public var weight: Parameter
  /// What changes the rows; nil for none.
  package var adapter: (any EmbeddingAdapter)?
  /// What rows are multiplied by when they are looked up. The default is 1.
  package let scale: Float

  /// A table with these rows.
  public init(weight: Tensor) { self.init(weight: weight, scale: 1) }

  /// The same with a factor for rows that are looked up.
  package init(weight: Tensor, scale: Float) {
    precondition(weight.rank == 2, "an embedding table of shape \(weight.shape)")
    (self.weight, self.scale) = (Parameter(weight), scale)
  }

  /// Rows for these tokens, [tokens, dimensions].
  ///
  /// - Precondition: tokens lie inside the table.
  public func callAsFunction(_ tokens: [Int]) -> Tensor {
    let rows = adapter?.rows(tokens, of: weight.value) ?? weight.value.gathered(tokens)
    return scale == 1 ? rows : rows * scale
  }

  /// The whole table, [tokens, dimensions], its adapter included.
  package func effectiveWeight() -> Tensor { adapter?.effectiveWeight(of: weight.value) ?? weight.value }

  /// Shows the table as a place for adapters; from there its parameters.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(embedding: &self, at: path)
  }

  /// Shows `weight`, then what the adapter has.
  package mutating func visitParameters(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&weight, at: path.appending(component: "weight"))
    guard var own = adapter else { return }
    adapter = nil  // one owner, so that training changes its matrices in place
    own.visit(&visitor, at: path)
    adapter = own
  }
}
