package import Layers
package import Tensor

/// Images as training sees them time after time: shifted a little, and mirrored half of the time.
package struct ImageViews: Sendable {
  /// The most pixels of a shift in either direction; 0 leaves images as they are, and mirrors none.
  package let shift: Int
  private let seed: UInt64

  package init(shift: Int, seed: UInt64) {
    (self.shift, self.seed) = (shift, seed)
  }

  /// The image of an example, the same for the same number. One whose pixels are not kept stays as it is.
  package func view(of image: PromptImage, in example: Int) -> PromptImage {
    guard shift > 0, case .pixels(let pixels) = image.content else { return image }
    var generator = Tensor.Generator(seed: seed).fork("view \(example)")
    let x = Int.random(in: -shift...shift, using: &generator)
    let y = Int.random(in: -shift...shift, using: &generator)
    var result = image
    result.content = .pixels(pixels.shifted(x: x, y: y, isMirrored: Bool.random(using: &generator)))
    return result
  }
}

extension Tensor {
  /// Pixels [images, channels, height, width] moved to the right and down by so many; the border goes on where nothing came
  /// from. Mirrored after that, left to right. Not differentiable.
  package func shifted(x: Int, y: Int, isMirrored: Bool) -> Tensor {
    precondition(rank == 4, "pixels of shape \(shape)")
    let (planes, height, width) = (shape[0] * shape[1], shape[2], shape[3])
    let columns = (0..<width).map { column in
      min(max((isMirrored ? width - 1 - column : column) - x, 0), width - 1)
    }
    return Tensor(shape: shape) { out in
      withScalars { pixels in
        for line in 0..<(planes * height) {
          let (plane, row) = line.quotientAndRemainder(dividingBy: height)
          let (to, from) = (line * width, (plane * height + min(max(row - y, 0), height - 1)) * width)
          for column in 0..<width { out[to + column] = pixels[from + columns[column]] }
        }
      }
    }
  }
}
