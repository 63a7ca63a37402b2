package import Layers
package import Student
package import Tensor

/// A student that sees each image another way each time: mirrored or not, and a random window of it, from three quarters of
/// each side up to all, brought back to full size. Few photos teach a tower more so.
///
/// What is trained is the student itself; a seed is set for each part of an update.
package struct VariedImages<Base: Module & SequenceScorer & PairEncoder>: Module, SequenceScorer, PairEncoder {
  package var student: Base
  /// Where the variations start; nil shows images as they are.
  package var seed: UInt64?

  /// A student that sees images as they are until a seed is set.
  package init(student: Base, seed: UInt64? = nil) {
    (self.student, self.seed) = (student, seed)
  }

  package func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    var number = 0
    let varied = trees.map { tree -> AnswerTree in
      var tree = tree
      tree.images = tree.images.map { image in
        defer { number += 1 }
        return self.varied(image, number: number)
      }
      return tree
    }
    return student.logProbabilities(of: varied)
  }

  package func imageVectors(_ images: [PromptImage]) -> Tensor {
    student.imageVectors(images.enumerated().map { varied($1, number: $0) })
  }

  package func textVectors(_ texts: [[Int]]) -> Tensor { student.textVectors(texts) }

  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    student.visit(&visitor, at: path)
  }

  private func varied(_ image: PromptImage, number: Int) -> PromptImage {
    guard let seed, case .pixels(let pixels) = image.content, pixels.shape[0] == 1 else { return image }
    var generator = Tensor.Generator(seed: seed).fork("image \(number)")
    var image = image
    image.content = .pixels(ImageWindow(of: pixels.shape, using: &generator).cut(from: pixels))
    return image
  }
}

/// A window of an image, mirrored or not.
package struct ImageWindow: Equatable {
  /// The share of each side, in 0.75...1.
  package var share: Float
  /// The first column and row, in pixels.
  package var left: Float, top: Float
  /// Whether columns run from right to left.
  package var isMirrored: Bool

  /// A random window of an image [1, channels, height, width].
  package init(of shape: [Int], using generator: inout Tensor.Generator) {
    share = Float.random(in: 0.75...1, using: &generator)
    left = Float.random(in: 0...1, using: &generator) * (1 - share) * Float(shape[3] - 1)
    top = Float.random(in: 0...1, using: &generator) * (1 - share) * Float(shape[2] - 1)
    isMirrored = Bool.random(using: &generator)
  }

  package init(share: Float, left: Float, top: Float, isMirrored: Bool) {
    (self.share, self.left, self.top, self.isMirrored) = (share, left, top, isMirrored)
  }

  /// The window at the image's size, between pixels by linear interpolation.
  package func cut(from pixels: Tensor) -> Tensor {
    let (channels, height, width) = (pixels.shape[1], pixels.shape[2], pixels.shape[3])
    let columns = (0..<width).map { place(isMirrored ? width - 1 - $0 : $0, from: left, in: width) }
    let rows = (0..<height).map { place($0, from: top, in: height) }
    return Tensor(shape: pixels.shape) { out in
      pixels.withScalars { x in
        for channel in 0..<channels {
          let base = channel * height * width
          for (y, row) in rows.enumerated() {
            let (first, second) = (base + row.low * width, base + row.high * width)
            for (at, column) in columns.enumerated() {
              let above = x[first + column.low] * (1 - column.part) + x[first + column.high] * column.part
              let below = x[second + column.low] * (1 - column.part) + x[second + column.high] * column.part
              out[base + y * width + at] = above * (1 - row.part) + below * row.part
            }
          }
        }
      }
    }
  }

  /// The two pixels around a place, and the share of the second.
  private func place(_ index: Int, from start: Float, in count: Int) -> (low: Int, high: Int, part: Float) {
    let at = min(Float(count - 1), start + share * Float(index))
    let low = Int(at)
    return (low, min(count - 1, low + 1), at - Float(low))
  }
}
