package import Layers
package import Tensor

/// Images find their own captions among all: cross-entropy of an image's cosines with the vectors of every caption there is,
/// the target shared among its own.
///
/// The captions' vectors are those of a model that is not trained, so that they are computed once and each update sees all
/// of them, however it is cut into parts. Images may be shifted and mirrored anew in each epoch.
package struct SentenceTargetObjective<Model: PairEncoder>: TrainingObjective {
  /// Pixels, [1, channels, height, width] each.
  package let images: [PromptImage]
  /// [captions, width], rows of length 1.
  package let captions: Tensor
  /// Which captions are whose.
  package let owned: [Range<Int>]
  /// Divides cosines.
  package let temperature: Float
  /// How often each image is an example.
  package let epochs: Int
  /// The most pixels by which an image is shifted; 0 leaves all as they are, and mirrors none.
  package let shift: Int
  private let seed: UInt64

  /// An objective over these images.
  ///
  /// - Precondition: captions of each image, and all of them some image's.
  package init(
    _ images: [PromptImage], captions: Tensor, owned: [Range<Int>], temperature: Float = 0.07, epochs: Int = 1,
    shift: Int = 0, seed: UInt64 = 0
  ) {
    precondition(
      images.count == owned.count && owned.allSatisfy { !$0.isEmpty && $0.upperBound <= captions.shape[0] },
      "captions of \(owned.count) images for \(images.count)")
    (self.images, self.captions, self.owned) = (images, captions.detached(), owned)
    (self.temperature, self.epochs, self.shift, self.seed) = (temperature, epochs, shift, seed)
  }

  /// Each image in each epoch.
  package var exampleCount: Int { images.count * epochs }

  /// The number of these examples.
  package func weight(of examples: [Int]) -> Float { Float(examples.count) }

  /// The cross-entropy of a part.
  package func loss(
    of examples: [Int], under model: Model, total: Float
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let vectors = model.imageVectors(examples.map(seen))
    let scores = (vectors.matmul(captions, transposeB: true) / temperature).logSoftmax()
    let count = captions.shape[0]
    let targets = Tensor(shape: [examples.count, count]) { out in
      out.update(repeating: 0)
      for (row, example) in examples.enumerated() {
        let own = owned[example % images.count]
        for caption in own { out[row * count + caption] = 1 / Float(own.count) }
      }
    }
    return (-(scores * targets).sum() / total, StepMetrics())
  }

  /// The image of an example as it is seen in its epoch.
  package func seen(_ example: Int) -> PromptImage {
    let image = images[example % images.count]
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
    let (height, width) = (shape[2], shape[3])
    return Tensor(shape: shape) { out in
      withScalars { pixels in
        for plane in 0..<(shape[0] * shape[1]) {
          for row in 0..<height {
            let from = (plane * height + min(max(row - y, 0), height - 1)) * width
            let to = (plane * height + row) * width
            for column in 0..<width {
              let place = isMirrored ? width - 1 - column : column
              out[to + place] = pixels[from + min(max(column - x, 0), width - 1)]
            }
          }
        }
      }
    }
  }
}
