package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
internal import Tensor
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

  /// Rows of features of an image: the small whole, and the lines of the large one with their ends.
  package func tokenCount(of image: PromptImage) -> Int {
    if case .features(let features) = image.content { return features.shape[0] }
    let side = vision.side
    let kept = Kept(image, side: side)
    return side * side + kept.rows.count * (kept.columns.count + 1)
  }

  /// Reads preprocessor_config.json, or what processor_config.json says of images.
  ///
  /// - Throws: `ImageDecodingError`, or ``StudentError/unusableFile(_:expected:found:)`` where tiles have another size than
  ///   the tower takes.
  package func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)? {
    let path = try imageProcessorFile(in: folder)
    let processor = try LlavaNextImageProcessor(contentsOf: path)
    try vision.checkTiles(of: processor.configuration.tileSide, path)
    try ProcessorAgreement.require("patch_size", vision.patchSize, from: "vision_config.patch_size", in: folder)
    try ProcessorAgreement.requirePatches(in: folder)
    try ProcessorAgreement.require(processor.configuration.resolutions, of: path, in: folder)
    return processor
  }
}

extension LlavaNextConfiguration {
  /// The part of a grid of features that shows the image, without the black that was laid around it.
  struct Kept {
    var rows: Range<Int>
    var columns: Range<Int>

    /// - Parameter side: features along each side of a tile.
    init(_ image: PromptImage, side: Int) {
      precondition(
        image.rows > 0 && image.columns > 0 && image.width > 0 && image.height > 0,
        "an image without its grid and its size in pixels")
      let (height, width) = (image.rows * side, image.columns * side)
      let (imageWidth, imageHeight) = (Double(image.width), Double(image.height))
      // Rounded to seven digits before it is cut, as in transformers: 13.99999999 is 14.
      func whole(_ length: Double) -> Int { Int((length * 1e7).rounded(.toNearestOrEven) / 1e7) }
      if imageWidth / imageHeight > Double(width) / Double(height) {
        let margin = (height - whole(imageHeight * (Double(width) / imageWidth))) / 2
        (rows, columns) = (margin..<(height - margin), 0..<width)
      } else {
        let margin = (width - whole(imageWidth * (Double(height) / imageHeight))) / 2
        (rows, columns) = (0..<height, margin..<(width - margin))
      }
    }
  }
}
