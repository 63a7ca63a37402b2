import JSON
import Testing
import Tokenization

/// Files and texts whose lengths would multiply: what ends at once here takes minutes where one is walked through for each
/// place of the other.
@Suite struct LongTokenTests {
  private static let letters: JSONValue = ["type": "BPE", "vocab": ["a": 0, "b": 1, " ": 2], "merges": []]

  private static func added(_ content: String, normalized: Bool = false, left: Bool = false, right: Bool = false)
    -> JSONValue
  {
    [
      "id": 0, "content": .string(content), "single_word": false, "lstrip": .bool(left), "rstrip": .bool(right),
      "normalized": .bool(normalized), "special": true,
    ]
  }

  private static func unigram(_ tokens: [(String, String)]) -> JSONValue {
    ["type": "Unigram", "unk_id": 0, "vocab": .array(tokens.map { [.string($0.0), .number($0.1)] })]
  }

  private static func letters(_ count: Int, _ letter: String = "a") -> String {
    String(repeating: letter, count: count)
  }

  @Test func `an added token as long as the text is looked for in time that both take together`() throws {
    let long = Self.letters(200_000)
    for normalized in [false, true] {
      let tokens = [Self.added(long + "b", normalized: normalized), Self.added(long, normalized: normalized)]
      let tokenizer = try (["model": Self.letters, "added_tokens": .array(tokens)] as JSONValue).tokenizer()
      #expect(tokenizer.encode(Self.letters(199_999)) == Array(repeating: 0, count: 199_999))
      #expect(
        tokenizer.encode(long + Self.letters(199_999) + "b" + long + "b") == [4] + Array(repeating: 0, count: 199_999)
          + [1, 3])
    }
  }

  @Test func `an added token that its normalizer makes long is found, and refused beyond what there is room for`()
    throws
  {
    func file(_ times: Int) -> JSONValue {
      let content = JSONValue.string(Self.letters(times))
      return [
        "model": Self.letters, "added_tokens": [Self.added(Self.letters(500, "c"), normalized: true)],
        "normalizer": ["type": "Replace", "pattern": ["String": "c"], "content": content],
      ]
    }
    let tokenizer = try file(400).tokenizer()
    #expect(tokenizer.encode(Self.letters(200_001)) == [3, 0])
    #expect(
      tokenizer.encode(Self.letters(199_999) + "b" + Self.letters(500, "c")) == Array(repeating: 0, count: 199_999) + [
        1, 3,
      ])
    #expect {
      try file(9000).tokenizer()
    } throws: { error in
      guard case .invalidField(_, "added_tokens", _, _) = error as? TokenizerError else { return false }
      return true
    }
  }

  /// With a token that is too long to walk to, what begins at each place is found another way.
  @Test func `a long token changes nothing about where the short ones are found`() throws {
    var generator = SystemRandomNumberGenerator()
    func text(_ most: Int) -> String {
      (0...Int.random(in: 0..<most, using: &generator)).map { _ in ["a", "b", "é"].randomElement(using: &generator)! }
        .joined()
    }
    for round in 0..<30 {
      let contents = Array(Set((0..<6).map { _ in text(6) })).sorted()
      let tokens = contents.map { Self.added($0, normalized: round.isMultiple(of: 2)) }
      func added(_ tokens: [JSONValue]) throws -> Tokenizer {
        try (["model": Self.letters, "added_tokens": .array(tokens)] as JSONValue).tokenizer()
      }
      let pieces = [("<unk>", "0")] + contents.enumerated().map { ($1, "-\($0 % 3).5") }
      func unigram(_ tokens: [(String, String)]) throws -> Tokenizer {
        try (["model": Self.unigram(tokens)] as JSONValue).tokenizer()
      }
      let long = Self.letters(300, "é")
      let (walks, finds) = (
        try added(tokens), try added(tokens + [Self.added(long, normalized: round.isMultiple(of: 2))])
      )
      let (offersByStarts, offersByEnds) = (try unigram(pieces), try unigram(pieces + [(long, "-1")]))
      for _ in 0..<20 {
        let text = text(60)
        #expect(walks.encoding(of: text) == finds.encoding(of: text), "\(contents) in \(text)")
        #expect(offersByStarts.encoding(of: text) == offersByEnds.encoding(of: text), "\(contents) in \(text)")
      }
    }
  }

  @Test func `a token of Unigram as long as the text is looked for in time that both take together`() throws {
    let tokens = [("<unk>", "0"), ("a", "-1"), (Self.letters(200_000) + "b", "-5")]
    let tokenizer = try (["model": Self.unigram(tokens)] as JSONValue).tokenizer()
    #expect(tokenizer.encode(Self.letters(400_000)) == Array(repeating: 1, count: 400_000))
    #expect(tokenizer.encode(Self.letters(200_001) + "bé") == [1, 2, 0])
  }

  /// The ids and offsets for three spaces are those of tokenizers 0.23.3.
  @Test(arguments: [false, true])
  func `white space that many tokens take is looked through once`(isNormalized: Bool) throws {
    for (left, right, offsets) in [
      (true, false, [0..<1, 1..<2, 2..<3, 3..<4]), (false, true, [0..<1, 1..<4, 2..<4, 3..<4]),
      (true, true, [0..<1, 1..<4]),
    ] {
      let file: JSONValue = [
        "model": Self.letters, "added_tokens": [Self.added(" ", normalized: isNormalized, left: left, right: right)],
      ]
      let tokenizer = try file.tokenizer()
      let encoding = tokenizer.encoding(of: "a   ")
      #expect(encoding.ids == [0] + Array(repeating: 2, count: offsets.count - 1) && encoding.offsets == offsets)
      #expect(tokenizer.encode(Self.letters(400_000, " ")).count == (left && right ? 1 : 400_000))
    }
  }

  /// tokenizers 0.23.3 panics at these.
  @Test(arguments: [false, true])
  func `a token within white space that the one before it has taken is part of that one`(isNormalized: Bool) throws {
    let file: JSONValue = [
      "model": Self.letters,
      "added_tokens": [
        Self.added("x", normalized: isNormalized, right: true), Self.added(" ", normalized: isNormalized, left: true),
      ],
    ]
    let encoding = try file.tokenizer().encoding(of: "ax   a ")
    #expect(encoding.ids == [0, 3, 0, 2] && encoding.offsets == [0..<1, 1..<5, 5..<6, 6..<7])
  }

  /// Each of the 3,000 pieces alone would take two million steps.
  @Test func `a pattern that explodes has the steps of a text once, in however many pieces it comes`() throws {
    let explodes: JSONValue = ["Regex": "(?:a|a)*c"]
    let text = Array(repeating: Self.letters(30), count: 3_000).joined(separator: " ")
    let split: JSONValue = ["type": "Split", "pattern": explodes, "behavior": "Isolated", "invert": false]
    let splitting: JSONValue = [
      "model": Self.letters,
      "pre_tokenizer": ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], split]],
    ]
    #expect(try splitting.tokenizer().encode(text) == Array(repeating: 0, count: 90_000))
    let replace: JSONValue = ["type": "Replace", "pattern": explodes, "content": "b"]
    let replacing: JSONValue = ["model": Self.letters, "normalizer": replace, "added_tokens": [Self.added(" ")]]
    #expect(try replacing.tokenizer().encode(text).count == 92_999)
    let word: JSONValue = ["type": "BPE", "vocab": .object([.init(Self.letters(30), .number(0))]), "merges": []]
    let decoding: JSONValue = ["model": word, "decoder": replace]
    let ids = Array(repeating: 0, count: 3_000)
    #expect(try decoding.tokenizer().decode(ids).utf8.count == 90_000)
    let many = (0..<3_000).map { Self.added(Self.letters(30) + "\($0)", normalized: true) }
    let named: JSONValue = ["model": Self.letters, "normalizer": replace, "added_tokens": .array(many)]
    #expect(try named.tokenizer().encode(Self.letters(30) + "777") == [3 + 777])
  }

  @Test func `a long unknown token and a long mark at words' ends are gone through once`() throws {
    let vocabulary = JSONValue.object([.init("a", .number(0)), .init(Self.letters(200_000, "Ġ"), .number(1))])
    let file: JSONValue = [
      "model": ["type": "BPE", "vocab": vocabulary, "merges": [], "unk_token": .string(Self.letters(200_000, "Ġ"))],
      "post_processor": ["type": "ByteLevel", "trim_offsets": true, "add_prefix_space": false],
      "decoder": ["type": "BPEDecoder", "suffix": .string(Self.letters(200_000))],
    ]
    let tokenizer = try file.tokenizer()
    let encoding = tokenizer.encoding(of: Self.letters(100_000, "é"))
    #expect(encoding.ids == Array(repeating: 1, count: 100_000))
    #expect(encoding.offsets.last == 100_000..<100_000)
    #expect(tokenizer.decode(Array(repeating: 0, count: 200_000)) == Self.letters(200_000))
  }
}
