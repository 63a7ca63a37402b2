import Distillation
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing

@Suite struct ImageViewTests {
  private func pixels(_ image: PromptImage) -> [Float] {
    guard case .pixels(let pixels) = image.content else { return [] }
    return pixels.scalars
  }

  @Test func `each example sees an image in a way of its own, and the same one in every run`() {
    let image = PromptImage.pixels(randomTensor([1, 3, 6, 6], seed: 1))
    let (views, again) = (ImageViews(shift: 2, seed: 4), ImageViews(shift: 2, seed: 4))
    let seen = (0..<8).map { pixels(views.view(of: image, in: $0)) }
    #expect(seen == (0..<8).map { pixels(again.view(of: image, in: $0)) })
    #expect(Set(seen).count > 4)
    #expect(pixels(ImageViews(shift: 0, seed: 4).view(of: image, in: 3)) == pixels(image))
  }

  @Test func `a shift moves pixels, repeats the border and mirrors`() {
    let pixels = Tensor([1, 2, 3, 4, 5, 6], shape: [1, 1, 2, 3])
    #expect(pixels.shifted(x: 1, y: 0, isMirrored: false).scalars == [1, 1, 2, 4, 4, 5])
    #expect(pixels.shifted(x: 0, y: -1, isMirrored: false).scalars == [4, 5, 6, 4, 5, 6])
    #expect(pixels.shifted(x: 1, y: 0, isMirrored: true).scalars == [2, 1, 1, 5, 4, 4])
  }

  @Test func `an objective over epochs has each pair once in each`() throws {
    let student = try TinyModels.student()
    let pairs = (0..<3).map {
      ContrastivePair(
        image: .pixels(randomTensor([1, 3, 16, 16], seed: $0)), imageNumber: Int($0), caption: [5, 6 + Int($0)])
    }
    let (one, three) = (ContrastiveObjective<SmolVLM>(pairs), ContrastiveObjective<SmolVLM>(pairs, epochs: 3))
    #expect(three.exampleCount == 9)
    #expect(
      one.loss(of: [0, 2], under: student, total: 2).loss.scalar
        == three.loss(of: [3, 8], under: student, total: 2).loss.scalar)
  }
}
