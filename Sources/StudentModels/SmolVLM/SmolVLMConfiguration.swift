package import Foundation
package import ImageDecoding
package import LanguageModel
package import VisionEncoder

/// The sizes of a SmolVLM or Idefics3 model, with the keys of its config.json.
package struct SmolVLMConfiguration: FamilyConfiguration {
  /// "idefics3" (SmolVLM) or "smolvlm" (SmolVLM2).
  package var modelType = "idefics3"
  /// The vision tower.
  package var vision = SigLIPConfiguration()
  /// The decoder.
  package var text = LlamaConfiguration()
  /// How many patches along each side become one image token. The default is 2.
  package var scaleFactor = 2
  /// The token that stands for one row of image features.
  package var imageToken = 128_257

  /// The defaults of transformers.
  package init() {}

  /// Image tokens of one tile.
  package var tokensPerTile: Int { (vision.side / scaleFactor) * (vision.side / scaleFactor) }

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case vision = "vision_config"
    case text = "text_config"
    case scaleFactor = "scale_factor"
    case imageToken = "image_token_id"
    case tiesEmbeddings = "tie_word_embeddings"
    case architectures
  }

  /// Reads config.json. `tie_word_embeddings` stands beside the parts or inside `text_config`; the outer one wins.
  package init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    modelType = try keys.decodeIfPresent(String.self, forKey: .modelType) ?? modelType
    vision = try keys.decodeIfPresent(SigLIPConfiguration.self, forKey: .vision) ?? vision
    text = try keys.decodeIfPresent(LlamaConfiguration.self, forKey: .text) ?? text
    scaleFactor = try keys.decodeIfPresent(Int.self, forKey: .scaleFactor) ?? scaleFactor
    imageToken = try keys.decodeIfPresent(Int.self, forKey: .imageToken) ?? imageToken
    text.tiesEmbeddings = try keys.decodeIfPresent(Bool.self, forKey: .tiesEmbeddings) ?? text.tiesEmbeddings
    guard scaleFactor > 0, vision.side % scaleFactor == 0, vision.side > 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .scaleFactor, in: keys,
        debugDescription: "scale_factor \(scaleFactor) must divide the \(vision.side) patches along a tile's side")
    }
  }

  /// Writes config.json.
  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(modelType, forKey: .modelType)
    try keys.encode(["Idefics3ForConditionalGeneration"], forKey: .architectures)
    try keys.encode(vision, forKey: .vision)
    try keys.encode(text, forKey: .text)
    try keys.encode(scaleFactor, forKey: .scaleFactor)
    try keys.encode(imageToken, forKey: .imageToken)
    try keys.encode(text.tiesEmbeddings, forKey: .tiesEmbeddings)
  }

  /// Idefics3's name stands in the files of SmolVLM too, SmolVLM2 has its own.
  package static var modelTypes: [String] { ["idefics3", "smolvlm"] }
  /// All files in circulation have the same names.
  package static var weightLayouts: [WeightLayout] { [] }
  /// The token that stands for one row of image features.
  package var placeholderToken: Int? { imageToken }
  /// The size of the vision tower.
  package var tower: TowerSize? {
    let below = 3 * vision.patchSize * vision.patchSize + vision.side * vision.side
    return TowerSize(
      layers: vision.layers, width: vision.hiddenSize, innerWidth: vision.intermediateSize,
      otherWeights: vision.hiddenSize * (below + scaleFactor * scaleFactor * text.hiddenSize),
      patches: vision.side * vision.side, tokens: tokensPerTile)
  }

  /// Reads preprocessor_config.json, or what processor_config.json says of images.
  ///
  /// - Throws: `ImageDecodingError`, or ``StudentError/unusableFile(_:expected:found:)`` where tiles have another size than
  ///   the tower takes.
  package func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)? {
    let path = try imageProcessorFile(in: folder)
    let processor = try Idefics3ImageProcessor(contentsOf: path)
    let side = processor.configuration.tileSide
    guard side == vision.imageSize else {
      throw StudentError.unusableFile(
        path, expected: "tiles of \(vision.imageSize) pixels, the vision tower's", found: "\(side)")
    }
    return processor
  }
}
