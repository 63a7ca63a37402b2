package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
internal import Tensor
package import VisionEncoder

/// The sizes of a SmolVLM or Idefics3 model, with the keys of its config.json.
package struct SmolVLMConfiguration: FamilyConfiguration, ModelConfiguration {
  /// "idefics3" (SmolVLM) or "smolvlm" (SmolVLM2).
  package var modelType = "idefics3"
  package var vision = SigLIPConfiguration()
  package var text = LlamaConfiguration()
  /// How many patches along each side become one image token. The default is 2.
  package var scaleFactor = 2
  /// The token that stands for one row of image features.
  package var imageToken = 128_257

  /// The defaults of transformers.
  package init() {}

  /// Image tokens of one tile.
  package var tokensPerTile: Int { (vision.side / scaleFactor) * (vision.side / scaleFactor) }

  package static let fields: [ModelField<SmolVLMConfiguration>] = [
    ModelField("model_type", \.modelType),
    .written("architectures") { _ in ["Idefics3ForConditionalGeneration"] },
    ModelField("vision_config", \.vision),
    ModelField("text_config", \.text),
    ModelField("scale_factor", \.scaleFactor, in: 1...(1 << 10)),
    ModelField("image_token_id", \.imageToken),
    // Beside the parts or inside of `text_config`; the outer one wins.
    ModelField("tie_word_embeddings", \.text.tiesEmbeddings),
    // The processor's, or the decoder's.
    .known("image_seq_len", "vocab_size"),
  ]

  /// Whole image tokens.
  package func complete(from file: ConfigJSON) throws {
    guard vision.side % scaleFactor == 0 else {
      throw file.refusal(
        "scale_factor", "scale_factor \(scaleFactor) must divide the \(vision.side) patches along a tile's side")
    }
  }

  /// Idefics3's name stands in the files of SmolVLM too, SmolVLM2 has its own.
  package static var modelTypes: [String] { ["idefics3", "smolvlm"] }
  /// All files in circulation have the same names.
  package static var weightLayouts: [WeightLayout] { [] }
  package var placeholderToken: Int? { imageToken }
  /// Rows of features of an image: the same number for every tile.
  package func tokenCount(of image: PromptImage) -> Int {
    switch image.content {
    case .features(let features): features.shape[0]
    case .pixels(let pixels): pixels.shape[0] * tokensPerTile
    }
  }

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
    let processor = try checked(Idefics3ImageProcessor(contentsOf: path), path)
    try ProcessorAgreement.require(
      "image_seq_len", tokensPerTile, from: "image_size, patch_size and scale_factor", in: folder)
    return processor
  }

  /// The same from the file's bytes.
  package func imageProcessor(json: [UInt8], name: String) throws -> (any ImageProcessor)? {
    try checked(Idefics3ImageProcessor(json: json, name: name), name)
  }

  private func checked(_ processor: Idefics3ImageProcessor, _ path: String) throws -> Idefics3ImageProcessor {
    try vision.checkTiles(of: processor.configuration.tileSide, path)
    return processor
  }
}
