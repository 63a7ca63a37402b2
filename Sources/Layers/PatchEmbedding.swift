package import Tensor

/// A convolution whose stride is its kernel size: cuts an image into square patches and maps each to a vector.
package struct PatchEmbedding: Module {
  /// [dimensions, channels, patch, patch].
  package var weight: Parameter
  /// [dimensions], or nil.
  package var bias: Parameter?

  /// An embedding with this kernel [dimensions, channels, patch, patch].
  package init(weight: Tensor, bias: Tensor? = nil) {
    precondition(weight.rank == 4 && weight.shape[2] == weight.shape[3], "a patch kernel of shape \(weight.shape)")
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
  }

  /// An embedding with normal random weights that keep the variance.
  package init(
    channels: Int = 3, patchSize: Int, dimensions: Int, bias: Bool = true,
    using generator: inout some RandomNumberGenerator
  ) {
    let deviation = 1 / Float(channels * patchSize * patchSize).squareRoot()
    self.init(
      weight: .normal([dimensions, channels, patchSize, patchSize], standardDeviation: deviation, using: &generator),
      bias: bias ? .zeros([dimensions]) : nil)
  }

  /// Maps [images, channels, height, width] to [images · patches, dimensions], patches in row-major order.
  ///
  /// - Precondition: height and width are multiples of the patch size.
  package func callAsFunction(_ pixels: Tensor) -> Tensor {
    let (channels, patch) = (weight.value.shape[1], weight.value.shape[2])
    precondition(
      pixels.rank == 4 && pixels.shape[1] == channels && pixels.shape[2] % patch == 0 && pixels.shape[3] % patch == 0,
      "pixels \(pixels.shape) for patches of \(channels) x \(patch) x \(patch)")
    let (images, rows, columns) = (pixels.shape[0], pixels.shape[2] / patch, pixels.shape[3] / patch)
    let patches =
      pixels
      .reshaped([images, channels, rows, patch, columns, patch])
      .permuted([0, 2, 4, 1, 3, 5])
      .reshaped([images * rows * columns, channels * patch * patch])
    let y = patches.matmul(weight.value.reshaped([weight.value.shape[0], -1]), transposeB: true)
    return bias.map { y + $0.value } ?? y
  }

  /// Shows `weight` and, if there is one, `bias`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&weight, at: path.appending(component: "weight"))
    bias?.visit(&visitor, at: path.appending(component: "bias"))
  }
}
