import Foundation
import LanguageModel
import Layers
import StudentModels
import Tensor
import VisionEncoder

/// A matcher over a sentence model of a few words, made in a few milliseconds.
enum TinyMatcher {
  static let answers = ImageTextMatcherConfiguration.Answers(match: "No", mismatch: "No evidence")

  static var configuration: ImageTextMatcherConfiguration {
    var vision = ConvNeXtConfiguration()
    (vision.widths, vision.depths, vision.imageSize, vision.patchSize) = ([4, 6], [1, 1], 8, 2)
    vision.layerScale = 0.5
    return ImageTextMatcherConfiguration(vision: vision, answers: answers)
  }

  /// Writes the sentence model to `sentences` in this folder.
  static func matcher(in folder: URL, seed: UInt64 = 3) throws -> ImageTextMatcher {
    var generator = Tensor.Generator(seed: seed)
    let sentences = folder.appending(path: "sentences")
    let encoder = TinyText.loud(TextEncoder(TinyText.configuration(["a"]), using: &generator))
    try encoder.saveWeights(to: sentences)
    try JSONEncoder().encode(encoder.configuration).write(to: sentences.appending(path: "config.json"))
    try Data(TinyText.tokenizerJSON.utf8).write(to: sentences.appending(path: "tokenizer.json"))
    return try ImageTextMatcher(configuration, sentences: sentences, using: &generator)
  }

  static func image(_ seed: UInt64) -> PromptImage {
    var generator = Tensor.Generator(seed: seed)
    return .pixels(.normal([1, 3, 8, 8], using: &generator))
  }
}
