package import LanguageModel
package import Layers
package import Tensor
internal import VisionEncoder

/// A LLaVA-NeXT (LLaVA 1.6) student.
///
/// ```swift
/// let student = try LlavaNext(contentsOf: folder)
/// ```
package typealias LlavaNext = FamilyStudent<LlavaNextModel>

/// The network of LLaVA-NeXT (Liu et al. 2024): CLIP tower, two-layer projector, decoder.
///
/// An image is seen whole and in tiles. The tiles' features are put together to one picture, of which only the part that
/// shows the image is kept, and a learned row marks the end of each line.
package struct LlavaNextModel: FamilyModel {
  package let configuration: LlavaNextConfiguration
  private var tower: LlavaTower
  /// The row that ends each line of features, [width].
  private var newline: Parameter
  package var text: Llama
  package var head: (any Projection)?

  /// A network with random weights.
  package init(_ configuration: LlavaNextConfiguration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    tower = LlavaTower(configuration, using: &generator)
    let width = configuration.text.hiddenSize
    newline = Parameter(.normal([width], standardDeviation: 1 / Float(width).squareRoot(), using: &generator))
    text = Llama(configuration.text, using: &generator)
    head = text.outputHead(using: &generator)
  }

  /// The tower's features of each image; all tiles go through the tower together.
  package func features(ofPixels images: [PromptImage]) -> [Tensor] {
    let side = configuration.vision.side
    let tiles = images.map(\.pixels)
    let projected = tower(.concatenated(tiles))
    let lineEnd = projected.shape[0]
    let rows = Tensor.concatenated([projected, newline.value.reshaped([1, -1])])
    var start = 0
    return zip(images, tiles).map { image, pixels in
      defer { start += pixels.shape[0] * side * side }
      let whole = Array(start..<(start + side * side))
      let kept = LlavaNextConfiguration.Kept(image, side: side)
      let lines = kept.rows.flatMap { y in
        kept.columns.map { x in
          let tile = 1 + (y / side) * image.columns + x / side
          return start + (tile * side + y % side) * side + x % side
        } + [lineEnd]
      }
      return rows.gathered(whole + lines)
    }
  }

  /// Shows the parts under the names of transformers 5.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    tower.visit(&visitor, at: path)
    visitor.visit(&newline, at: path.appending(component: "model.image_newline"))
    visitText(&visitor, at: path, "model.language_model")
  }
}
