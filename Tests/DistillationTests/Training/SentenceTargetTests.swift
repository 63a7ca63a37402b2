import Distillation
import Foundation
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct SentenceTargetTests {
  /// The mean of an image's pixels, channel by channel, brought to length 1.
  private struct Means: PairEncoder {
    func imageVectors(_ images: [PromptImage]) -> Tensor {
      let rows = images.map { image -> Tensor in
        guard case .pixels(let pixels) = image.content else { return .zeros([1, 3]) }
        return pixels.reshaped([3, -1]).mean(along: 1).reshaped([1, 3])
      }
      let all = Tensor.concatenated(rows)
      return all / all.squared().sum(along: 1, keepingAxis: true).squareRoot()
    }

    func textVectors(_ texts: [[Int]]) -> Tensor { .zeros([texts.count, 3]) }
  }

  private func objective(epochs: Int = 1, shift: Int = 0) -> SentenceTargetObjective<Means> {
    let images = (0..<3).map { PromptImage.pixels(randomTensor([1, 3, 4, 4], seed: $0)) }
    let captions = randomTensor([5, 3], seed: 9)
    return SentenceTargetObjective(
      images, captions: captions / captions.squared().sum(along: 1, keepingAxis: true).squareRoot(),
      owned: [0..<2, 2..<3, 3..<5], temperature: 0.5, epochs: epochs, shift: shift, seed: 4)
  }

  @Test func `an image is held against every caption, and its own share the target`() {
    let objective = objective()
    var sum = 0.0
    for (number, own) in objective.owned.enumerated() {
      let image = Means().imageVectors([objective.images[number]]).scalars.map(Double.init)
      let scores = (0..<5).map { caption in
        (0..<3).reduce(0) { $0 + image[$1] * Double(objective.captions[caption, $1]) } / 0.5
      }
      let whole = log(scores.reduce(0) { $0 + exp($1) })
      sum -= own.reduce(0) { $0 + scores[$1] - whole } / Double(own.count)
    }
    let loss = objective.loss(of: [0, 1, 2], under: Means(), total: 3).loss.scalar
    #expect(abs(Double(loss) - sum / 3) < 1e-5)
    // However an update is cut, its parts add up.
    let parts = [[0], [2, 1]].map { objective.loss(of: $0, under: Means(), total: 3).loss.scalar }
    #expect(abs(parts[0] + parts[1] - loss) < 1e-6)
  }

  @Test func `each epoch sees an image in a way of its own, and the same one in every run`() throws {
    func pixels(_ image: PromptImage) throws -> Tensor {
      guard case .pixels(let pixels) = image.content else { throw CancellationError() }
      return pixels
    }
    let (shifted, again, plain) = (objective(epochs: 4, shift: 1), objective(epochs: 4, shift: 1), objective(epochs: 4))
    #expect(shifted.exampleCount == 12 && shifted.weight(of: [1, 7]) == 2)
    for example in 0..<12 {
      #expect(try pixels(shifted.seen(example)).isIdentical(to: pixels(again.seen(example))))
      #expect(try pixels(plain.seen(example)).isIdentical(to: pixels(plain.images[example % 3])))
    }
    let views = try (0..<4).map { try pixels(shifted.seen(3 * $0)).scalars }
    #expect(Set(views).count > 1)
  }

  @Test func `a shift moves pixels, repeats the border and mirrors afterwards`() {
    let pixels = Tensor([1, 2, 3, 4, 5, 6], shape: [1, 1, 2, 3])
    #expect(pixels.shifted(x: 1, y: 0, isMirrored: false).scalars == [1, 1, 2, 4, 4, 5])
    #expect(pixels.shifted(x: 0, y: -1, isMirrored: false).scalars == [4, 5, 6, 4, 5, 6])
    #expect(pixels.shifted(x: 1, y: 0, isMirrored: true).scalars == [2, 1, 1, 5, 4, 4])
  }
}
