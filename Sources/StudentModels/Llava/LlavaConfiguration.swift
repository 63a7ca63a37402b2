package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import VisionEncoder

/// The sizes of a LLaVA 1.5 model, with the keys of its config.json.
package struct LlavaConfiguration: LlavaFamilyConfiguration {
  package static let modelType = "llava"
  package static let architecture = "LlavaForConditionalGeneration"
  package var vision = CLIPConfiguration()
  package var text = LlamaConfiguration()
  /// The default is 32,000.
  package var imageToken = 32_000
  /// The default is -2.
  package var featureLayer = -2
  /// The default is GELU.
  package var projectorActivation = Activation.gelu
  /// The default is true.
  package var projectorBias = true

  /// The defaults of transformers.
  package init() {}

  /// A feature layer that the tower has. A head that either part of the file ties is tied.
  package mutating func complete(from file: ConfigJSON) throws {
    try checkFeatureLayer(in: file)
    let decoder: LlamaConfiguration? = try file["text_config"]
    text.tiesEmbeddings = text.tiesEmbeddings || decoder?.tiesEmbeddings == true
  }

  /// One row for each patch of the tile.
  package func tokenCount(of image: PromptImage) -> Int { vision.side * vision.side }

  /// Reads preprocessor_config.json, or what processor_config.json says of images.
  ///
  /// - Throws: `ImageDecodingError`, or ``StudentError/unusableFile(_:expected:found:)`` where the tile has another size than
  ///   the tower takes.
  package func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)? {
    let path = try imageProcessorFile(in: folder)
    let processor = try CLIPImageProcessor(contentsOf: path)
    let grid = processor.configuration.tile
    try vision.checkTiles(of: grid.width, path)
    try vision.checkTiles(of: grid.height, path)
    try ProcessorAgreement.require("patch_size", vision.patchSize, from: "vision_config.patch_size", in: folder)
    try ProcessorAgreement.requirePatches(in: folder)
    return processor
  }
}
