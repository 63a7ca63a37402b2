package import LanguageModel
package import Layers
package import Tensor
internal import VisionEncoder

/// A LLaVA 1.5 student.
///
/// ```swift
/// let student = try Llava(contentsOf: folder)
/// ```
package typealias Llava = FamilyStudent<LlavaModel>

/// The network of LLaVA 1.5 (Liu et al. 2023): CLIP tower, two-layer projector, decoder. An image is one square tile, and
/// each of its patches is a row.
package struct LlavaModel: FamilyModel {
  package let configuration: LlavaConfiguration
  private var tower: LlavaTower
  package var text: Llama
  package var head: (any Projection)?

  /// A network with random weights.
  package init(_ configuration: LlavaConfiguration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    tower = LlavaTower(configuration, using: &generator)
    text = Llama(configuration.text, using: &generator)
    head = text.outputHead(using: &generator)
  }

  /// The tower's features of each image; all go through the tower together.
  package func features(ofPixels images: [PromptImage]) -> [Tensor] {
    split(tower(.concatenated(images.map(\.pixels))), among: images)
  }

  /// Shows the parts under the names of transformers 5.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    tower.visit(&visitor, at: path)
    visitText(&visitor, at: path, "model.language_model")
  }
}
