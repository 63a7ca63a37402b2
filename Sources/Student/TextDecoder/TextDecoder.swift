public import Foundation
public import ImageDecoding
public import LanguageModel
public import Layers
public import Tensor

/// A student that reads text alone, from a folder of a Llama or Qwen2 decoder.
///
/// ```swift
/// let student = try TextDecoder(contentsOf: folder)
/// let tree = try student.tree(question: "Is it so?", images: [], answers: ["Yes", "No"])
/// ```
public typealias TextDecoder = FamilyStudent<TextDecoderModel>

/// The config.json of a text decoder: its sizes stand at the top.
public struct TextDecoderConfiguration: FamilyConfiguration {
  /// The decoder.
  public var text: LlamaConfiguration

  /// A decoder of these sizes.
  public init(_ text: LlamaConfiguration) { self.text = text }

  /// Reads config.json.
  public init(from decoder: any Decoder) throws { text = try LlamaConfiguration(from: decoder) }

  /// Writes config.json.
  public func encode(to encoder: any Encoder) throws { try text.encode(to: encoder) }

  /// Llama and Qwen2.
  public static var modelTypes: [String] { ["llama", "qwen2"] }
  /// All files in circulation have the same names.
  public static var weightLayouts: [WeightLayout] { [] }
  /// No token stands for an image.
  public var placeholderToken: Int? { nil }
  /// No tower.
  public var tower: TowerSize? { nil }

  /// Nothing.
  public func imageProcessor(contentsOf folder: URL) -> (any ImageProcessor)? { nil }
}

/// A decoder with its output head.
public struct TextDecoderModel: FamilyModel {
  /// The sizes.
  public let configuration: TextDecoderConfiguration
  /// The decoder.
  public var text: Llama
  /// The output head; nil where it is the embedding table.
  public var head: (any Projection)?

  /// A network with random weights.
  public init(_ configuration: TextDecoderConfiguration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    text = Llama(configuration.text, using: &generator)
    head = text.outputHead(using: &generator)
  }

  /// 0: there are no images.
  public func tokenCount(of image: PromptImage) -> Int { 0 }

  /// Nothing: there are no images.
  public func features(ofPixels images: [PromptImage]) -> [Tensor] { [] }

  /// Shows `model` and `lm_head`.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    text.visit(&visitor, at: path.appending(component: "model"))
    visitor.visit(
      head: &head, of: text.table(at: path.appending(component: "model")), at: path.appending(component: "lm_head"))
  }
}
