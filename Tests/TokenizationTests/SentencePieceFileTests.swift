import Foundation
import JSON
import TestSupport
import Testing
import Tokenization

/// Folders whose tokenizer is a file of SentencePiece alone, against the ids of the sentencepiece package and, where special tokens
/// stand in a text, of transformers.
@Suite struct SentencePieceFileTests {
  /// A model of the golden file.
  private func model(_ kind: String) throws -> (bytes: Data, entry: JSONValue) {
    let entry = try #require(try golden("sentencepiece").list("models").first { $0["kind"]?.string == kind })
    return (try #require(entry["model"]?.string.flatMap { Data(base64Encoded: $0) }), entry)
  }

  /// Writes a folder of a model.
  private func write(_ model: Data, as file: String, _ type: String, _ settings: String, to folder: URL) throws {
    try model.write(to: folder.appending(path: file))
    try Data("{\"model_type\": \"\(type)\"}".utf8).write(to: folder.appending(path: "config.json"))
    try Data(settings.utf8).write(to: folder.appending(path: "tokenizer_config.json"))
  }

  @Test(
    arguments: [
      ("llama", "tokenizer.model", "llama", #"{"tokenizer_class": "LlamaTokenizer"}"#),
      ("llama", "tokenizer.model", "mistral", #"{"legacy": true}"#),
      ("gemma", "tokenizer.model", "gemma3", #"{"additional_special_tokens": ["<start_of_turn>"]}"#),
      ("pieces", "tokenizer.model", "llama", "{}"), ("unigram", "tokenizer.model", "llava_next", "{}"),
      ("unigram", "spiece.model", "t5", "{}"),
      ("plain", "spiece.model", "roberta", #"{"tokenizer_class": "T5TokenizerFast", "extra_ids": 0}"#),
    ])
  func `ids are those of the sentencepiece package`(
    kind: String, file: String, type: String, settings: String
  ) throws {
    let (bytes, entry) = try model(kind)
    try withTemporaryFolder { folder in
      try write(bytes, as: file, type, settings, to: folder)
      let tokenizer = try Tokenizer(contentsOf: folder)
      for example in entry.list("cases") {
        let (text, ids) = (try #require(example["text"]?.string), example.list("ids").compactMap(\.spelledInteger))
        #expect(tokenizer.encode(text, addingSpecialTokens: false) == ids, "\(text.debugDescription)")
        let encoding = tokenizer.encoding(of: text, addingSpecialTokens: false)
        #expect(encoding.ids == ids, "\(text.debugDescription)")
        let ends = encoding.offsets.map(\.upperBound)
        #expect(ends == ends.sorted() && ends.last ?? 0 <= text.unicodeScalars.count, "\(text.debugDescription)")
      }
    }
  }

  @Test func `special tokens are found in a text and set around it as transformers does`() throws {
    for entry in try golden("sentencepiece").list("folders") {
      let kind = try #require(entry["kind"]?.string)
      let settings = try #require(entry["configuration"]).text(.python())
      try withTemporaryFolder { folder in
        try write(
          model(kind).bytes, as: "tokenizer.model", try #require(entry["model_type"]?.string), settings, to: folder)
        let tokenizer = try Tokenizer(contentsOf: folder)
        #expect(tokenizer.vocabularyCount == entry["count"]?.spelledInteger, "\(settings)")
        #expect(tokenizer.specialTokens.end == (kind == "gemma" ? 1 : 2))
        for example in entry.list("cases") {
          let text = try #require(example["text"]?.string)
          #expect(
            tokenizer.encode(text) == example.list("ids").compactMap(\.spelledInteger),
            "\(settings) \(text.debugDescription)")
          let bare = tokenizer.encode(text, addingSpecialTokens: false)
          #expect(tokenizer.decode(bare) == example["decoded"]?.string, "\(settings) \(text.debugDescription)")
        }
      }
    }
  }

  /// "dogs ogs" in the model "pieces", whose pieces "do", "dog" and "ogs" are user-defined: the longest that begins at a place is
  /// taken, and joins with no other.
  @Test func `offsets count in the text that was given`() throws {
    let (bytes, _) = try model("pieces")
    try withTemporaryFolder { folder in
      try write(bytes, as: "tokenizer.model", "llama", "{}", to: folder)
      let tokenizer = try Tokenizer(contentsOf: folder)
      let encoding = tokenizer.encoding(of: "  dogs \u{200B} ogs", addingSpecialTokens: false)
      #expect(encoding.ids.compactMap { tokenizer.token(of: $0) } == ["▁", "dog", "s", "▁", "ogs"])
      #expect(encoding.offsets == [2..<3, 2..<5, 5..<6, 6..<7, 9..<12])
    }
  }

  @Test func `a text that spells a special token is not read as one where that is asked`() throws {
    let (bytes, _) = try model("gemma")
    try withTemporaryFolder { folder in
      try write(bytes, as: "tokenizer.model", "gemma3", "{}", to: folder)
      let tokenizer = try Tokenizer(contentsOf: folder)
      for token in ["<start_of_turn>", "<bos>", "<b>"] {
        let id = try #require(tokenizer.id(of: token))
        #expect(tokenizer.encode(following: token, isLiteral: false) == [id])
        #expect(!tokenizer.encode(following: token, isLiteral: true).contains(id), "\(token)")
      }
    }
  }

  @Test func `a damaged file is refused by name`() throws {
    let (bytes, _) = try model("pieces")
    try withTemporaryFolder { folder in
      for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 97)) {
        try write(bytes.prefix(count), as: "tokenizer.model", "llama", "{}", to: folder)
        do { _ = try Tokenizer(contentsOf: folder) } catch let error as TokenizerError {
          #expect("\(error)".contains(folder.path), "\(error)")
        }
      }
    }
  }
}
