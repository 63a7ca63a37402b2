package import Foundation
internal import JSON

/// BERT's vocab.txt, from which its tokenizer is known but for what tokenizer_config.json says.
extension OlderFiles {
  /// The special tokens of BERT and its kin, by their roles in tokenizer_config.json.
  static let roles = [
    ("pad_token", "[PAD]"), ("unk_token", "[UNK]"), ("cls_token", "[CLS]"), ("sep_token", "[SEP]"),
    ("mask_token", "[MASK]"),
  ]

  /// The lines of a vocab.txt; the end of the last one begins no other.
  static func lines(of bytes: [UInt8]) -> ArraySlice<ArraySlice<UInt8>> {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.last?.isEmpty == true ? lines.dropLast() : lines[...]
  }

  /// BERT's tokenizer over the lines of vocab.txt.
  static func wordPiece(
    _ bytes: [UInt8], _ words: OlderFileSettings, _ refusal: (String) -> TokenizerError
  ) throws -> JSONValue {
    guard words.bool("do_basic_tokenize", true), words.isEmpty("never_split"),
      words.isEmpty("additional_special_tokens")
    else { throw refusal("tokenizer_config.json asks for more than BERT's splitting") }
    // As the tokenizers library reads the file: a line's end is trimmed, and of two equal lines the last counts.
    var (vocabulary, place) = ([(String, Int)](), [String: Int]())
    for (id, line) in Self.lines(of: bytes).enumerated() {
      var scalars = String(decoding: line, as: UTF8.self).unicodeScalars[...]
      while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
      let token = String(scalars)
      if let old = place[token] {
        vocabulary[old].1 = id
      } else {
        place[token] = vocabulary.count
        vocabulary.append((token, id))
      }
    }
    let special = try words.specialTokens(Self.roles, refusal) { token in place[token].map { vocabulary[$0].1 } }
    let lowercases = words.bool("do_lower_case", true)
    let (cls, sep) = (words.token("cls_token") ?? "[CLS]", words.token("sep_token") ?? "[SEP]")
    func id(_ token: String) -> Int { place[token].map { vocabulary[$0].1 } ?? 0 }
    return .members([
      ("added_tokens", .array(special)),
      (
        "normalizer",
        .members([
          ("type", .string("BertNormalizer")), ("clean_text", .bool(true)),
          ("handle_chinese_chars", .bool(words.bool("tokenize_chinese_chars", true))),
          ("strip_accents", words["strip_accents"] ?? .null), ("lowercase", .bool(lowercases)),
        ])
      ),
      ("pre_tokenizer", .members([("type", .string("BertPreTokenizer"))])),
      (
        "post_processor",
        .template(
          single: [(cls, 0), (nil, 0), (sep, 0)], pair: [(cls, 0), (nil, 0), (sep, 0), (nil, 1), (sep, 1)],
          ids: [(cls, id(cls)), (sep, id(sep))])
      ),
      (
        "decoder",
        .members([("type", .string("WordPiece")), ("prefix", .string("##")), ("cleanup", .bool(true))])
      ),
      (
        "model",
        .members([
          ("type", .string("WordPiece")), ("unk_token", .string(words.token("unk_token") ?? "[UNK]")),
          ("continuing_subword_prefix", .string("##")), ("max_input_chars_per_word", .number(100)),
          ("vocab", .members(vocabulary.map { ($0.0, .number($0.1)) })),
        ])
      ),
    ])
  }
}

extension Tokenizer {
  /// Reads BERT's tokenizer from the lines of a vocab.txt.
  ///
  /// - Parameters:
  ///   - vocabulary: the bytes of the file, a token a line in the order of their ids.
  ///   - configuration: the bytes of `tokenizer_config.json`: special tokens by role, and `do_lower_case`.
  ///   - file: what errors call the file that both were made from.
  /// - Throws: ``TokenizerError``.
  package convenience init(bertVocabulary vocabulary: Data, configuration: Data, file: String) throws {
    let settings = try tokenizerJSON(Array(configuration), file: "tokenizer_config.json")
    let json = try OlderFiles.wordPiece(Array(vocabulary), OlderFileSettings(settings, nil)) {
      .onlyOlderFiles(folder: file, reason: $0)
    }
    try self.init(json, file: file, configuration: settings, specialTokensMap: nil)
  }
}
