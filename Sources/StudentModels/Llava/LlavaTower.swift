internal import LanguageModel
internal import Layers
internal import Tensor
internal import VisionEncoder

/// The CLIP tower of LLaVA and LLaVA-NeXT, and the two maps from its rows to the decoder's width.
struct LlavaTower: Module {
  private var vision: CLIP
  private var first: any Projection
  private var second: any Projection
  private let activation: Activation

  /// A tower with random weights.
  init(_ c: some LlavaFamilyConfiguration, using generator: inout some RandomNumberGenerator) {
    let width = c.text.hiddenSize
    vision = CLIP(c.vision, depth: c.towerDepth, using: &generator)
    first = Linear(
      inputDimensions: c.vision.hiddenSize, outputDimensions: width, bias: c.projectorBias, using: &generator)
    second = Linear(inputDimensions: width, outputDimensions: width, bias: c.projectorBias, using: &generator)
    activation = c.projectorActivation
  }

  /// Maps tiles [tiles, 3, image size, image size] to [tiles · side², the decoder's width].
  func callAsFunction(_ tiles: Tensor) -> Tensor { second(activation(first(vision(tiles)))) }

  /// Shows the parts under the names of transformers 5.
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    vision.visit(&visitor, at: path.appending(component: "model.vision_tower"))
    visitor.visit(projection: &first, at: path.appending(component: "model.multi_modal_projector.linear_1"))
    visitor.visit(projection: &second, at: path.appending(component: "model.multi_modal_projector.linear_2"))
  }
}
