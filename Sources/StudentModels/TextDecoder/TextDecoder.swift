package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import Tensor

/// A student that reads text alone, from a folder of a decoder.
///
/// ```swift
/// let student = try TextDecoder(contentsOf: folder)
/// let tree = try student.tree(question: "Is it so?", images: [], answers: ["Yes", "No"])
/// ```
package typealias TextDecoder = FamilyStudent<TextDecoderModel>

/// The config.json of a text decoder: its sizes stand at the top.
package struct TextDecoderConfiguration: FamilyConfiguration {
  package var text: LlamaConfiguration

  /// A decoder of these sizes.
  package init(_ text: LlamaConfiguration) { self.text = text }

  /// Reads config.json.
  package init(from decoder: any Decoder) throws { text = try LlamaConfiguration(from: decoder) }

  /// Writes config.json.
  package func encode(to encoder: any Encoder) throws { try text.encode(to: encoder) }

  /// All decoders.
  package static var modelTypes: [String] { LlamaConfiguration.Kind.allCases.map(\.rawValue) }
  /// All files in circulation have the same names.
  package static var weightLayouts: [WeightLayout] { [] }
  /// No token stands for an image.
  package var placeholderToken: Int? { nil }
  /// No tower.
  package var tower: TowerSize? { nil }

  /// 0: there are no images.
  package func tokenCount(of image: PromptImage) -> Int { 0 }

  /// Nothing.
  package func imageProcessor(contentsOf folder: URL) -> (any ImageProcessor)? { nil }
}

/// A decoder with its output head.
package struct TextDecoderModel: FamilyModel {
  package let configuration: TextDecoderConfiguration
  package var text: Llama
  package var head: (any Projection)?

  /// A network with random weights.
  package init(_ configuration: TextDecoderConfiguration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    text = Llama(configuration.text, using: &generator)
    head = text.outputHead(using: &generator)
  }

  /// Nothing: there are no images.
  package func features(ofPixels images: [PromptImage]) -> [Tensor] { [] }

  /// Shows `model` and `lm_head`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitText(&visitor, at: path, "model")
  }
}
