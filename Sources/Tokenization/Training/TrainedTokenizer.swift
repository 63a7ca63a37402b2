internal import JSON
package import Foundation

/// A tokenizer that was just trained, with the files that make it loadable elsewhere.
package struct TrainedTokenizer: Sendable {
  /// The tokenizer, ready for use.
  package let tokenizer: Tokenizer
  /// The text of `tokenizer.json`, in the format of Hugging Face's library.
  package let json: String
  /// The text of `tokenizer_config.json`, as transformers reads it.
  package let configuration: String
  /// The text of `chat_template.jinja`; nil if there is none.
  package let chatTemplate: String?

  init(trainer: BPETrainer, vocabulary: [[UInt8]], merges: [PairCounting.Pair], specialCount: Int) throws {
    func text(_ token: [UInt8]) -> JSONValue { .string(String(decoding: token, as: UTF8.self)) }
    let added = vocabulary[0..<specialCount].enumerated().map { id, token -> JSONValue in
      [
        "id": .number(id), "content": text(token), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
    }
    let file: JSONValue = [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added), "normalizer": .null,
      "pre_tokenizer": trainer.splitting.json, "post_processor": .null,
      "decoder": ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true],
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null,
        "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
        "vocab": .object(
          vocabulary.enumerated().map { JSONValue.Member(String(decoding: $1, as: UTF8.self), .number($0)) }),
        "merges": .array(merges.map { [text(vocabulary[Int($0.left)]), text(vocabulary[Int($0.right)])] }),
      ],
    ]
    var members: [JSONValue.Member] = trainer.roles.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { JSONValue.Member($0.key.rawValue, .string($0.value)) }
    let taken = trainer.roles.values.map { Array($0.utf8) }
    let rest = vocabulary[0..<specialCount].filter { !taken.contains($0) }
    if !rest.isEmpty { members.append(JSONValue.Member("extra_special_tokens", .array(rest.map(text)))) }
    members.append(JSONValue.Member("tokenizer_class", "PreTrainedTokenizerFast"))
    members.append(JSONValue.Member("clean_up_tokenization_spaces", false))
    json = file.text(.python(indent: 2)) + "\n"
    configuration = JSONValue.object(members).text(.python(indent: 2)) + "\n"
    chatTemplate = trainer.chatTemplate
    tokenizer = try Tokenizer(
      file, file: "tokenizer.json", configuration: .object(members), specialTokensMap: nil)
  }

  /// Writes `tokenizer.json`, `tokenizer_config.json` and, if there is one, `chat_template.jinja` into a folder.
  ///
  /// Each file is written beside its place and moved there, so that none is ever half there. The folder is made if need
  /// be.
  ///
  /// - Throws: ``TokenizerError/fileFailure(file:reason:)``.
  package func write(to directory: URL) throws {
    var files = [("tokenizer_config.json", configuration), ("tokenizer.json", json)]
    if let chatTemplate { files.append(("chat_template.jinja", chatTemplate)) }
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      for (name, text) in files {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name), options: .atomic)
      }
    } catch {
      throw TokenizerError.fileFailure(file: directory.path, reason: (error as NSError).localizedDescription)
    }
  }
}
