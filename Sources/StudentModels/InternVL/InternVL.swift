package import LanguageModel
package import Layers
package import Tensor
package import Tokenization
internal import VisionEncoder

/// An InternVL student.
///
/// ```swift
/// let student = try InternVL(contentsOf: folder)
/// ```
package typealias InternVL = FamilyStudent<InternVLModel>

/// The network of InternVL 3 and 3.5 (Zhu et al. 2025): InternViT tower, pixel shuffle, projector, decoder. An image is seen in
/// tiles and whole.
package struct InternVLModel: FamilyModel {
  package let configuration: InternVLConfiguration
  private var vision: InternVision
  private var norm: LayerNorm
  private var first: any Projection
  private var second: any Projection
  package var text: Llama
  package var head: (any Projection)?

  /// A network with random weights.
  package init(_ configuration: InternVLConfiguration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    let (c, width) = (configuration, configuration.text.hiddenSize)
    vision = InternVision(c.vision, using: &generator)
    let joined = c.vision.hiddenSize * c.scaleFactor * c.scaleFactor
    norm = LayerNorm(dimensions: joined, epsilon: 1e-5)
    first = Linear(inputDimensions: joined, outputDimensions: width, using: &generator)
    second = Linear(inputDimensions: width, outputDimensions: width, using: &generator)
    text = Llama(c.text, using: &generator)
    head = text.outputHead(using: &generator)
  }

  /// The tower's features of each image; all tiles go through the tower together.
  package func features(ofPixels images: [PromptImage]) -> [Tensor] {
    let rows = vision(.concatenated(images.map(\.pixels)))
    let joined = pixelShuffled(rows, side: configuration.vision.side, by: configuration.scaleFactor)
    return split(second(configuration.projectorActivation(first(norm(joined)))), among: images)
  }

  /// The image tokens between the two tokens that announce and close an image.
  package func expansion(of image: PromptImage, placeholder: String, tokenizer: Tokenizer) throws -> String {
    for token in ["<img>", "</img>"] where tokenizer.id(of: token) == nil {
      throw StudentError.missingToken(token, folder: "the tokenizer")
    }
    return "<img>" + String(repeating: placeholder, count: tokenCount(of: image)) + "</img>"
  }

  /// Shows the parts under the names of transformers 5.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    vision.visit(&visitor, at: path.appending(component: "model.vision_tower"))
    norm.visit(&visitor, at: path.appending(component: "model.multi_modal_projector.layer_norm"))
    visitor.visit(projection: &first, at: path.appending(component: "model.multi_modal_projector.linear_1"))
    visitor.visit(projection: &second, at: path.appending(component: "model.multi_modal_projector.linear_2"))
    visitText(&visitor, at: path, "model.language_model")
  }
}
