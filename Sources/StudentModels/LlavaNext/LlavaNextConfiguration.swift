package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import VisionEncoder

/// The sizes of a LLaVA-NeXT model, with the keys of its config.json.
package struct LlavaNextConfiguration: FamilyConfiguration {
  /// The vision tower.
  package var vision = CLIPConfiguration()
  /// The decoder.
  package var text = LlamaConfiguration()
  /// The token that stands for one row of image features. The default is 32,000.
  package var imageToken = 32_000
  /// Which of the tower's hidden rows are features: 0 before the first layer, -1 after the last. The default is -2.
  package var featureLayer = -2
  /// Between the two maps of the projector. The default is GELU.
  package var projectorActivation = Activation.gelu
  /// Whether the projector's maps have offsets. The default is true.
  package var projectorBias = true

  /// The sizes of the parts.
  package init(vision: CLIPConfiguration, text: LlamaConfiguration, imageToken: Int) {
    (self.vision, self.text, self.imageToken) = (vision, text, imageToken)
  }

  /// Layers of the tower that are computed.
  package var towerDepth: Int { featureLayer >= 0 ? featureLayer : vision.layers + 1 + featureLayer }

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case vision = "vision_config"
    case text = "text_config"
    case imageToken = "image_token_index"
    /// The newer name of `image_token_index`.
    case imageTokenID = "image_token_id"
    case featureLayer = "vision_feature_layer"
    case strategy = "vision_feature_select_strategy"
    case projectorActivation = "projector_hidden_act"
    case projectorBias = "multimodal_projector_bias"
    case tiesEmbeddings = "tie_word_embeddings"
    case pinpoints = "image_grid_pinpoints"
    case architectures
  }

  /// Reads config.json.
  ///
  /// - Throws: `DecodingError` where the file asks for what this model does not compute.
  package init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    vision = try keys.decodeIfPresent(CLIPConfiguration.self, forKey: .vision) ?? vision
    text = try keys.decodeIfPresent(LlamaConfiguration.self, forKey: .text) ?? text
    imageToken =
      try keys.decodeIfPresent(Int.self, forKey: .imageToken)
      ?? keys.decodeIfPresent(Int.self, forKey: .imageTokenID) ?? imageToken
    featureLayer = try keys.decodeIfPresent(Int.self, forKey: .featureLayer) ?? featureLayer
    projectorActivation = try keys.decodeIfPresent(Activation.self, forKey: .projectorActivation) ?? projectorActivation
    projectorBias = try keys.decodeIfPresent(Bool.self, forKey: .projectorBias) ?? projectorBias
    text.tiesEmbeddings = try keys.decodeIfPresent(Bool.self, forKey: .tiesEmbeddings) ?? text.tiesEmbeddings
    let strategy = try keys.decodeIfPresent(String.self, forKey: .strategy) ?? "default"
    guard strategy == "default" else {
      throw DecodingError.dataCorruptedError(
        forKey: .strategy, in: keys,
        debugDescription: "vision_feature_select_strategy \"\(strategy)\" is not computed here; \"default\" is")
    }
    guard (0...vision.layers).contains(towerDepth) else {
      throw DecodingError.dataCorruptedError(
        forKey: .featureLayer, in: keys,
        debugDescription: "vision_feature_layer \(featureLayer) of a tower of \(vision.layers) layers")
    }
  }

  /// Writes config.json.
  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode("llava_next", forKey: .modelType)
    try keys.encode(["LlavaNextForConditionalGeneration"], forKey: .architectures)
    try keys.encode(vision, forKey: .vision)
    try keys.encode(text, forKey: .text)
    try keys.encode(imageToken, forKey: .imageToken)
    try keys.encode(featureLayer, forKey: .featureLayer)
    try keys.encode("default", forKey: .strategy)
    try keys.encode(projectorActivation, forKey: .projectorActivation)
    try keys.encode(projectorBias, forKey: .projectorBias)
    try keys.encode(text.tiesEmbeddings, forKey: .tiesEmbeddings)
  }

  /// LLaVA-NeXT, also known as LLaVA 1.6.
  package static var modelTypes: [String] { ["llava_next"] }
  /// The names of published files, and of those that transformers 5 writes.
  package static var weightLayouts: [WeightLayout] {
    ["vision_tower.vision_model.", "vision_tower."].map { tower in
      WeightLayout([
        "model.language_model.": "language_model.model.", "lm_head.": "language_model.lm_head.",
        "model.vision_tower.": tower, "model.": "",
      ])
    } + [WeightLayout(["model.vision_tower.": "model.vision_tower.vision_model."])]
  }
  /// The token that stands for one row of image features.
  package var placeholderToken: Int? { imageToken }
  /// The size of the vision tower.
  package var tower: TowerSize? {
    let patches = vision.side * vision.side
    let below = 3 * vision.patchSize * vision.patchSize + patches + 2
    return TowerSize(
      layers: vision.layers, width: vision.hiddenSize, innerWidth: vision.intermediateSize,
      otherWeights: vision.hiddenSize * below + text.hiddenSize * (vision.hiddenSize + text.hiddenSize),
      patches: patches, tokens: patches)
  }

  /// Reads preprocessor_config.json, or what processor_config.json says of images.
  ///
  /// - Throws: `ImageDecodingError`, or ``StudentError/unusableFile(_:expected:found:)`` where tiles have another size than
  ///   the tower takes.
  package func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)? {
    let path = try imageProcessorFile(in: folder)
    let processor = try LlavaNextImageProcessor(contentsOf: path)
    let side = processor.configuration.tileSide
    guard side == vision.imageSize else {
      throw StudentError.unusableFile(
        path, expected: "tiles of \(vision.imageSize) pixels, the vision tower's", found: "\(side)")
    }
    return processor
  }
}
