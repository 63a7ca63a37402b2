package import Foundation
package import ImageDecoding
package import LanguageModel
package import VisionEncoder

/// The sizes of a Qwen2-VL model, with the keys of its config.json.
package struct Qwen2VLConfiguration: FamilyConfiguration {
  /// The vision tower.
  package var vision = Qwen2VisionConfiguration()
  /// The decoder.
  package var text = LlamaConfiguration()
  /// The token that stands for one row of image features. The default is 151,655.
  package var imageToken = 151_655

  /// The sizes of the parts.
  package init(vision: Qwen2VisionConfiguration, text: LlamaConfiguration, imageToken: Int) {
    (self.vision, self.text, self.imageToken) = (vision, text, imageToken)
  }

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case vision = "vision_config"
    case text = "text_config"
    case imageToken = "image_token_id"
    case tiesEmbeddings = "tie_word_embeddings"
    case architectures
  }

  /// Reads config.json, whose decoder's sizes stand in `text_config`, or at the top as in published files.
  package init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    vision = try keys.decodeIfPresent(Qwen2VisionConfiguration.self, forKey: .vision) ?? vision
    text = try keys.decodeIfPresent(LlamaConfiguration.self, forKey: .text) ?? LlamaConfiguration(from: decoder)
    imageToken = try keys.decodeIfPresent(Int.self, forKey: .imageToken) ?? imageToken
    // Versions of transformers before 5 said it in the decoder's part, and 5.24 goes by either.
    let ties = try keys.decodeIfPresent(Bool.self, forKey: .tiesEmbeddings) ?? false
    text.tiesEmbeddings = ties || text.tiesEmbeddings
    // Offsets before the attention are the family's, whatever the decoder's part is called.
    text.biases = .inputs
    guard vision.hiddenSize == text.hiddenSize else {
      throw DecodingError.dataCorruptedError(
        forKey: .vision, in: keys,
        debugDescription: "the tower's hidden_size \(vision.hiddenSize) must be the decoder's \(text.hiddenSize)")
    }
  }

  /// Writes config.json, the decoder's sizes in `text_config`.
  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode("qwen2_vl", forKey: .modelType)
    try keys.encode(["Qwen2VLForConditionalGeneration"], forKey: .architectures)
    try keys.encode(vision, forKey: .vision)
    try keys.encode(text, forKey: .text)
    try keys.encode(imageToken, forKey: .imageToken)
    try keys.encode(text.tiesEmbeddings, forKey: .tiesEmbeddings)
  }

  /// Qwen2-VL.
  package static var modelTypes: [String] { ["qwen2_vl"] }
  /// The names of published files.
  package static var weightLayouts: [WeightLayout] {
    [WeightLayout(["model.visual.": "visual.", "model.language_model.": "model."])]
  }
  /// The token that stands for one row of image features.
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
