package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import VisionEncoder

/// The sizes of a Qwen2-VL model or of one of its successors, with the keys of its config.json.
package protocol QwenVLConfiguration: FamilyConfiguration, ModelConfiguration {
  associatedtype Tower: QwenTower
  /// What `model_type` says.
  static var modelType: String { get }
  /// What `architectures` says.
  static var architecture: String { get }
  /// The decoder.
  static var decoder: LlamaConfiguration.Kind { get }
  /// Whether time, row and column take turns pair by pair.
  static var interleavesRopeSections: Bool { get }
  /// How many pairs of a head's coordinates turn by time, row and column where the file does not say.
  static var ropeSections: [Int] { get }
  var vision: Tower.Configuration { get set }
  var text: LlamaConfiguration { get set }
  /// The token that stands for one row of image features.
  var imageToken: Int { get set }
}

extension QwenVLConfiguration {
  package static var modelTypes: [String] { [modelType] }
  /// Qwen2.
  package static var decoder: LlamaConfiguration.Kind { .qwen2 }
  /// False.
  package static var interleavesRopeSections: Bool { false }

  package static var fields: [ModelField<Self>] {
    [
      .written("model_type") { _ in modelType },
      .written("architectures") { _ in [architecture] },
      ModelField("vision_config", \.vision),
      .written("text_config") { $0.text },
      ModelField("image_token_id", \.imageToken),
      .written("tie_word_embeddings") { $0.text.tiesEmbeddings },
      // Published files of Qwen2-VL and Qwen2.5-VL keep the decoder's keys here.
      .known(LlamaConfiguration.names),
    ]
  }

  /// Reads the decoder, whose sizes stand in `text_config`, or at the top as in published files of Qwen2-VL and Qwen2.5-VL.
  package mutating func complete(from file: ConfigJSON) throws {
    let part = try file.part("text_config")
    text = try LlamaConfiguration(from: part ?? file, besides: part == nil ? Self.names : [], unnamed: Self.decoder)
    guard text.kind == Self.decoder else {
      throw file.refusal(
        "text_config", "model_type \"\(text.kind.rawValue)\" of the decoder must be \(Self.modelType)_text")
    }
    // Versions of transformers before 5 said it in the decoder's part, and 5.24 goes by either.
    text.tiesEmbeddings = try file["tie_word_embeddings"] == true || text.tiesEmbeddings
    text.interleavesRopeSections = Self.interleavesRopeSections
    if text.ropeSections.isEmpty { text.ropeSections = Self.ropeSections }
    guard text.ropeSections.reduce(0, +) == text.headSize / 2 else {
      throw file.refusal(
        "text_config", "mrope_section \(text.ropeSections) must be three parts of the head's \(text.headSize / 2) pairs"
      )
    }
    guard vision.hiddenSize == text.hiddenSize else {
      throw file.refusal(
        "vision_config",
        "the tower's features of \(vision.hiddenSize) must be as wide as the decoder's \(text.hiddenSize)")
    }
  }

  /// The names of files of Qwen2-VL and Qwen2.5-VL, where the parameters' own paths are not those.
  package static var weightLayouts: [WeightLayout] {
    [WeightLayout(["model.visual.": "visual.", "model.language_model.": "model."])]
  }

  package var placeholderToken: Int? { imageToken }

  /// One row for each block of patches.
  package func tokenCount(of image: PromptImage) -> Int { image.rows * image.columns }

  /// The size of the vision tower; a feature's block of patches counts as a tile, since images may have any number.
  package var tower: TowerSize? {
    TowerSize(
      layers: vision.layers, width: vision.embeddingSize, innerWidth: vision.innerSize,
      innerMatrices: Tower.Configuration.innerMatrices,
      otherWeights: vision.embeddingSize * vision.patchValues + vision.otherWeights,
      patches: vision.mergeSize * vision.mergeSize, tokens: 1)
  }

  /// Reads preprocessor_config.json, or what processor_config.json says of images.
  ///
  /// - Throws: `ImageDecodingError`, or ``StudentError/unusableFile(_:expected:found:)`` where patches are cut in another
  ///   way than the tower takes them.
  package func imageProcessor(contentsOf folder: URL) throws -> (any ImageProcessor)? {
    let path = try imageProcessorFile(in: folder)
    return try checked(Qwen2VLImageProcessor(contentsOf: path), path)
  }

  /// The same from the file's bytes.
  package func imageProcessor(json: [UInt8], name: String) throws -> (any ImageProcessor)? {
    try checked(Qwen2VLImageProcessor(json: json, name: name), name)
  }

  private func checked(_ processor: Qwen2VLImageProcessor, _ path: String) throws -> Qwen2VLImageProcessor {
    let (c, v) = (processor.configuration, vision)
    guard [c.patchSize, c.mergeSize, c.frames] == [v.patchSize, v.mergeSize, v.frames] else {
      throw StudentError.unusableFile(
        path,
        expected:
          "patches of \(v.patchSize) pixels, \(v.mergeSize) to a feature, \(v.frames) frames, as vision_config of "
          + "config.json says",
        found: "\(c.patchSize), \(c.mergeSize) and \(c.frames)")
    }
    return processor
  }
}

/// The sizes of a Qwen2-VL model.
package struct Qwen2VLConfiguration: QwenVLConfiguration {
  package typealias Tower = Qwen2Vision
  package static let modelType = "qwen2_vl"
  package static let architecture = "Qwen2VLForConditionalGeneration"
  package static let ropeSections = [16, 24, 24]
  package var vision = Qwen2VisionConfiguration()
  package var text = LlamaConfiguration(kind: .qwen2)
  /// The default is 151,655.
  package var imageToken = 151_655

  /// The defaults of transformers.
  package init() {}
}

/// The sizes of a Qwen2.5-VL model.
package struct Qwen25VLConfiguration: QwenVLConfiguration {
  package typealias Tower = Qwen25Vision
  package static let modelType = "qwen2_5_vl"
  package static let architecture = "Qwen2_5_VLForConditionalGeneration"
  package static let ropeSections = [16, 24, 24]
  package var vision = Qwen25VisionConfiguration()
  package var text = LlamaConfiguration(kind: .qwen2)
  /// The default is 151,655.
  package var imageToken = 151_655

  /// The defaults of transformers.
  package init() {}
}

/// The sizes of a Qwen3-VL model.
package struct Qwen3VLConfiguration: QwenVLConfiguration {
  package typealias Tower = Qwen3Vision
  package static let modelType = "qwen3_vl"
  package static let architecture = "Qwen3VLForConditionalGeneration"
  package static let decoder = LlamaConfiguration.Kind.qwen3
  package static let interleavesRopeSections = true
  package static let ropeSections = [24, 20, 20]
  package var vision = Qwen3VisionConfiguration()
  package var text = LlamaConfiguration(kind: .qwen3)
  /// The default is 151,655.
  package var imageToken = 151_655

  /// The defaults of transformers.
  package init() {}
}
