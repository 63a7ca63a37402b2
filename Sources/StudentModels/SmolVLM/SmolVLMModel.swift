package import LanguageModel
package import Layers
package import Tensor
package import Tokenization
package import VisionEncoder

/// The network of SmolVLM and Idefics3 (Laurençon et al. 2024): SigLIP tower, pixel shuffle, projector, Llama decoder.
package struct SmolVLMModel: FamilyModel {
  package let configuration: SmolVLMConfiguration
  package var vision: SigLIP
  /// From shuffled features to the decoder's width.
  package var connector: any Projection
  package var text: Llama
  package var head: (any Projection)?

  /// A network with random weights.
  package init(_ configuration: SmolVLMConfiguration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    vision = SigLIP(configuration.vision, using: &generator)
    let width = configuration.text.hiddenSize
    connector = Linear(
      inputDimensions: configuration.vision.hiddenSize * configuration.scaleFactor * configuration.scaleFactor,
      outputDimensions: width, bias: false, using: &generator)
    text = Llama(configuration.text, using: &generator)
    head = text.outputHead(using: &generator)
  }

  /// Image tokens for tiles: [tiles, 3, side, side] to [tiles · tokens per tile, width].
  package func imageFeatures(_ pixels: Tensor) -> Tensor {
    connector(pixelShuffled(vision(pixels), side: configuration.vision.side, by: configuration.scaleFactor))
  }

  /// The tower's features of each image; all tiles go through the tower together.
  package func features(ofPixels images: [PromptImage]) -> [Tensor] {
    split(imageFeatures(.concatenated(images.map(\.pixels))), among: images)
  }

  /// Each part announced by its row and column, a line break after each row, the whole image last.
  package func expansion(of image: PromptImage, placeholder: String, tokenizer: Tokenizer) throws -> String {
    func token(_ text: String) throws -> String {
      guard tokenizer.id(of: text) != nil else { throw StudentError.missingToken(text, folder: "the tokenizer") }
      return text
    }
    let around = try token("<fake_token_around_image>")
    let tiles = image.rows * image.columns + 1
    let each = String(repeating: placeholder, count: tokenCount(of: image) / tiles)
    var text = ""
    for row in 0..<image.rows {
      for column in 0..<image.columns { text += try around + token("<row_\(row + 1)_col_\(column + 1)>") + each }
      text += "\n"
    }
    if image.rows > 0 { text += "\n" }
    return try text + around + token("<global-img>") + each + around
  }

  /// Shows `model.vision_model`, `model.connector`, `model.text_model` and `lm_head`, the names of transformers' files.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    vision.visit(&visitor, at: path.appending(component: "model.vision_model"))
    visitor.visit(projection: &connector, at: path.appending(component: "model.connector.modality_projection.proj"))
    visitText(&visitor, at: path, "model.text_model")
  }
}
