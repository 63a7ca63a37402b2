package import LanguageModel
package import Layers
package import Tensor
package import Tokenization
package import VisionEncoder

/// A Gemma 3 student that reads images.
///
/// ```swift
/// let student = try Gemma3(contentsOf: folder)
/// ```
package typealias Gemma3 = FamilyStudent<Gemma3Model>

/// The network of Gemma 3 (Gemma Team 2025): SigLIP tower, average pooling, a norm and a map, and a decoder in which the
/// rows of an image see each other both ways.
package struct Gemma3Model: FamilyModel {
  package let configuration: Gemma3Configuration
  package var vision: SigLIP
  private var norm: RMSNorm
  /// The map from the tower's rows to the decoder's, [tower, width].
  private var map: Parameter
  package var text: Llama
  package var head: (any Projection)?

  /// A network with random weights.
  package init(_ configuration: Gemma3Configuration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    let (c, width) = (configuration, configuration.text.hiddenSize)
    vision = SigLIP(c.vision, using: &generator)
    norm = RMSNorm(dimensions: c.vision.hiddenSize, epsilon: c.vision.epsilon, offset: 1)
    map = Parameter(
      .normal(
        [c.vision.hiddenSize, width], standardDeviation: 1 / Float(c.vision.hiddenSize).squareRoot(),
        using: &generator))
    text = Llama(c.text, using: &generator)
    head = text.outputHead(using: &generator)
  }

  /// The tower's features of each image, averaged over squares of patches; all go through the tower together.
  package func features(ofPixels images: [PromptImage]) -> [Tensor] {
    let (c, width) = (configuration, configuration.vision.hiddenSize)
    let (squares, side) = (c.squares, c.vision.side / c.squares)
    let patches = vision(.concatenated(images.map(\.pixels)))
    let lines = patches.reshaped([images.count * squares, side, squares * side * width]).mean(along: 1)
    let pooled = lines.reshaped([images.count * squares * squares, side, width]).mean(along: 1)
    return split(norm(pooled).matmul(map.value), among: images)
  }

  /// The rows of each image.
  package func blocks(of tree: AnswerTree) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    for (place, token) in tree.prompt.enumerated() where token == configuration.imageToken {
      if let last = blocks.last, last.upperBound == place {
        blocks[blocks.count - 1] = last.lowerBound..<(place + 1)
      } else {
        blocks.append(place..<(place + 1))
      }
    }
    return blocks
  }

  /// Image tokens between the tokens for the beginning and the end of an image, on lines of their own.
  package func expansion(of image: PromptImage, placeholder: String, tokenizer: Tokenizer) throws -> String {
    func spelled(_ id: Int) throws -> String {
      guard let token = tokenizer.token(of: id) else {
        throw StudentError.missingToken("number \(id)", folder: "the tokenizer")
      }
      return token
    }
    let rows = String(repeating: try spelled(configuration.imageToken), count: tokenCount(of: image))
    return try "\n\n\(placeholder)\(rows)\(spelled(configuration.endToken))\n\n"
  }

  /// Shows the parts under the names of transformers 5.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    vision.visit(&visitor, at: path.appending(component: "model.vision_tower"))
    let projector = path.appending(component: "model.multi_modal_projector")
    visitor.visit(&map, at: projector.appending(component: "mm_input_projection_weight"))
    norm.visit(&visitor, at: projector.appending(component: "mm_soft_emb_norm"))
    visitText(&visitor, at: path, "model.language_model")
  }
}
