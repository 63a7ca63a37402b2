public import Foundation

/// The model families that students are read from.
///
/// ```swift
/// let student = try StudentFamily.student(contentsOf: folder)  // whatever family the folder is of
/// ```
public enum StudentFamily: String, Sendable, CaseIterable {
  /// SmolVLM and Idefics3.
  case smolVLM = "SmolVLM"
  /// Qwen2-VL.
  case qwen2VL = "Qwen2-VL"
  /// Qwen2.5-VL.
  case qwen25VL = "Qwen2.5-VL"
  /// Qwen3-VL.
  case qwen3VL = "Qwen3-VL"
  /// LLaVA 1.5.
  case llava = "LLaVA 1.5"
  /// LLaVA-NeXT, also known as LLaVA 1.6.
  case llavaNext = "LLaVA-NeXT"
  /// Gemma 3.
  case gemma3 = "Gemma 3"
  /// InternVL, in the layout of transformers.
  case internVL = "InternVL"
  /// Decoders that read text alone.
  case textDecoder = "text decoder"

  /// Reads a model folder of any family.
  ///
  /// - Throws: ``StudentError/unknownFamily(_:found:known:)`` where config.json names another `model_type`; else as
  ///   `FamilyStudent/init(contentsOf:)`.
  public static func student(contentsOf folder: URL) throws -> any PretrainedStudent {
    try StudentFamily(contentsOf: folder).open(folder)
  }

  /// The family of a model folder, by the `model_type` of its config.json.
  ///
  /// - Throws: ``StudentError/unknownFamily(_:found:known:)``.
  public init(contentsOf folder: URL) throws {
    let type = try modelType(of: folder)
    guard let family = Self.allCases.first(where: { $0.configuration.modelTypes.contains(type) }) else {
      throw StudentError.unknownFamily(folder.path, found: type, known: Self.modelTypes)
    }
    self = family
  }

  /// What `model_type` says in the folders that are read.
  package static var modelTypes: [String] { allCases.flatMap { $0.configuration.modelTypes } }

  /// Reads the config.json of a model folder, without its weights.
  package static func configuration(contentsOf folder: URL) throws -> any FamilyConfiguration {
    try StudentFamily(contentsOf: folder).configuration.init(contentsOf: folder)
  }

  private var configuration: any FamilyConfiguration.Type {
    switch self {
    case .smolVLM: SmolVLMConfiguration.self
    case .qwen2VL: Qwen2VLConfiguration.self
    case .qwen25VL: Qwen25VLConfiguration.self
    case .qwen3VL: Qwen3VLConfiguration.self
    case .llava: LlavaConfiguration.self
    case .llavaNext: LlavaNextConfiguration.self
    case .gemma3: Gemma3Configuration.self
    case .internVL: InternVLConfiguration.self
    case .textDecoder: TextDecoderConfiguration.self
    }
  }

  private func open(_ folder: URL) throws -> any PretrainedStudent {
    switch self {
    case .smolVLM: try SmolVLM(contentsOf: folder)
    case .qwen2VL: try Qwen2VL(contentsOf: folder)
    case .qwen25VL: try Qwen25VL(contentsOf: folder)
    case .qwen3VL: try Qwen3VL(contentsOf: folder)
    case .llava: try Llava(contentsOf: folder)
    case .llavaNext: try LlavaNext(contentsOf: folder)
    case .gemma3: try Gemma3(contentsOf: folder)
    case .internVL: try InternVL(contentsOf: folder)
    case .textDecoder: try TextDecoder(contentsOf: folder)
    }
  }
}
