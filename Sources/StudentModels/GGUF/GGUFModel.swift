package import Foundation
internal import JSON
internal import Layers
package import Tensor
package import Tokenization

/// A model in one GGUF file, seen as the folder that it was made from: config.json, the tokenizer's files and a chat
/// template are made from the file's metadata.
///
/// ```swift
/// if let model = try GGUFModel(at: url) { print(try model.files().keys) }
/// ```
package struct GGUFModel: Sendable {
  /// The file.
  package let file: Tensor.GGUFFile
  /// The file's `general.architecture`.
  let architecture: Architecture

  /// The decoders that are read.
  enum Architecture: String, CaseIterable {
    case llama, qwen2, qwen3
  }

  /// Whether a path is that of a GGUF file, by its name.
  package static func isFile(_ url: URL) -> Bool { url.pathExtension.lowercased() == "gguf" }

  /// Opens the file at a path; nil where the path is not that of a GGUF file.
  ///
  /// - Throws: `GGUFError` of a file that is damaged, or that asks for what is not computed here.
  package init?(at url: URL) throws {
    guard Self.isFile(url) else { return nil }
    file = try Tensor.GGUFFile(contentsOf: url)
    guard let name = try file.string("general.architecture") else {
      throw file.invalid("general.architecture", expected: "the name of an architecture", found: "no such key")
    }
    guard let architecture = Architecture(rawValue: name) else {
      throw file.unsupported(
        "general.architecture", expected: Architecture.allCases.map(\.rawValue).joined(separator: ", "), found: name)
    }
    self.architecture = architecture
    if let parts = try file.integer("split.count"), parts > 1 {
      throw file.unsupported(
        "split.count", expected: "a model in one file (llama-gguf-split --merge makes one)", found: "\(parts)")
    }
  }

  /// What a folder of this model has besides the weights, by name.
  ///
  /// - Throws: `GGUFError` where the metadata ask for what is not computed here.
  package func files() throws -> [String: Data] {
    let tokens = try GGUFTokenizer(file, architecture)
    var files = [
      "config.json": try configuration(), "tokenizer.json": try Data(tokens.json().text(.python()).utf8),
      "tokenizer_config.json": try tokens.configuration().configurationText,
      "generation_config.json": try tokens.generation().configurationText,
    ]
    if let template = try file.string("tokenizer.chat_template") {
      files["chat_template.jinja"] = Data(template.utf8)
    }
    return files
  }

  /// The config.json of these.
  func configuration() throws -> Data { try Self.configuration(file, architecture).configurationText }

  /// The tokenizer of these files.
  ///
  /// - Throws: `TokenizerError`.
  func tokenizer(_ files: [String: Data]) throws -> Tokenizer {
    try Tokenizer(
      json: files["tokenizer.json"] ?? Data(), configuration: files["tokenizer_config.json"], file: file.path)
  }

  /// The chat template of these files; nil where there is none.
  ///
  /// - Throws: `TokenizerError`.
  func template(_ files: [String: Data]) throws -> ChatTemplate? {
    guard let text = files["chat_template.jinja"] else { return nil }
    return try ChatTemplate(
      String(decoding: text, as: UTF8.self),
      variablesOf: tokenizerJSON(Array(files["tokenizer_config.json"] ?? Data()), file: file.path))
  }
}

extension Tokenizer {
  /// The tokenizer of a model, whether its path is a folder or a GGUF file.
  ///
  /// - Throws: `TokenizerError`, or `GGUFError`.
  package static func ofModel(_ url: URL) throws -> Tokenizer {
    guard let model = try GGUFModel(at: url) else { return try Tokenizer(contentsOf: url) }
    return try model.tokenizer(model.files())
  }
}

extension Tensor.GGUFFile {
  func invalid(_ field: String, expected: String, found: String) -> Tensor.GGUFError {
    .invalid(file: path, field: field, expected: expected, found: found)
  }

  func unsupported(_ field: String, expected: String, found: String) -> Tensor.GGUFError {
    .unsupported(file: path, field: field, expected: expected, found: found)
  }
}
