import Foundation
import JSON
import Testing
import Tokenization

/// Folders of Japanese BERTs, against transformers with the words of fugashi's MeCab and IPAdic; `make test-mecab` runs them with
/// the trait `MeCab`.
@Suite struct JapaneseTokenizerTests {
  private func write(
    _ settings: String, vocabulary: [String] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"], to folder: URL
  ) throws {
    try Data("{\"model_type\": \"bert\"}".utf8).write(to: folder.appending(path: "config.json"))
    try Data(settings.utf8).write(to: folder.appending(path: "tokenizer_config.json"))
    try Data((vocabulary.joined(separator: "\n") + "\n").utf8).write(to: folder.appending(path: "vocab.txt"))
  }

  private func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  private func refusal(_ settings: String) throws -> String {
    try withTemporaryFolder { folder in
      try write("{\"tokenizer_class\": \"BertJapaneseTokenizer\", \(settings)}", to: folder)
      let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: folder) }
      #expect(error.map { "\($0)" }?.hasPrefix(folder.path) == true)
      return error.map { "\($0)" } ?? ""
    }
  }

  @Test func `words of another kind are refused by name`() throws {
    #expect(try refusal("\"word_tokenizer_type\": \"sudachi\"").contains("word_tokenizer_type sudachi is not read"))
    #expect(try refusal("\"do_lower_case\": false").contains("word_tokenizer_type basic is not read"))
    let pieces = "\"word_tokenizer_type\": \"mecab\", \"subword_tokenizer_type\": \"sentencepiece\""
    #expect(try refusal(pieces).contains("subword_tokenizer_type sentencepiece is not read"))
  }

  #if MeCab
    /// What transformers says, made by TokenizationTests/Golden/generate.py.
    private func golden() throws -> JSONValue {
      let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      let file = tests.appending(path: "TokenizationTests/Golden/japanese.json")
      return try tokenizerJSON(Array(Data(contentsOf: file)), file: file.path)
    }

    private func list(_ value: JSONValue?, _ key: String) -> [JSONValue] { value?[key]?.elements ?? [] }

    private func ids(_ value: JSONValue?, _ key: String) -> [Int] { list(value, key).compactMap(\.spelledInteger) }

    @Test func `ids are those of transformers with MeCab and IPAdic`() throws {
      let file = try golden()
      let vocabulary = list(file, "vocabulary").compactMap(\.string)
      #expect(list(file, "kinds").count == 3)
      for kind in list(file, "kinds") {
        let settings = try #require(kind["settings"]).text(.python())
        try withTemporaryFolder { folder in
          try write(settings, vocabulary: vocabulary, to: folder)
          let tokenizer = try Tokenizer(contentsOf: folder)
          for example in list(kind, "cases") {
            let text = try #require(example["text"]?.string)
            let ids = self.ids(example, "ids")
            #expect(tokenizer.encode(text) == ids, "\(settings) \(text.debugDescription)")
            let offsets = tokenizer.encoding(of: text).offsets.dropFirst().dropLast()
            #expect(offsets.allSatisfy { $0.upperBound <= text.unicodeScalars.count }, "\(text.debugDescription)")
          }
          let texts = list(kind, "cases").prefix(2).compactMap { $0["text"]?.string }
          let pair = tokenizer.encoding(of: texts[0], pair: texts[1])
          #expect(pair.ids == ids(kind["pair"], "ids"))
          #expect(pair.typeIDs == ids(kind["pair"], "types"))
        }
      }
    }

    @Test func `several threads may divide texts at once`() async throws {
      let vocabulary = list(try golden(), "vocabulary").compactMap(\.string)
      let settings = #""word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "ipadic"}"#
      let tokenizer = try withTemporaryFolder { folder in
        try write("{\"tokenizer_class\": \"BertJapaneseTokenizer\", \(settings)}", vocabulary: vocabulary, to: folder)
        return try Tokenizer(contentsOf: folder)
      }
      let text = String(repeating: "東京で新しい駅が開業した。", count: 20)
      let ids = tokenizer.encode(text)
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<16 { group.addTask { tokenizer.encode(text) == ids } }
        for await isEqual in group { #expect(isEqual) }
      }
    }

    @Test func `a dictionary that is not there is named, with where another is set`() throws {
      let mecab = "\"word_tokenizer_type\": \"mecab\""
      let lost = try refusal("\(mecab), \"mecab_kwargs\": {\"mecab_dic\": null, \"mecab_option\": \"-d '/no where'\"}")
      #expect(lost.contains("-d /no where") && lost.contains("mecab-ipadic-utf8"), "\(lost)")
      // transformers' default is a package of Python, whose folder is to be named.
      #expect(try refusal(mecab).contains("import unidic_lite; print(unidic_lite.DICDIR)"))
    }

    @Test func `a dictionary is found by the folder that the configuration names`() throws {
      let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "東京", "駅"]
      try withTemporaryFolder { folder in
        let kwargs = "{\"mecab_dic\": null, \"mecab_option\": \"-d \\\"/var/lib/mecab/dic/ipadic-utf8\\\"\"}"
        try write(
          "{\"tokenizer_class\": \"BertJapaneseTokenizer\", \"word_tokenizer_type\": \"mecab\", \"mecab_kwargs\": \(kwargs)}",
          vocabulary: vocabulary, to: folder)
        #expect(try Tokenizer(contentsOf: folder).encode("東京駅") == [2, 5, 6, 3])
      }
    }
  #else
    @Test func `without the trait the error says how to build with MeCab`() throws {
      let text = try refusal("\"word_tokenizer_type\": \"mecab\", \"mecab_kwargs\": {\"mecab_dic\": \"ipadic\"}")
      #expect(text.contains("--traits default,MeCab") && text.contains("apt-get install libmecab-dev"), "\(text)")
      #expect(text.contains("AutoTokenizer"), "\(text)")
    }
  #endif
}
