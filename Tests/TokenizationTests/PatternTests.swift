import JSON
import Foundation
import TestSupport
import Testing
import Tokenization

@Suite struct PatternTests {
  /// One "[UNK]" per piece, so that offsets show the pieces.
  static func pieces(of text: String, pattern: String) throws -> [Range<Int>] {
    let file: JSONValue = [
      "pre_tokenizer": [
        "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
      ],
      "model": [
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": ["[UNK]": 0],
      ],
    ]
    return try file.tokenizer().encoding(of: text).offsets
  }

  static let known = [
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
  ]

  @Test(arguments: known)
  func `scanners find what the regular expression finds`(pattern: String) throws {
    // A group around the pattern keeps it from being recognized, so that the matcher runs it.
    var generator = SplitMix(state: 3)
    let parts = [
      "a", "É", "Ω1", "'s", "'S", "'ſ", "'ll", "'Re", "'", " ", "  ", "\n", "\r\n", "\t", "\u{3000}", "12", "½", "!?",
      "😀", "e\u{301}", "_",
    ]
    for _ in 0..<400 {
      let text = (0..<Int.random(in: 0...12, using: &generator)).map { _ in parts.randomElement(using: &generator)! }
        .joined()
      let fast = try Self.pieces(of: text, pattern: pattern)
      let slow = try Self.pieces(of: text, pattern: "(?:\(pattern))")
      #expect(fast == slow, "\(text.debugDescription)")
    }
  }

  @Test func `a pattern that explodes ends`() throws {
    let text = String(repeating: "a", count: 60) + "!"
    #expect(try Self.pieces(of: text, pattern: "(a+)+$|(a|aa)+b").count >= 1)
  }

  @Test(arguments: [
    (#"(a)\1"#, 4), ("(a", 2), ("a)", 1), ("[a", 2), (#"\p{Han}"#, 7), ("*a", 0), (#"(?<=a+)b"#, 0), ("a{3,2}", 6),
    (#"\K"#, 1),
  ])
  func `what is not supported is refused where it stands`(pattern: String, position: Int) {
    #expect {
      try Self.pieces(of: "a", pattern: pattern)
    } throws: { error in
      guard case .invalidPattern(pattern, position, _) = error as? TokenizerError else { return false }
      return true
    }
  }
}
