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

  /// Maps [images, channels, height, width] to [images · patches, dimensions], patches in row-major order. Pixels to the right of
  /// the last whole patch, or below it, are not read: a tile of 384 has 27 patches of 14 a side.
  package func callAsFunction(_ pixels: Tensor) -> Tensor {
    let (channels, patch) = (weight.value.shape[1], weight.value.shape[2])
    precondition(
      pixels.rank == 4 && pixels.shape[1] == channels,
      "pixels \(pixels.shape) for patches of \(channels) x \(patch) x \(patch)")
    let (images, rows, columns) = (pixels.shape[0], pixels.shape[2] / patch, pixels.shape[3] / patch)
    let patches =
      pixels.cropped(rows * patch, columns * patch)
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

extension Tensor {
  /// The first rows and columns of pixels [images, channels, height, width].
  fileprivate func cropped(_ height: Int, _ width: Int) -> Tensor {
    guard shape[2] > height || shape[3] > width else { return self }
    return permuted([2, 3, 0, 1]).rows(0..<height).permuted([1, 0, 2, 3]).rows(0..<width).permuted([2, 3, 1, 0])
  }
}
