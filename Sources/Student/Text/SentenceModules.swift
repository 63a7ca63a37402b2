internal import Foundation

/// What a folder of sentence-transformers says beside its encoder's own files.
struct SentenceModules {
  var transformer: URL
  var pooling = SentenceEmbedder.Pooling.mean
  var maximumTokens: Int?

  private struct Entry: Decodable {
    var path: String
    var type: String
  }

  private struct Limits: Decodable {
    var max_seq_length: Int?
    var do_lower_case: Bool?
  }

  init(contentsOf folder: URL) throws {
    transformer = folder
    let file = folder.appending(path: "modules.json")
    if FileManager.default.fileExists(atPath: file.path) {
      let entries: [Entry] = try readJSON(file)
      for entry in entries {
        // A path could lead out of the folder.
        guard !entry.path.hasPrefix("/"), !entry.path.split(separator: "/").contains("..") else {
          throw StudentError.unusableFile(file.path, expected: "paths inside the folder", found: "\"\(entry.path)\"")
        }
        let place = entry.path.isEmpty ? folder : folder.appending(path: entry.path)
        switch entry.type.split(separator: ".").last {
        case "Transformer": transformer = place
        case "Pooling": pooling = try Self.pooling(place.appending(path: "config.json"))
        case "Normalize": break
        default:
          throw StudentError.unusableFile(
            file.path, expected: "the modules Transformer, Pooling and Normalize", found: "\"\(entry.type)\"")
        }
      }
    }
    let limits = transformer.appending(path: "sentence_bert_config.json")
    guard FileManager.default.fileExists(atPath: limits.path) else { return }
    let found: Limits = try readJSON(limits)
    guard found.do_lower_case != true else {
      throw StudentError.unusableFile(
        limits.path, expected: "do_lower_case false (the tokenizer lowers what is to be lowered)", found: "true")
    }
    if let length = found.max_seq_length {
      guard length > 0 else {
        throw StudentError.unusableFile(limits.path, expected: "a max_seq_length above 0", found: "\(length)")
      }
      maximumTokens = length
    }
  }

  private static func pooling(_ file: URL) throws -> SentenceEmbedder.Pooling {
    let values: [String: Setting] = try readJSON(file)
    // Newer files name the mode, older ones have a switch for each.
    var modes = values.compactMap { $0.hasPrefix("pooling_mode_") && $1 == .isOn(true) ? $0 : nil }.sorted()
    if case .name(let mode) = values["pooling_mode"] { modes = [mode] }
    switch modes {
    case ["pooling_mode_mean_tokens"], ["mean"]: return .mean
    case ["pooling_mode_cls_token"], ["cls"]: return .first
    default:
      throw StudentError.unusableFile(
        file.path, expected: "pooling by the mean or by the first token", found: modes.joined(separator: ", "))
    }
  }

  private enum Setting: Decodable, Equatable {
    case isOn(Bool)
    case name(String)
    case other

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let isOn = try? value.decode(Bool.self) {
        self = .isOn(isOn)
      } else if let name = try? value.decode(String.self) {
        self = .name(name)
      } else {
        self = .other
      }
    }
  }
}
