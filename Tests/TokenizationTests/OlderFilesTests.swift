import Foundation
import JSON
import TestSupport
import Testing
import Tokenization

/// Folders without tokenizer.json. What transformers 5.24.0 makes of them is written as a tokenizer.json beside it, whose parts
/// the golden tests hold against Hugging Face's library.
@Suite struct OlderFilesTests {
  private func write(_ files: [String: String], to folder: URL) throws {
    for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
  }

  /// The vocabulary of the golden WordPiece tokenizer by number, and the tokenizer without the tokens added to it.
  private func bert() throws -> (lines: [String], file: JSONValue) {
    let file = try #require(golden("tokenizer-bert")["tokenizer"])
    let members = try #require(file["model"]?["vocab"]?.members)
    let lines = members.sorted { ($0.value.spelledInteger ?? 0) < ($1.value.spelledInteger ?? 0) }.map(\.name)
    return (lines, file.setting("added_tokens", .array(Array(file.list("added_tokens").prefix(5)))))
  }

  private func texts(_ family: String) throws -> [String] {
    try golden("tokenizer-\(family)").list("cases").compactMap { $0["text"]?.string }
  }

  @Test(
    arguments: [
      ("{\"model_type\": \"bert\"}", nil, true, true, "null"),
      ("{\"model_type\": \"electra\"}", "{\"do_lower_case\": false, \"model_max_length\": 77}", false, true, "null"),
      (
        "{\"model_type\": \"distilbert\"}",
        "{\"tokenizer_class\": \"DistilBertTokenizerFast\", \"strip_accents\": false, \"tokenize_chinese_chars\": false}",
        true, false, "false"
      ),
      (
        "{}",
        "{\"tokenizer_class\": \"BertTokenizer\", \"strip_accents\": true, \"unk_token\": {\"content\": \"[UNK]\"}}",
        true, true, "true"
      ),
    ] as [(String, String?, Bool, Bool, String)])
  func `vocab.txt is read as transformers reads it`(
    config: String, settings: String?, lowercases: Bool, separates: Bool, strips: String
  ) throws {
    let (lines, file) = try bert()
    let normalizer =
      "{\"type\": \"BertNormalizer\", \"clean_text\": true, \"handle_chinese_chars\": \(separates), "
      + "\"strip_accents\": \(strips), \"lowercase\": \(lowercases)}"
    let expected = try file.setting("normalizer", tokenizerJSON(Array(normalizer.utf8), file: "")).tokenizer()
    try withTemporaryFolder { folder in
      // A line's end is trimmed.
      try write(["config.json": config, "vocab.txt": lines.joined(separator: " \r\n") + "\n"], to: folder)
      if let settings { try write(["tokenizer_config.json": settings], to: folder) }
      let tokenizer = try Tokenizer(contentsOf: folder)
      #expect(tokenizer.vocabularyCount == lines.count)
      if settings?.contains("77") == true { #expect(tokenizer.maximumLength == 77) }
      for text in try texts("bert") + ["[MASK] of [SEP]", "东京Tower naïve"] {
        #expect(tokenizer.encoding(of: text, pair: "x") == expected.encoding(of: text, pair: "x"), "\(text)")
        let ids = tokenizer.encode(text)
        #expect(tokenizer.decode(ids) == expected.decode(ids))
      }
    }
  }

  /// A file of SentencePiece with these pieces: text, score, kind (1 normal, 2 unknown, 3 control, 4 user-defined).
  private func sentencePiece(
    _ pieces: [(String, Float, Int)], table: Data = Data(), type: UInt8 = 1, fallsBack: Bool = false
  ) -> Data {
    func number(_ value: Int) -> [UInt8] {
      value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + number(value >> 7)
    }
    func field(_ key: Int, _ bytes: some Collection<UInt8>) -> [UInt8] {
      number(key << 3 | 2) + number(bytes.count) + bytes
    }
    var file: [UInt8] = []
    for (text, score, kind) in pieces {
      let bits = withUnsafeBytes(of: score.bitPattern.littleEndian) { Array($0) }
      file += field(1, field(1, text.utf8) + [2 << 3 | 5] + bits + [3 << 3, UInt8(kind)])
    }
    file += field(2, [3 << 3, type] + number(35 << 3) + [fallsBack ? 1 : 0])
    return Data(file + field(3, field(1, "nmt_nfkc".utf8) + field(2, table)))
  }

  private func unigram() throws -> (pieces: [(String, Float, Int)], table: String, file: JSONValue) {
    let file = try #require(golden("tokenizer-xlm-roberta")["tokenizer"])
    let vocabulary = try #require(file["model"]?.list("vocab")).dropFirst(5).map {
      ($0[0]?.string ?? "", Float($0[1]?.double ?? 0), 1)
    }
    let table = try #require(file["normalizer"]?.list("normalizers")[0]["precompiled_charsmap"]?.string)
    return ([("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)] + vocabulary, table, file)
  }

  @Test(arguments: [false, true])
  func `a SentencePiece file of XLM-R or CamemBERT is read as transformers reads it`(isCamembert: Bool) throws {
    let (pieces, table, file) = try unigram()
    let first =
      isCamembert
      ? [("<s>NOTUSED", 0), ("<pad>", 0), ("</s>NOTUSED", 0), ("<unk>", 0), ("<unk>NOTUSED", -100)]
      : [("<s>", 0 as Float), ("<pad>", 0), ("</s>", 0), ("<unk>", 0)]
    let all = first + pieces.dropFirst(isCamembert ? 1 : 3).map { ($0.0, $0.1) } + [("<mask>", 0)]
    let (beginning, end) = isCamembert ? (5, 6) : (0, 2)
    let entries = all.map { JSONValue.array([.string($0.0), .number(Double($0.1))]) }
    let special = [(beginning, "<s>"), (1, "<pad>"), (end, "</s>"), (3, "<unk>"), (all.count - 1, "<mask>")]
    let added = special.map { id, text in
      "{\"id\": \(id), \"content\": \"\(text)\", \"single_word\": false, \"lstrip\": "
        + "\(isCamembert && text == "<mask>"), \"rstrip\": false, \"normalized\": false, \"special\": true}"
    }
    let space = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}"#
    let parts = [
      "added_tokens": "[\(added.joined(separator: ", "))]",
      "normalizer": #"{"type": "Precompiled", "precompiled_charsmap": "\#(table)"}"#,
      "pre_tokenizer": #"{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, \#(space)]}"#,
      "decoder": space,
    ]
    var expected = file
    for (name, text) in parts.sorted(by: { $0.key < $1.key }) {
      expected = expected.setting(name, try tokenizerJSON(Array(text.utf8), file: name))
    }
    let model = try #require(expected["model"]).setting("vocab", .array(entries))
    expected = expected.setting("model", model)
    let text = expected.text(.python())
      .replacing("\"<s>\", \"ids\": [0]", with: "\"<s>\", \"ids\": [\(beginning)]")
      .replacing("\"</s>\", \"ids\": [2]", with: "\"</s>\", \"ids\": [\(end)]")
    let reference = try Tokenizer(json: Data(text.utf8))
    try withTemporaryFolder { folder in
      try write(["config.json": "{\"model_type\": \"\(isCamembert ? "camembert" : "xlm-roberta")\"}"], to: folder)
      let bytes = sentencePiece(pieces, table: try #require(Data(base64Encoded: table)))
      try bytes.write(to: folder.appending(path: "sentencepiece.bpe.model"))
      let tokenizer = try Tokenizer(contentsOf: folder)
      for text in try texts("xlm-roberta") + ["a <mask> b", "  two   words "] {
        #expect(tokenizer.encoding(of: text, pair: "x") == reference.encoding(of: text, pair: "x"), "\(text)")
      }
      // Cut off anywhere, the file is refused by name or still a vocabulary.
      for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 97)) {
        try bytes.prefix(count).write(to: folder.appending(path: "sentencepiece.bpe.model"))
        do { _ = try Tokenizer(contentsOf: folder) } catch let error as TokenizerError {
          #expect("\(error)".contains("sentencepiece.bpe.model") || "\(error)".contains("vocabulary lacks"), "\(error)")
        }
      }
    }
  }

  @Test func `other older files are refused with the line that writes tokenizer.json`() throws {
    let (lines, _) = try bert()
    let words = lines.joined(separator: "\n")
    let plain = sentencePiece([("<unk>", 0, 2), ("a", -1, 1)])
    func check(_ files: [String: Data], _ reason: String) throws {
      try withTemporaryFolder { folder in
        for (name, data) in files { try data.write(to: folder.appending(path: name)) }
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: folder) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(reason) && text.contains("AutoTokenizer") && text.contains(folder.path), "\(text)")
      }
    }
    func data(_ text: String) -> Data { Data(text.utf8) }
    let (bert, roberta) = (data(#"{"model_type": "bert"}"#), data(#"{"model_type": "xlm-roberta"}"#))
    try check(["config.json": bert, "vocab.txt": data("a\nb\n")], "lacks [PAD]")
    try check(["vocab.txt": data(words)], "a model that names no tokenizer")
    try check(["config.json": bert, "spiece.model": plain], "spiece.model is not read for bert")
    let llama = data(#"{"model_type": "llama"}"#)
    try check(["config.json": data(#"{"model_type": "xlnet"}"#), "spiece.model": plain], "spiece.model of xlnet")
    try check(["config.json": llama, "spiece.model": plain], "spiece.model is not read for llama")
    try check(["config.json": llama, "tokenizer.model": sentencePiece([("<unk>", 0, 2)], type: 3)], "BPE or Unigram")
    try check(
      ["config.json": llama, "tokenizer.model": sentencePiece([("<unk>", 0, 2), ("a", 0, 5)])], "BPE or Unigram")
    try check(
      ["config.json": llama, "tokenizer.model": sentencePiece([("<unk>", 0, 2)], fallsBack: true)], "lacks those")
    try check(["config.json": llama, "tokenizer.model": sentencePiece([("a", 0, 1)])], "lacks those")
    let other = data(#"{"added_tokens_decoder": {"7": {"content": "<new>"}}}"#)
    try check(["config.json": llama, "tokenizer.model": plain, "tokenizer_config.json": other], "gives number 7")
    try check(
      ["config.json": bert, "vocab.txt": data(words), "tokenizer_config.json": data(#"{"do_basic_tokenize": false}"#)],
      "more than BERT's splitting")
    try check(
      ["config.json": bert, "vocab.txt": data(words), "added_tokens.json": data("{}")], "added_tokens.json")
    try check(
      [
        "config.json": bert, "vocab.txt": data(words),
        "tokenizer_config.json": data(#"{"added_tokens_decoder": {"400": {"content": "<new>"}}}"#),
      ], "added_tokens_decoder adds <new>")
    try check(
      ["config.json": roberta, "sentencepiece.bpe.model": sentencePiece([("<unk>", 0, 2), ("a", -1, 1)], type: 2)],
      "more than a Unigram vocabulary")
    try check(
      ["config.json": roberta, "sentencepiece.bpe.model": sentencePiece([("<unk>", 0, 2), ("a", -1, 4)])],
      "more than a Unigram vocabulary")
    try check(
      ["config.json": roberta, "sentencepiece.bpe.model": sentencePiece([("<unk>", 0, 2)], fallsBack: true)],
      "more than a Unigram vocabulary")
  }
}
