internal import JSON
public import Foundation
public import Layers
public import Tokenization

/// A model that reads texts by a tokenizer, and can take up that of another folder: an adapter's, whose training added tokens.
///
/// ```swift
/// try student.loadAdapter(from: adapter)
/// try student.takeTokenizer(of: adapter)
/// ```
public protocol TokenizedModel: Module {
  /// Text to tokens and back.
  var tokenizer: Tokenizer { get }

  /// Takes up the tokenizer of a folder, and its chat template where it has one. The model's other settings stay, and
  /// folders that are written from then on have the files of both.
  ///
  /// - Parameter folder: with `tokenizer.json` and what `save_pretrained` of transformers writes beside it.
  /// - Throws: the error of the file that can't be used, or ``StudentError`` where the tokenizer does not fit the model, which
  ///   is then unchanged. A token that the model has no row for is refused where a text has it.
  mutating func takeTokenizer(of folder: URL) throws
}

extension TokenizedModel {
  /// Takes up the tokenizer that the model has with these adapters, which are attached before: the one in
  /// ``tokenizerFolder(ofAdapters:)``, or its own where no adapter brings one.
  ///
  /// - Throws: as ``takeTokenizer(of:)``.
  package mutating func takeTokenizer(ofAdapters folders: [URL]) throws {
    if let folder = tokenizerFolder(ofAdapters: folders) { try takeTokenizer(of: folder) }
  }
}

/// The folder whose tokenizer a model with these adapters has: of the adapters whose folder has a `tokenizer.json` the last;
/// nil where none has, and the model keeps its own.
///
/// Trainers write the tokenizer beside an adapter, with the tokens that were added, and PEFT 0.21.2's `AutoPeftModel` takes
/// their number from there.
package func tokenizerFolder(ofAdapters folders: [URL]) -> URL? {
  folders.last { FileManager.default.fileExists(atPath: $0.appending(path: "tokenizer.json").path) }
}

extension [String: Data] {
  /// The files of a model folder with the tokenizer's of another folder in place of their own.
  ///
  /// - Parameter template: the chat template that the model keeps, where the other folder has none: older folders have
  ///   theirs in tokenizer_config.json, which goes.
  func takingTokenizer(of folder: URL, keeping template: ChatTemplate? = nil) throws -> [String: Data] {
    let templates = ["chat_template.jinja", "chat_template.json"]
    var result = self
    let names = [
      "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
      "sentencepiece.bpe.model", "tokenizer.model", "spiece.model",
    ]
    for name in template == nil ? names + templates : names {
      let file = folder.appending(path: name)
      result[name] = FileManager.default.fileExists(atPath: file.path) ? try readRegularFile(file) : nil
    }
    if let template, templates.allSatisfy({ result[$0] == nil }) { result[templates[0]] = Data(template.source.utf8) }
    return result
  }
}
