package import Foundation
internal import JSON
internal import LanguageModel
internal import Tokenization

/// What speaks against a folder's tokenizer being the one that its weights were trained with.
///
/// A tokenizer of another model goes unnoticed where its numbers have rows: every text is then other tokens than the model knows.
/// Nothing in the files proves it, so that what is found here is a doubt and no fault.
package enum TokenizerAgreement {
  /// The doubts about a model's folder, a sentence each; none for a GGUF file, which has both in one.
  ///
  /// - Throws: the error of a file that can't be used.
  package static func doubts(in folder: URL) throws -> [String] {
    guard !GGUFModel.isFile(folder) else { return [] }
    let tokenizer = try Tokenizer(contentsOf: folder)
    let model = try settings("config.json", in: folder)
    let generation = try settings("generation_config.json", in: folder)
    let parts = [model, model?["text_config"], generation]
    func said(_ key: String) -> [Int] {
      var seen: Set<Int> = []
      return parts.flatMap { part -> [Int] in
        let value = part?[key]
        return (value?.elements ?? value.map { [$0] } ?? []).compactMap(\.integer)
      }.filter { seen.insert($0).inserted }
    }
    var doubts: [String] = []
    func compare(_ key: String, _ own: Int?, _ role: String) {
      let others = said(key)
      // Published folders name another special token of the same tokenizer: Qwen3-Embedding the one that ends documents where
      // its tokenizer has the one that ends turns, multilingual-e5-small, a BERT with XLM-R's tokenizer, BERT's 0.
      guard let own, !others.isEmpty, !others.contains(where: { $0 == own || tokenizer.isSpecial($0) }) else { return }
      let names = others.map { "\($0) (\(tokenizer.token(of: $0).map { "'\($0)'" } ?? "no token of it"))" }
      doubts.append(
        "the tokenizer's \(role) is '\(tokenizer.token(of: own) ?? "")' with the number \(own), and config.json or "
          + "generation_config.json says \(names.joined(separator: ", "))")
    }
    compare("eos_token_id", tokenizer.specialTokens.end, "eos_token")
    if TextEncoderConfiguration.Family(rawValue: model?["model_type"]?.string ?? "") != nil {
      compare("pad_token_id", tokenizer.specialTokens.padding, "pad_token")
    }
    let rows = (model?["vocab_size"] ?? model?["text_config"]?["vocab_size"])?.integer
    // Gemma 3 without a tower has one token more than rows.
    if let rows, tokenizer.vocabularyCount < rows / 2 || tokenizer.vocabularyCount > rows + rows / 32 + 8 {
      doubts.append("the tokenizer has \(tokenizer.vocabularyCount) tokens, and config.json says vocab_size \(rows)")
    }
    if let image = (model?["image_token_id"] ?? model?["image_token_index"])?.integer, !tokenizer.isAdded(image) {
      doubts.append(
        "config.json gives images the token \(image), and the tokenizer has "
          + "\(tokenizer.token(of: image).map { "'\($0)', a word of texts," } ?? "none") there")
    }
    return doubts.map { "\(folder.path): \($0): is the tokenizer this model's own?" }
  }

  /// Refuses a tokenizer or processor whose token for images is another than the one that config.json names.
  ///
  /// - Parameter token: the number that config.json gives it.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)``, naming both files.
  static func requireImageToken(_ token: Int, of tokenizer: Tokenizer, in folder: URL) throws {
    for file in ["processor_config.json", "tokenizer_config.json"] {
      let value = try settings(file, in: folder)?["image_token"]
      guard let text = value?.string ?? value?["content"]?.string, let number = tokenizer.id(of: text), number != token
      else { continue }
      throw StudentError.unusableFile(
        "\(folder.appending(path: file).path): image_token",
        expected: "'\(tokenizer.token(of: token) ?? "")', whose number \(token) config.json gives for images",
        found: "'\(text)' with the number \(number)")
    }
  }

  /// The object of a file; nil where there is none.
  private static func settings(_ name: String, in folder: URL) throws -> JSONValue? {
    let file = folder.appending(path: name)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try tokenizerJSON(Array(readRegularFile(file)), file: file.path)
  }
}
