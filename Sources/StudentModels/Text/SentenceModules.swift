internal import Foundation

/// What a folder of sentence-transformers says beside its encoder's own files.
struct SentenceModules {
  var transformer: URL
  var pooling = SentenceEmbedder.Pooling.mean
  /// What is done to the pooled vector, in order; it is brought to length 1 in any case.
  var steps: [SentenceEmbedder.Step] = []
  var maximumTokens: Int?
  /// What may be put before texts by name, and what is.
  var prompts: [String: String] = [:]
  var prompt = ""
  /// Whether the prompt's rows are pooled too.
  var poolsPrompt = true

  private struct Entry: Decodable {
    var path: String
    var type: String
  }

  private struct Limits: Decodable {
    var max_seq_length: Int?
    var do_lower_case: Bool?
    var transformer_task: String?
  }

  private struct Prompts: Decodable {
    var prompts: [String: String?]?
    var default_prompt_name: String?
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
        case "Pooling": try readPooling(place.appending(path: "config.json"))
        case "Dense": steps.append(.dense(try SentenceDense(contentsOf: place)))
        case "Normalize": steps.append(.normalize)
        default:
          throw StudentError.unusableFile(
            file.path, expected: "the modules Transformer, Pooling, Dense and Normalize", found: "\"\(entry.type)\"")
        }
      }
    }
    try readPrompts(folder.appending(path: "config_sentence_transformers.json"))
    let limits = transformer.appending(path: "sentence_bert_config.json")
    guard FileManager.default.fileExists(atPath: limits.path) else { return }
    let found: Limits = try readJSON(limits)
    guard found.do_lower_case != true else {
      throw StudentError.unusableFile(
        limits.path, expected: "do_lower_case false (the tokenizer lowers what is to be lowered)", found: "true")
    }
    if let task = found.transformer_task, task != "feature-extraction" {
      throw StudentError.unusableFile(
        limits.path, expected: "the transformer_task \"feature-extraction\"", found: "\"\(task)\"")
    }
    if let length = found.max_seq_length {
      guard length > 0 else {
        throw StudentError.unusableFile(limits.path, expected: "a max_seq_length above 0", found: "\(length)")
      }
      maximumTokens = length
    }
  }

  /// Refuses maps that do not take what stands before them.
  func checkSteps(width: Int, name: String) throws {
    var size = width
    for case .dense(let map) in steps {
      guard map.dimensions.input == size else {
        throw StudentError.unusableFile(
          name, expected: "a Dense module of \(size) in_features", found: "\(map.dimensions.input)")
      }
      size = map.dimensions.output
    }
  }

  private mutating func readPrompts(_ file: URL) throws {
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let found: Prompts = try readJSON(file)
    // Every model of sentence-transformers has these two, empty where the file says nothing.
    prompts = ["query": "", "document": ""].merging((found.prompts ?? [:]).mapValues { $0 ?? "" }) { $1 }
    guard let name = found.default_prompt_name else { return }
    guard let text = prompts[name] else {
      throw StudentError.unusableFile(
        file.path, expected: "a default_prompt_name among \(prompts.keys.sorted().joined(separator: ", "))",
        found: "\"\(name)\"")
    }
    prompt = text
  }

  private mutating func readPooling(_ file: URL) throws {
    let values: [String: Setting] = try readJSON(file)
    poolsPrompt = values["include_prompt"] != .isOn(false)
    // Newer files name the mode, older ones have a switch for each.
    var modes = values.compactMap { $0.hasPrefix("pooling_mode_") && $1 == .isOn(true) ? $0 : nil }.sorted()
    if case .name(let mode) = values["pooling_mode"] { modes = [mode] }
    switch modes {
    case ["pooling_mode_mean_tokens"], ["mean"]: pooling = .mean
    case ["pooling_mode_cls_token"], ["cls"]: pooling = .first
    case ["pooling_mode_lasttoken"], ["lasttoken"]: pooling = .last
    default:
      throw StudentError.unusableFile(
        file.path, expected: "pooling by the mean, by the first or by the last token",
        found: modes.joined(separator: ", "))
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
