package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import VisionEncoder

/// The sizes of a LLaVA-NeXT model, also known as LLaVA 1.6, with the keys of its config.json.
package struct LlavaNextConfiguration: LlavaFamilyConfiguration {
  package static let modelType = "llava_next"
  package static let architecture = "LlavaNextForConditionalGeneration"
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

  /// A feature layer that the tower has.
  package func complete(from file: ConfigJSON) throws { try checkFeatureLayer(in: file) }

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
