package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import VisionEncoder

/// The sizes of a LLaVA-NeXT model, with the keys of its config.json.
package struct LlavaNextConfiguration: FamilyConfiguration, ModelConfiguration {
  package var vision = CLIPConfiguration()
  package var text = LlamaConfiguration()
  /// The token that stands for one row of image features. The default is 32,000.
  package var imageToken = 32_000
  /// Which of the tower's hidden rows are features: 0 before the first layer, -1 after the last. The default is -2.
  package var featureLayer = -2
  /// Between the two maps of the projector. The default is GELU.
  package var projectorActivation = Activation.gelu
  /// Whether the projector's maps have offsets. The default is true.
  package var projectorBias = true

  /// The defaults of transformers.
  package init() {}

  /// Layers of the tower that are computed.
  package var towerDepth: Int { featureLayer >= 0 ? featureLayer : vision.layers + 1 + featureLayer }

  package static let fields: [ModelField<LlavaNextConfiguration>] = [
    .written("model_type") { _ in "llava_next" },
    .written("architectures") { _ in ["LlavaNextForConditionalGeneration"] },
    ModelField("vision_config", \.vision),
    ModelField("text_config", \.text),
    ModelField("image_token_index", or: "image_token_id", \.imageToken),
    ModelField("vision_feature_layer", \.featureLayer),
    .only("vision_feature_select_strategy", "default"),
    ModelField("projector_hidden_act", \.projectorActivation),
    ModelField("multimodal_projector_bias", \.projectorBias),
    ModelField("tie_word_embeddings", \.text.tiesEmbeddings),
    .only("use_image_newline_parameter", true, isWritten: false),
    // The processor's, or the decoder's.
    .known("image_grid_pinpoints", "image_seq_length", "vocab_size", "hidden_size"),
  ]

  /// A feature layer that the tower has.
  package func complete(from file: ConfigJSON) throws {
    guard (0...vision.layers).contains(towerDepth) else {
      throw file.refusal(
        "vision_feature_layer", "vision_feature_layer \(featureLayer) of a tower of \(vision.layers) layers")
    }
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
  package var placeholderToken: Int? { imageToken }
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
    try vision.checkTiles(of: processor.configuration.tileSide, path)
    return processor
  }
}
