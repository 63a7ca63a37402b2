package import LanguageModel
package import Layers
package import Tensor
internal import VisionEncoder
internal import ImageDecoding

/// A Qwen2-VL student.
///
/// ```swift
/// let student = try Qwen2VL(contentsOf: folder)
/// ```
package typealias Qwen2VL = FamilyStudent<QwenVLModel<Qwen2VLConfiguration>>

/// A Qwen2.5-VL student.
package typealias Qwen25VL = FamilyStudent<QwenVLModel<Qwen25VLConfiguration>>

/// A Qwen3-VL student.
package typealias Qwen3VL = FamilyStudent<QwenVLModel<Qwen3VLConfiguration>>

/// The network of Qwen2-VL (Wang et al. 2024) and its successors: a tower for images of any size, and a decoder with positions
/// on three axes.
package struct QwenVLModel<Configuration: QwenVLConfiguration>: FamilyModel {
  package let configuration: Configuration
  /// The vision tower, its merger included.
  package var vision: Configuration.Tower
  package var text: Llama
  package var head: (any Projection)?

  /// A network with random weights.
  package init(_ configuration: Configuration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    vision = Configuration.Tower(configuration.vision, using: &generator)
    text = Llama(configuration.text, using: &generator)
    head = text.outputHead(using: &generator)
  }

  /// The tower's features of each image; all go through the tower together.
  package func features(ofPixels images: [PromptImage]) -> [Tensor] {
    let c = configuration.vision
    let grids = images.map { PatchGrid(rows: $0.rows * c.mergeSize, columns: $0.columns * c.mergeSize) }
    let patches = images.map { $0.pixels.patches(of: c.patchSize, merging: c.mergeSize, frames: c.frames) }
    return split(vision(.concatenated(patches), grids: grids), among: images)
  }

  /// Features of an image share their time and differ in row and column; text goes on after the largest number so far.
  package func positions(of tree: AnswerTree) -> [TokenPosition] {
    var positions: [TokenPosition] = []
    var (next, images) = (0, tree.images[...])
    while positions.count < tree.prompt.count {
      guard tree.prompt[positions.count] == configuration.imageToken, let image = images.popFirst() else {
        positions.append(TokenPosition(next))
        next += 1
        continue
      }
      for row in 0..<image.rows {
        for column in 0..<image.columns {
          positions.append(TokenPosition(time: next, row: next + row, column: next + column))
        }
      }
      next += max(image.rows, image.columns)
    }
    return positions
  }

  /// Shows `model.visual`, `model.language_model` and `lm_head`, the names of transformers 5.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    vision.visit(&visitor, at: path.appending(component: "model.visual"))
    visitText(&visitor, at: path, "model.language_model")
  }
}
