package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import VisionEncoder

/// The sizes of a Gemma 3 model that reads images, with the keys of its config.json.
package struct Gemma3Configuration: FamilyConfiguration, ModelConfiguration {
  package var vision = SigLIPConfiguration.standalone
  package var text = LlamaConfiguration(kind: .gemma3)
  /// The token that stands for one row of image features. The default is 262,144.
  package var imageToken = 262_144
  /// The token that begins an image, which the chat template writes for it. The default is 255,999.
  package var beginToken = 255_999
  /// The token that ends an image. The default is 256,000.
  package var endToken = 256_000
  /// Rows of features of an image, a square number. The default is 256.
  package var tokensPerImage = 256

  /// The defaults of transformers.
  package init() {}

  /// Squares of patches along a side, each of which gives a row of features.
  var squares: Int { Int(Double(tokensPerImage).squareRoot()) }

  package static let fields: [ModelField<Gemma3Configuration>] = [
    .written("model_type") { _ in "gemma3" },
    .written("architectures") { _ in ["Gemma3ForConditionalGeneration"] },
    .written("vision_config") { $0.vision },
    .written("text_config") { $0.text },
    ModelField("image_token_index", or: "image_token_id", \.imageToken),
    ModelField("boi_token_index", or: "boi_token_id", \.beginToken),
    ModelField("eoi_token_index", or: "eoi_token_id", \.endToken),
    ModelField("mm_tokens_per_image", \.tokensPerImage, in: 1...(1 << 16)),
    .written("tie_word_embeddings") { $0.text.tiesEmbeddings },
  ]

  /// Reads the parts, of which keys with the default of their class may be missing.
  package mutating func complete(from file: ConfigJSON) throws {
    if let part = try file.part("vision_config") {
      vision = try SigLIPConfiguration(from: part, defaults: .standalone)
    }
    if let part = try file.part("text_config") { text = try LlamaConfiguration(from: part, unnamed: .gemma3) }
    guard text.kind == .gemma3 else {
      throw file.refusal("text_config", "model_type \"\(text.kind.rawValue)\" of the decoder must be gemma3_text")
    }
    // Its class computes none, whatever the decoder's part says.
    text.logitCap = nil
    text.tiesEmbeddings = try file["tie_word_embeddings"] ?? true
    guard squares * squares == tokensPerImage, vision.side % squares == 0 else {
      throw file.refusal(
        "mm_tokens_per_image",
        "mm_tokens_per_image \(tokensPerImage) must be the square of a number that divides the \(vision.side) patches "
          + "along a side")
    }
  }

  /// Gemma 3 with images; ``TextDecoderConfiguration`` has the decoder alone.
  package static var modelTypes: [String] { ["gemma3"] }
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
  package var templateToken: Int? { beginToken }
  /// The same for every image.
  package func tokenCount(of image: PromptImage) -> Int { tokensPerImage }

  package var tower: TowerSize? {
    let patches = vision.side * vision.side
    let below = 3 * vision.patchSize * vision.patchSize + patches
    return TowerSize(
      layers: vision.layers, width: vision.hiddenSize, innerWidth: vision.intermediateSize,
      otherWeights: vision.hiddenSize * (below + text.hiddenSize), patches: patches, tokens: tokensPerImage)
  }

  /// Reads preprocessor_config.json, or what processor_config.json says of images.
  ///
  /// - Throws: `ImageDecodingError`, or ``StudentError/unusableFile(_:expected:found:)`` where images get another size than
  ///   the tower takes.
  package func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)? {
    let path = try imageProcessorFile(in: folder)
    let processor = try CLIPImageProcessor(contentsOf: path)
    let grid = processor.configuration
    guard grid.cropWidth == nil, grid.size == .exactly(width: vision.imageSize, height: vision.imageSize) else {
      throw StudentError.unusableFile(
        path,
        expected:
          "a size of \(vision.imageSize) by \(vision.imageSize) pixels, as config.json says of the vision tower",
        found: grid.size.map { "\($0)" } ?? "none")
    }
    try ProcessorAgreement.require("image_seq_length", tokensPerImage, from: "mm_tokens_per_image", in: folder)
    return processor
  }
}
