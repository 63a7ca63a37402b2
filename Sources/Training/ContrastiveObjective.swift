package import Layers
package import Tensor

/// Images and captions of a part of an update find each other: InfoNCE in both directions, as in CLIP (Radford et al. 2021,
/// "Learning Transferable Visual Models From Natural Language Supervision").
///
/// Every other caption of the part is a wrong one, so larger parts are harder and teach more. Captions of the same image
/// are never held against each other. Images may be shifted and mirrored anew in each epoch, each of which then has examples of
/// its own.
package struct ContrastiveObjective<Model: PairEncoder>: TrainingObjective {
  /// One pair an example.
  package let pairs: [ContrastivePair]
  /// Divides cosines. The default is 0.07.
  package let temperature: Float
  private let views: ImageViews
  private let epochs: Int

  /// An objective over these pairs.
  ///
  /// - Parameters:
  ///   - epochs: how often each pair is an example. The default is once.
  ///   - views: how its image is seen each time. The default is as it is.
  /// - Precondition: no caption is empty.
  package init(
    _ pairs: [ContrastivePair], temperature: Float = 0.07, epochs: Int = 1,
    views: ImageViews = ImageViews(shift: 0, seed: 0)
  ) {
    precondition(pairs.allSatisfy { !$0.caption.isEmpty }, "a caption without tokens")
    (self.pairs, self.temperature, self.epochs, self.views) = (pairs, temperature, epochs, views)
  }

  /// Each pair in each epoch.
  package var exampleCount: Int { pairs.count * epochs }

  /// The number of these examples.
  package func weight(of examples: [Int]) -> Float { Float(examples.count) }

  /// The mean of both directions over the pairs of a part.
  package func loss(
    of examples: [Int], under model: Model, total: Float
  ) -> (loss: Tensor, metrics: StepMetrics) {
    let part = examples.map { pairs[$0 % pairs.count] }
    let images = model.imageVectors(zip(part, examples).map { views.view(of: $0.image, in: $1) })
    let texts = model.textVectors(part.map(\.caption))
    let count = part.count
    let others = Tensor(shape: [count, count]) { out in
      for row in 0..<count {
        for column in 0..<count {
          out[row * count + column] =
            row != column && part[row].imageNumber == part[column].imageNumber ? -1e9 : 0
        }
      }
    }
    let own = Tensor(shape: [count, count]) { out in
      out.update(repeating: 0)
      for row in 0..<count { out[row * count + row] = 1 }
    }
    let scores = images.matmul(texts, transposeB: true) / temperature + others
    let found = (scores.logSoftmax() + scores.permuted([1, 0]).logSoftmax()) * own
    return (-found.sum() / (2 * total), StepMetrics())
  }
}

/// A caption with its image.
package struct ContrastivePair: Sendable {
  /// The image's pixels.
  package var image: PromptImage
  /// Which image it is: pairs of one image are no negatives of each other.
  package var imageNumber: Int
  /// The caption's tokens, at least one.
  package var caption: [Int]

  package init(image: PromptImage, imageNumber: Int, caption: [Int]) {
    (self.image, self.imageNumber, self.caption) = (image, imageNumber, caption)
  }
}
