package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
internal import Tensor
package import VisionEncoder

/// The sizes of an InternVL model in the layout of transformers ("-hf" folders), with the keys of its config.json.
package struct InternVLConfiguration: FamilyConfiguration, ModelConfiguration {
  package var vision = InternVisionConfiguration()
  package var text = LlamaConfiguration(kind: .qwen2)
  /// The token that stands for one row of image features. The default is 151,667.
  package var imageToken = 151_667
  /// How many patches along each side become one image token (1 / `downsample_ratio`). The default is 2.
  package var scaleFactor = 2
  /// Between the two maps of the projector. The default is GELU.
  package var projectorActivation = Activation.gelu

  /// The defaults of transformers.
  package init() { text.tiesEmbeddings = true }

  /// Image tokens of one tile.
  package var tokensPerTile: Int { (vision.side / scaleFactor) * (vision.side / scaleFactor) }

  package static let fields: [ModelField<InternVLConfiguration>] = [
    .written("model_type") { _ in "internvl" },
    .written("architectures") { _ in ["InternVLForConditionalGeneration"] },
    ModelField("vision_config", \.vision),
    ModelField("text_config", \.text),
    ModelField("image_token_id", or: "image_token_index", \.imageToken),
    .written("downsample_ratio") { 1 / Double($0.scaleFactor) },
    ModelField("projector_hidden_act", \.projectorActivation),
    .only("vision_feature_layer", -1, isWritten: false),
    .only("vision_feature_select_strategy", "default", isWritten: false),
    .written("tie_word_embeddings") { $0.text.tiesEmbeddings },
    // The processor's.
    .known("image_seq_length"),
  ]

  /// Reads whether the head is the token table, which it is where the file does not say, and the pixel shuffle.
  package mutating func complete(from file: ConfigJSON) throws {
    // What the decoder's part says of it goes unread in transformers 5.24 too.
    text.tiesEmbeddings = try file["tie_word_embeddings"] ?? true
    let ratio: Double = try file["downsample_ratio"] ?? 1 / Double(scaleFactor)
    guard ratio > 0, ratio <= 1, 1 / ratio <= 64, (1 / ratio).rounded() * ratio == 1 else {
      throw file.refusal("downsample_ratio", "downsample_ratio \(ratio) must be 1 by a whole number up to 64")
    }
    scaleFactor = Int((1 / ratio).rounded())
    guard vision.side % scaleFactor == 0 else {
      throw file.refusal(
        "downsample_ratio",
        "downsample_ratio \(ratio) must divide the \(vision.side) patches along a tile's side by a whole number")
    }
  }

  /// InternVL.
  package static var modelTypes: [String] { ["internvl"] }
  /// The names of published files, which transformers 5 writes too.
  package static var weightLayouts: [WeightLayout] {
    [
      WeightLayout([
        "model.language_model.": "language_model.model.", "lm_head.": "language_model.lm_head.", "model.": "",
      ])
    ]
  }
  package var placeholderToken: Int? { imageToken }
  /// Rows of features of an image: the same number for every tile.
  package func tokenCount(of image: PromptImage) -> Int {
    switch image.content {
    case .features(let features): features.shape[0]
    case .pixels(let pixels): pixels.shape[0] * tokensPerTile
    }
  }

  package var tower: TowerSize? {
    let patches = vision.side * vision.side
    let joined = vision.hiddenSize * scaleFactor * scaleFactor
    return TowerSize(
      layers: vision.layers, width: vision.hiddenSize, innerWidth: vision.intermediateSize,
      otherWeights: vision.hiddenSize * (3 * vision.patchSize * vision.patchSize + patches + 2)
        + text.hiddenSize * (joined + text.hiddenSize), patches: patches, tokens: tokensPerTile)
  }

  /// Reads preprocessor_config.json, or what processor_config.json says of images.
  ///
  /// - Throws: `ImageDecodingError`, or ``StudentError/unusableFile(_:expected:found:)`` where tiles have another size than
  ///   the tower takes.
  package func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)? {
    let path = try imageProcessorFile(in: folder)
    let processor = try GotOcr2ImageProcessor(contentsOf: path)
    try vision.checkTiles(of: processor.configuration.tileSide, path)
    try ProcessorAgreement.require(
      "image_seq_length", tokensPerTile, from: "image_size, patch_size and downsample_ratio", in: folder)
    return processor
  }
}
