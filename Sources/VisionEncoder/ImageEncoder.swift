public import Layers
public import Tensor

/// A vision tower: turns pixels into features.
public protocol ImageEncoder: Module {
  /// The width of a feature row.
  var width: Int { get }
  /// Maps [tiles, channels, height, width] to [tiles · rows, width], the rows of each tile together.
  func callAsFunction(_ pixels: Tensor) -> Tensor
}
