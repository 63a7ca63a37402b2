import Foundation
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing

/// Models of every family against transformers; `Golden/make_families.py` says how the figures were made.
@Suite struct FamilyGoldenTests {
  struct Case: Decodable, CustomTestStringConvertible {
    struct Image: Decodable {
      var shape: [Int]
      var rows: Int?
      var columns: Int?
      var width: Int?
      var height: Int?
    }
    var name: String
    var config: String
    var ids: [Int]
    var images: [Image]
    var logits: [[Float]]

    var testDescription: String { name }

    func configuration<Configuration: Decodable>() throws -> Configuration {
      try JSONDecoder().decode(Configuration.self, from: Data(config.utf8))
    }

    /// Sample k of an image is sin(0.3 (k + 1)).
    var promptImages: [PromptImage] {
      images.map { image in
        let count = image.shape.reduce(1, *)
        let samples = Tensor((1...count).map { Float(sin(0.3 * Double($0))) }, shape: image.shape)
        return PromptImage(
          .pixels(samples), rows: image.rows ?? 0, columns: image.columns ?? 0, width: image.width ?? 0,
          height: image.height ?? 0)
      }
    }
  }

  static let cases = goldenCases(of: "families", as: Case.self)

  @Test func `the golden file has every family`() {
    #expect(Self.cases.count == 20)
  }

  @Test(arguments: cases) func `logits are those of transformers`(golden: Case) throws {
    switch golden.name {
    case "smolvlm": try check(golden, SmolVLMModel.self)
    case "qwen2_vl": try check(golden, QwenVLModel<Qwen2VLConfiguration>.self)
    case "qwen2_5_vl": try check(golden, QwenVLModel<Qwen25VLConfiguration>.self)
    case "qwen3_vl": try check(golden, QwenVLModel<Qwen3VLConfiguration>.self)
    case "llava": try check(golden, LlavaModel.self)
    case "internvl", "internvl, norms": try check(golden, InternVLModel.self)
    case "llava_next": try check(golden, LlavaNextModel.self)
    case "gemma3": try check(golden, Gemma3Model.self)
    default: try check(golden, TextDecoderModel.self)
    }
  }

  private func check<Model: FamilyModel>(_ golden: Case, _ type: Model.Type) throws {
    var generator = Tensor.Generator(seed: 1)
    var model = try Model(golden.configuration(), using: &generator)
    var waves = Waves()
    model.visit(&waves, at: "")
    let expected = Tensor(golden.logits.flatMap { $0 }, shape: [golden.ids.count, golden.logits[0].count])
    let images = golden.promptImages
    expectClose(model.logits(of: golden.ids, images: images), expected, relative: 0, absolute: 5e-5)
    // The same as an answer's log-probabilities, from pixels and from features that were kept.
    let start = golden.ids.count - 2
    let rows = (0..<2).map { expected.rows((start - 1 + $0)..<(start + $0)).logSoftmax().scalars }
    let wanted = (0..<2).map { rows[$0][golden.ids[start + $0]] }
    let kept = images.map { image in PromptImage(.features(model.features(ofPixels: [image])[0]), like: image) }
    for images in [images, kept] {
      let tree = AnswerTree(
        prompt: Array(golden.ids[..<start]), images: images, answers: [Array(golden.ids[start...]), [golden.ids[0]]])
      let scores = model.logProbabilities(of: [tree]).logProbabilities.scalars
      for (score, expected) in zip(scores, wanted) { #expect(abs(score - expected) < 1e-4) }
    }
  }

  /// Weight k is scale · sin(bytes of the path + 0.7 (k + 1)), around 1 for the scales of norms.
  struct Waves: ModuleVisitor {
    mutating func visit(_ parameter: inout Parameter, at path: String) {
      let start = Double(path.utf8.reduce(0) { $0 + Int($1) })
      let isFlat = parameter.value.rank == 1
      let (middle, scale) = (isFlat && path.hasSuffix("weight") ? 1.0 : 0, isFlat ? 0.2 : 0.3)
      parameter.value.mutateScalars { values in
        for k in values.indices { values[k] = Float(middle + scale * sin(start + 0.7 * Double(k + 1))) }
      }
    }
  }
}

extension PromptImage {
  /// Another content in the place of an image's own.
  init(_ content: Content, like image: PromptImage) {
    self.init(content, rows: image.rows, columns: image.columns, width: image.width, height: image.height)
  }
}
