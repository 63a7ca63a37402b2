package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import VisionEncoder

/// The sizes of a Qwen2-VL model, with the keys of its config.json.
package struct Qwen2VLConfiguration: FamilyConfiguration, ModelConfiguration {
  package var vision = Qwen2VisionConfiguration()
  package var text = LlamaConfiguration()
  /// The token that stands for one row of image features. The default is 151,655.
  package var imageToken = 151_655

  /// The defaults of transformers.
  package init() {}

  package static let fields: [ModelField<Qwen2VLConfiguration>] = [
    .written("model_type") { _ in "qwen2_vl" },
    .written("architectures") { _ in ["Qwen2VLForConditionalGeneration"] },
    ModelField("vision_config", \.vision),
    .written("text_config") { $0.text },
    ModelField("image_token_id", \.imageToken),
    .written("tie_word_embeddings") { $0.text.tiesEmbeddings },
    // Published files keep the decoder's keys here.
    .known(LlamaConfiguration.names),
  ]

  /// Reads the decoder, whose sizes stand in `text_config`, or at the top as in published files.
  package mutating func complete(from file: ConfigJSON) throws {
    let part = try file.part("text_config")
    text = try LlamaConfiguration(from: part ?? file, besides: part == nil ? Self.names : [], unnamed: .qwen2)
    guard text.kind == .qwen2 else {
      throw file.refusal("text_config", "model_type \"\(text.kind.rawValue)\" of the decoder must be qwen2_vl_text")
    }
    // Versions of transformers before 5 said it in the decoder's part, and 5.24 goes by either.
    text.tiesEmbeddings = try file["tie_word_embeddings"] == true || text.tiesEmbeddings
    guard vision.hiddenSize == text.hiddenSize else {
      throw file.refusal(
        "vision_config", "the tower's hidden_size \(vision.hiddenSize) must be the decoder's \(text.hiddenSize)")
    }
  }

  /// Qwen2-VL.
  package static var modelTypes: [String] { ["qwen2_vl"] }
  package static var weightLayouts: [WeightLayout] {
    [WeightLayout(["model.visual.": "visual.", "model.language_model.": "model."])]
  }
  package var placeholderToken: Int? { imageToken }
  /// The size of the vision tower; a feature's block of patches counts as a tile, since images may have any number.
  package var tower: TowerSize? {
    let block = vision.mergeSize * vision.mergeSize
    let merged = vision.embeddingSize * block
    return TowerSize(
      layers: vision.layers, width: vision.embeddingSize, innerWidth: vision.innerSize,
      otherWeights: vision.embeddingSize * vision.patchValues + merged * (merged + vision.hiddenSize), patches: block,
      tokens: 1)
  }

  /// Reads preprocessor_config.json, or what processor_config.json says of images.
  ///
  /// - Throws: `ImageDecodingError`, or ``StudentError/unusableFile(_:expected:found:)`` where patches are cut in another
  ///   way than the tower takes them.
  package func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)? {
    let path = try imageProcessorFile(in: folder)
    let processor = try Qwen2VLImageProcessor(contentsOf: path)
    let (c, v) = (processor.configuration, vision)
    guard [c.patchSize, c.mergeSize, c.frames] == [v.patchSize, v.mergeSize, v.frames] else {
      throw StudentError.unusableFile(
        path, expected: "patches of \(v.patchSize) pixels, \(v.mergeSize) to a feature, \(v.frames) frames",
        found: "\(c.patchSize), \(c.mergeSize) and \(c.frames)")
    }
    return processor
  }
}
