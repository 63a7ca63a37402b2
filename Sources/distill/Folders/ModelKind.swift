#if Run
  import Foundation
  import LanguageModel
  import StudentModels
  import TeacherProtocol

  /// What a model folder or a GGUF file is for, by its description.
  enum ModelKind {
    case decoder
    case textEncoder

    init(of folder: URL) throws {
      guard !GGUFModel.isFile(folder) else {
        self = try GGUFEncoder.isFile(folder) ? .textEncoder : .decoder
        return
      }
      let type = try ModelDescription(contentsOf: folder).model_type
      self = TextEncoderConfiguration.Family(rawValue: type) == nil ? .decoder : .textEncoder
    }

    /// Whether a text encoder's head marks tokens.
    static func isTagger(_ folder: URL) throws -> Bool {
      guard !GGUFModel.isFile(folder) else { return false }
      return try ModelDescription(contentsOf: folder).architectures?.contains { $0.hasSuffix("ForTokenClassification") }
        ?? false
    }
  }

  /// What config.json says of the kind of model.
  struct ModelDescription: Decodable {
    var model_type: String
    var architectures: [String]?

    init(contentsOf folder: URL) throws {
      let url = folder.appending(path: "config.json")
      do { self = try JSONDecoder().decode(Self.self, from: readData(url)) } catch is DecodingError {
        throw FolderProblem("\(url.path): expected the description of a model, with a model_type")
      }
    }
  }
#endif
