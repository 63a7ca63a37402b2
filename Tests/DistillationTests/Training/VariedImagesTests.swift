import Distillation
import Layers
import Student
import Tensor
import Testing

@Suite("Photos that are seen another way each time")
struct VariedImagesTests {
  private let pixels = Tensor((0..<32).map(Float.init), shape: [1, 2, 4, 4])

  @Test("The whole image is itself; a mirror turns each row")
  func whole() {
    let whole = ImageWindow(share: 1, left: 0, top: 0, isMirrored: false)
    #expect(whole.cut(from: pixels).isIdentical(to: pixels))
    let mirrored = ImageWindow(share: 1, left: 0, top: 0, isMirrored: true).cut(from: pixels)
    #expect(Array(mirrored.scalars[0..<8]) == [3, 2, 1, 0, 7, 6, 5, 4])
  }

  @Test("A window lies between the pixels: a ramp stays a ramp, less steep")
  func window() {
    let part = ImageWindow(share: 0.75, left: 0.5, top: 0.25, isMirrored: false).cut(from: pixels)
    #expect(Array(part.scalars[0..<5]) == [1.5, 2.25, 3, 3.75, 4.5])
    #expect(part.shape == pixels.shape)
  }

  @Test("Random windows lie within the image and differ")
  func random() {
    var generator = Tensor.Generator(seed: 1)
    let windows = (0..<200).map { _ in ImageWindow(of: [1, 3, 64, 48], using: &generator) }
    #expect(
      windows.allSatisfy { $0.share >= 0.75 && $0.left + $0.share * 47 <= 47.001 && $0.top + $0.share * 63 <= 63.001 })
    #expect(windows.allSatisfy { $0.left >= 0 && $0.top >= 0 } && Set(windows.map(\.left)).count > 150)
    #expect((60...140).contains(windows.count { $0.isMirrored }))
  }

  @Test("A student sees other pixels with each seed, the same with the same, and kept features as they are")
  func student() throws {
    let model = try TinyModels.student()
    var generator = Tensor.Generator(seed: 3)
    let photo = PromptImage.pixels(Tensor.normal([1, 3, 16, 16], using: &generator))
    func vectors(_ seed: UInt64?) -> Tensor { VariedImages(student: model, seed: seed).imageVectors([photo]) }
    #expect(vectors(nil).isIdentical(to: model.imageVectors([photo])))
    #expect(vectors(1).isIdentical(to: vectors(1)) && !vectors(1).isIdentical(to: vectors(2)))

    let tree = try model.tree(question: "Is it?", images: [photo], answers: ["Yes"])
    func scores(_ tree: AnswerTree, _ seed: UInt64?) -> Tensor {
      VariedImages(student: model, seed: seed).logProbabilities(of: [tree]).logProbabilities
    }
    #expect(!scores(tree, 1).isIdentical(to: scores(tree, nil)))
    var kept = tree
    kept.images = [model.encoded(photo)]
    #expect(scores(kept, 1).isIdentical(to: scores(kept, nil)))
  }
}
