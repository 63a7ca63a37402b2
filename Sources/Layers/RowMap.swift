package import Tensor

/// A layer that maps each row to one of the same width: a norm or an MLP. What is built of several can leave open which.
package protocol RowMap: Module {
  /// Maps [rows, width] to [rows, width].
  func callAsFunction(_ x: Tensor) -> Tensor
}

extension RMSNorm: RowMap {}
extension LayerNorm: RowMap {}
extension FeedForward: RowMap {}
extension GatedMLP: RowMap {}
