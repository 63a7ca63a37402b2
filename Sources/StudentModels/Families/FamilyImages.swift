package import ImageDecoding
package import Layers
package import Tensor

extension FamilyStudent {
  /// The image cut into tiles as the model folder's preprocessor_config.json says.
  ///
  /// - Throws: ``StudentError/readsNoImages`` in families that read text alone, ``StudentError/unusableImage(_:)`` where the
  ///   image has a shape that the family can't take.
  package func image(_ image: RGBImage) throws -> PromptImage {
    let processor = try imageProcessor()
    if let refusal = processor.refusal(width: image.width, height: image.height) {
      throw StudentError.unusableImage(refusal)
    }
    let processed = processor.process(image)
    return PromptImage(
      .pixels(processed.pixels), rows: processed.grid.rows, columns: processed.grid.columns, width: image.width,
      height: image.height)
  }

  /// The image as the decoder sees it; the tower runs here and not again.
  package func encoded(_ image: PromptImage) -> PromptImage {
    guard case .pixels = image.content, let features = model.features(ofPixels: [image]).first else { return image }
    var result = image
    result.content = .features(features.detached())
    return result
  }

  /// Images as tensors; see ``PretrainedStudent/processorTensors(_:)``.
  package func processorTensors(_ images: [RGBImage]) throws -> [String: Tensor] {
    guard !images.isEmpty else { return [:] }
    let processor = try imageProcessor()
    return processor.tensors(of: images.map(processor.process))
  }

  /// An image of this size without its content; see ``PretrainedStudent/blankImage(width:height:)``.
  package func blankImage(width: Int, height: Int) throws -> PromptImage {
    .blank(try imageProcessor(), width: width, height: height)
  }

  /// Rows of image features, and so image tokens, of an image.
  package func tokenCount(of image: PromptImage) -> Int { model.tokenCount(of: image) }

  private func imageProcessor() throws -> any ImageProcessor {
    guard let processor else { throw StudentError.readsNoImages }
    return processor
  }
}
