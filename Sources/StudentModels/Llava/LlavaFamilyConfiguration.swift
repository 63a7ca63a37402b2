package import LanguageModel
package import Layers
package import VisionEncoder

/// What the config.json of LLaVA and of LLaVA-NeXT have in common: a CLIP tower, a projector of two maps, a decoder.
package protocol LlavaFamilyConfiguration: FamilyConfiguration, ModelConfiguration {
  /// What `model_type` says.
  static var modelType: String { get }
  /// What `architectures` says.
  static var architecture: String { get }
  var vision: CLIPConfiguration { get set }
  var text: LlamaConfiguration { get set }
  /// The token that stands for one row of image features.
  var imageToken: Int { get set }
  /// Which of the tower's hidden rows are features: 0 before the first layer, -1 after the last.
  var featureLayer: Int { get set }
  /// Between the two maps of the projector.
  var projectorActivation: Activation { get set }
  /// Whether the projector's maps have offsets.
  var projectorBias: Bool { get set }
}

extension LlavaFamilyConfiguration {
  package static var modelTypes: [String] { [modelType] }

  package static var fields: [ModelField<Self>] {
    [
      .written("model_type") { _ in modelType },
      .written("architectures") { _ in [architecture] },
      ModelField("vision_config", \.vision),
      ModelField("text_config", \.text),
      ModelField("image_token_index", or: "image_token_id", \.imageToken),
      ModelField("vision_feature_layer", \.featureLayer),
      .only("vision_feature_select_strategy", "default"),
      ModelField("projector_hidden_act", \.projectorActivation),
      ModelField("multimodal_projector_bias", \.projectorBias),
      ModelField("tie_word_embeddings", \.text.tiesEmbeddings),
      // The processor's, or the decoder's.
      .known("image_grid_pinpoints", "image_seq_length", "vocab_size", "hidden_size"),
      .only("use_image_newline_parameter", true, isWritten: false),
    ]
  }

  /// The names of published files, and of those that transformers 5 writes.
  package static var weightLayouts: [WeightLayout] {
    ["vision_tower.vision_model.", "vision_tower."].map { tower in
      WeightLayout([
        "model.language_model.": "language_model.model.", "lm_head.": "language_model.lm_head.",
        "model.vision_tower.": tower, "model.": "",
      ])
    } + [WeightLayout(["model.vision_tower.": "model.vision_tower.vision_model."])]
  }

  package var placeholderToken: Int? { imageToken }

  /// Layers of the tower that are computed.
  package var towerDepth: Int { featureLayer >= 0 ? featureLayer : vision.layers + 1 + featureLayer }

  package var tower: TowerSize? {
    let patches = vision.side * vision.side
    let below = 3 * vision.patchSize * vision.patchSize + patches + 2
    return TowerSize(
      layers: vision.layers, width: vision.hiddenSize, innerWidth: vision.intermediateSize,
      otherWeights: vision.hiddenSize * below + text.hiddenSize * (vision.hiddenSize + text.hiddenSize),
      patches: patches, tokens: patches)
  }

  /// - Throws: `DecodingError` where the tower has no such feature layer.
  func checkFeatureLayer(in file: ConfigJSON) throws {
    guard (0...vision.layers).contains(towerDepth) else {
      throw file.refusal(
        "vision_feature_layer", "vision_feature_layer \(featureLayer) of a tower of \(vision.layers) layers")
    }
  }
}
