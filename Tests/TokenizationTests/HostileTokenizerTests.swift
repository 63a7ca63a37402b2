import JSON
import Foundation
import Testing
import Tokenization

/// Files that are well formed and made to use up time, memory or the stack.
@Suite struct HostileTokenizerTests {
  private static let model: JSONValue = ["type": "BPE", "vocab": ["a": 0, "b": 1], "merges": []]

  private static func replacing(_ pattern: JSONValue, with content: String) -> JSONValue {
    ["type": "Replace", "pattern": pattern, "content": .string(content)]
  }

  @Test(arguments: [
    // A thousand times a thousand rounds over nothing, and what would be written out 10^12 times.
    "((((){1000}){1000}){1000}){1000}", "((((?=){1000}){1000}){1000}){1000}", "((((a{0}){1000}){1000}){1000}){1000}",
    "((((a){1000}){1000}){1000}){1000}", "(((((a{0,1000}){0,1000}){0,1000}){0,1000}){0,1000}){0,1000}",
    // Repetitions of repetitions of one letter.
    "a" + String(repeating: "??", count: 20_000), "a" + String(repeating: "{1}", count: 50_000),
    "a" + String(repeating: "+?", count: 300),
    String(repeating: "(?:", count: 90) + "a"
      + String(repeating: "??)+?", count: 90),
    String(repeating: "(", count: 100_000), String(repeating: "[", count: 100_000),
    String(repeating: "(?i)", count: 100_000), String(repeating: "a|", count: 100_000),
    String(repeating: "(?i:a)", count: 100_000),
  ])
  func `a pattern that is deep or large when written out is refused`(pattern: String) {
    #expect {
      try PatternTests.pieces(of: "a", pattern: pattern)
    } throws: { error in
      guard case .invalidPattern = error as? TokenizerError else { return false }
      return true
    }
  }

  /// Tokens of 16 bytes, the second eight of which undo what the hash of version 0.1, whose seed was the same for all, made of
  /// the first: 60,000 of them took 5.5 s to read, and four times as many sixteen times as long.
  @Test func `a vocabulary whose tokens would meet in one slot is read like any other`() throws {
    func fold(_ x: UInt64) -> UInt64 {
      let product = x.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
      return product.high ^ product.low
    }
    var tokens: [String] = []
    var number: UInt64 = 0
    while tokens.count < 1000 {
      // Eight letters of A to P.
      let first = (0..<8).reduce(UInt64(0)) { $0 | (0x41 + (number >> (4 * $1)) & 0xF) << (8 * $1) }
      number += 1
      let second = fold(0x9E37_79B9_7F4A_7C15 ^ 16 ^ first)
      let bytes = [first, second].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
      if bytes.allSatisfy({ (33...126).contains($0) }) { tokens.append(String(decoding: bytes, as: UTF8.self)) }
    }
    let vocabulary = tokens.enumerated().map { JSONValue.Member($1, .number($0)) }
    let json: JSONValue = [
      "model": ["type": "BPE", "vocab": .object(vocabulary), "merges": [], "ignore_merges": true]
    ]
    let tokenizer = try Tokenizer(json: Data(json.text.utf8))
    for (id, token) in tokens.enumerated() { #expect(tokenizer.encode(token) == [id]) }
  }

  @Test(arguments: [
    "(?:(?:(?:a?){50}){50})*b", "(?:a|a|a|a|a|a|a|a|a)*$b", "[" + String(repeating: "[^Ā]", count: 1000) + "]",
    "(?<=" + String(repeating: "a?", count: 200) + ")b",
  ])
  func `a pattern with a choice at every letter ends on a long text`(pattern: String) throws {
    let text = String(repeating: "aaé", count: 5000)
    #expect(try PatternTests.pieces(of: text, pattern: pattern).count >= 1)
  }

  @Test func `a set of many ranges holds what its ranges hold`() throws {
    let pattern =
      "[" + (0..<900).map { String(Unicode.Scalar(UInt16(0x4000 + 4 * $0))!) }.joined()
      + "\u{100}-\u{180}\u{150}-\u{1A0}]"
    let text = "\u{4000}\u{4001}\u{4004}\u{FF}\u{100}\u{17F}\u{1A0}\u{1A1}"
    #expect(
      try PatternTests.pieces(of: text, pattern: pattern) == [0..<1, 1..<2, 2..<3, 3..<4, 4..<5, 5..<6, 6..<7, 7..<8])
  }

  @Test func `a hundred thousand added tokens are read, and the longest that fits is found`() throws {
    func token(_ content: String) -> JSONValue {
      [
        "id": 0, "content": .string(content), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false,
        "special": true,
      ]
    }
    let tokens = (0..<100_000).map { token("<\($0)>") } + [token("<1>x")]
    let tokenizer = try (["model": Self.model, "added_tokens": .array(tokens)] as JSONValue).tokenizer()
    #expect(tokenizer.encode("a<99999><1>xb<1><") == [0, 2 + 99_999, 2 + 100_000, 1, 2 + 1])
    #expect(tokenizer.encode(String(repeating: "<", count: 100_000)) == [])
  }

  @Test func `steps that multiply a text are refused, and a single one is not`() throws {
    let thousand = String(repeating: "a", count: 1000)
    func file(_ steps: [JSONValue], _ field: String = "normalizer", _ list: String = "normalizers") -> JSONValue {
      .object([
        .init("model", Self.model), .init(field, .object([.init("type", "Sequence"), .init(list, .array(steps))])),
      ])
    }
    let literal: JSONValue = ["String": "a"]
    let inner: JSONValue = [
      "type": "Sequence", "normalizers": .array(Array(repeating: Self.replacing(literal, with: "aaa"), count: 4)),
    ]
    for steps in [
      Array(repeating: Self.replacing(literal, with: thousand), count: 8),
      Array(repeating: Self.replacing(["Regex": "a"], with: thousand), count: 2),
      Array(repeating: Self.replacing(["Regex": ""], with: "ab"), count: 30), Array(repeating: inner, count: 3),
      Array(repeating: ["type": "ByteLevel"], count: 20), Array(repeating: ["type": "NFKD"], count: 5),
      [["type": "Prepend", "prepend": .string(thousand)], Self.replacing(literal, with: thousand)],
      Array(repeating: ["type": "Lowercase"], count: 65),
    ] {
      #expect(throws: TokenizerError.self, "\(steps.count)") { try file(steps).tokenizer() }
    }
    let pieces = Array(
      repeating: ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false] as JSONValue, count: 20)
    #expect(throws: TokenizerError.self) { try file(pieces, "pre_tokenizer", "pretokenizers").tokenizer() }
    // What a decoder rewrites has been through the other steps: 9 times 9 is too much, 8 times 8 is not.
    func decoders(_ content: String) -> [JSONValue] {
      Array(repeating: Self.replacing(literal, with: content), count: 2)
    }
    #expect(throws: TokenizerError.self) {
      try file(decoders(String(repeating: "a", count: 9)), "decoder", "decoders").tokenizer()
    }
    let eight = try file(decoders(String(repeating: "a", count: 8)), "decoder", "decoders").tokenizer()
    #expect(eight.decode([0, 1]) == String(repeating: "a", count: 64) + "b")
    #expect(try file([Self.replacing(literal, with: thousand)]).tokenizer().encode("ba").count == 1001)
    // Changes of single letters, however many.
    let letters = Array(repeating: Self.replacing(["Regex": "[áà]"], with: "a"), count: 60)
    #expect(try file(letters).tokenizer().encode("áb") == [0, 1])
  }

  @Test(arguments: [
    (#"{"truncation": {"max_length": -1}}"#, "truncation.max_length"),
    (#"{"truncation": {"max_length": 1e300}}"#, "truncation.max_length"),
    (#"{"padding": {"pad_id": -1}}"#, "padding.pad_id"), (#"{"padding": {"pad_id": 99999999999}}"#, "padding.pad_id"),
    (#"{"padding": {"pad_id": 0, "pad_type_id": -1}}"#, "padding.pad_type_id"),
    (#"{"padding": {"pad_id": 0, "strategy": {"Fixed": 9223372036854775807}}}"#, "padding.strategy"),
    (#"{"padding": {"pad_id": 0, "pad_to_multiple_of": 9223372036854775807}}"#, "padding.pad_to_multiple_of"),
    (
      #"{"post_processor": {"type": "BertProcessing", "cls": ["a", 99999999999], "sep": ["a", 0]}}"#,
      "post_processor.cls"
    ),
    (#"{"decoder": {"type": "Strip", "content": "a", "start": -1, "stop": 0}}"#, "decoder.start"),
    (
      #"{"post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": -5}}]}}"#,
      "post_processor.single[0].Sequence.type_id"
    ),
  ])
  func `a number beyond its range is refused with its field`(fields: String, field: String) throws {
    let members = try #require(try JSONParser.value(of: fields).members)
    #expect {
      try JSONValue.object([.init("model", Self.model)] + members).tokenizer()
    } throws: { error in
      guard case .invalidField(_, field, _, _) = error as? TokenizerError else { return false }
      return true
    }
  }

  @Test(arguments: [
    #"{"type": "BPE", "vocab": {"a": 0}, "merges": [], "continuing_subword_prefix": "LONG"}"#,
    #"{"type": "BPE", "vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "LONG"}"#,
    #"{"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "a", "continuing_subword_prefix": "LONG"}"#,
    ###"{"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "a", "continuing_subword_prefix": "##", "max_input_chars_per_word": 1000000}"###,
    #"{"type": "BPE", "vocab": {"a": 16777216}, "merges": []}"#,
  ])
  func `a model whose numbers and affixes are out of bounds is refused`(model: String) throws {
    let text = model.replacingOccurrences(of: "LONG", with: String(repeating: "x", count: 100_000))
    let file: JSONValue = ["model": try JSONParser.value(of: text)]
    #expect(throws: TokenizerError.self) { try file.tokenizer() }
  }

  /// The ids are those of tokenizers 0.23.3, whose offsets go beyond the text here.
  @Test func `affixes that are spelled in bytes end no later than the text`() throws {
    let file: JSONValue = [
      "model": [
        "type": "BPE", "vocab": ["a": 0, "xa": 1, "<0x78>": 2, "<0xC3>": 3, "<0xA9>": 4], "merges": [],
        "continuing_subword_prefix": "x", "byte_fallback": true,
      ]
    ]
    let encoding = try file.tokenizer().encoding(of: "aé")
    #expect(encoding.ids == [0, 2, 3, 4] && encoding.offsets == [0..<1, 1..<2, 1..<2, 2..<2])
  }

  @Test func `a pipe in the place of a file is an error, and is not waited for`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pipes-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["tokenizer.json", "chat_template.jinja"] {
      #expect(mkfifo(folder.appending(path: name).path, 0o600) == 0)
    }
    func expected(_ name: String) -> TokenizerError {
      .fileFailure(file: folder.appending(path: name).path, reason: "It is not a regular file.")
    }
    #expect(throws: expected("tokenizer.json")) { try Tokenizer(contentsOf: folder) }
    #expect(throws: expected("chat_template.jinja")) { try ChatTemplate(contentsOf: folder) }
  }

  /// The ids are those of tokenizers 0.23 for the same file.
  @Test func `words are divided by the longest beginnings`() throws {
    let file: JSONValue = [
      "pre_tokenizer": ["type": "WhitespaceSplit"],
      "model": [
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 6,
        "vocab": [
          "[UNK]": 0, "un": 1, "una": 2, "##aff": 3, "##able": 4, "##a": 5, "##f": 6, "é": 7, "##é": 8, "##": 9,
        ],
      ],
    ]
    #expect(try file.tokenizer().encode("unaff unable é éé unb unaffable ##") == [2, 6, 6, 0, 7, 7, 8, 0, 0, 9])
  }
}
