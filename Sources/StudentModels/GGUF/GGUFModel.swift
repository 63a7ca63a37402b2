package import Foundation
internal import JSON
internal import Layers
package import Tensor
package import Tokenization

/// A model in one GGUF file, or in two where one makes features of images, seen as the folder that it was made from:
/// config.json, the tokenizer's files, a chat template and the image processor's file are made from the files' metadata.
///
/// ```swift
/// if let model = try GGUFModel(at: url) { print(try model.files().keys) }
/// ```
package struct GGUFModel: Sendable {
  /// The file.
  package let file: Tensor.GGUFFile
  /// The file's `general.architecture`.
  let architecture: Architecture

  /// What makes features of images; nil where the decoder reads text alone.
  let projector: GGUFProjector?

  /// The decoders that are read.
  enum Architecture: String, CaseIterable {
    case llama, qwen2, qwen3
    case qwen2VL = "qwen2vl"
    case qwen3VL = "qwen3vl"
  }

  /// What config.json calls the family.
  var modelType: String { projector?.kind.modelType ?? architecture.rawValue }

  /// The files that the model is read from.
  package var paths: [String] { file.paths + (projector?.file.paths ?? []) }

  /// The file that stands beside the decoder's; nil where there is none.
  package var imageFile: Tensor.GGUFFile? { projector?.file }

  /// Whether a path is that of a GGUF file, by its name.
  package static func isFile(_ url: URL) -> Bool { url.pathExtension.lowercased() == "gguf" }

  /// The GGUF files that a model is read from; none where its path is that of a folder.
  ///
  /// - Throws: `GGUFError`.
  package static func paths(of model: URL) throws -> [String] {
    if try GGUFEncoder.isFile(model) { return try Tensor.GGUFFile(contentsOf: model).paths }
    return try GGUFModel(at: model)?.paths ?? []
  }

  /// Opens the file at a path; nil where the path is not that of a GGUF file.
  ///
  /// - Throws: `GGUFError` of a file that is damaged, or that asks for what is not computed here.
  package init?(at url: URL) throws {
    guard Self.isFile(url) else { return nil }
    file = try Tensor.GGUFFile(contentsOf: url)
    guard let name = try file.string("general.architecture") else {
      throw file.invalid("general.architecture", expected: "the name of an architecture", found: "no such key")
    }
    guard name != "clip" else {
      throw file.unsupported(
        "general.architecture", expected: "the decoder's file, which stands beside this one", found: "a tower's")
    }
    guard name != GGUFEncoder.architecture else {
      throw file.unsupported("general.architecture", expected: "a decoder", found: "\(name), an encoder")
    }
    guard let architecture = Architecture(rawValue: name) else {
      throw file.unsupported(
        "general.architecture", expected: Architecture.allCases.map(\.rawValue).joined(separator: ", "), found: name)
    }
    self.architecture = architecture
    projector = try GGUFProjector(beside: url, of: file, architecture)
  }

  /// What a folder of this model has besides the weights, by name.
  ///
  /// - Throws: `GGUFError` where the metadata ask for what is not computed here.
  package func files() throws -> [String: Data] {
    let tokens = try GGUFTokenizer(file, architecture)
    var files = [
      "config.json": try configuration().configurationText,
      "tokenizer.json": try Data(tokens.json().text(.python()).utf8),
      "tokenizer_config.json": try tokens.configuration().configurationText,
      "generation_config.json": try tokens.generation().configurationText,
    ]
    if let template = try file.string("tokenizer.chat_template") {
      files["chat_template.jinja"] = Data(template.utf8)
    }
    return try files.merging(projector?.processorFiles() ?? [:]) { $1 }
  }

  /// The config.json of these.
  func configuration() throws -> JSONValue {
    let text = try Self.configuration(file, architecture, projector?.kind)
    let tokens = projector == nil ? [] : try file.strings("tokenizer.ggml.tokens") ?? []
    let levels = try file.integer("\(architecture.rawValue).\(GGUFProjector.levels)")
    return try projector?.configuration(around: text, tokens: tokens, levels: levels) ?? text
  }

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
    if try GGUFEncoder.isFile(url), let encoder = try GGUFEncoder(at: url, as: "an encoder") {
      return try encoder.tokenizer(encoder.files())
    }
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
