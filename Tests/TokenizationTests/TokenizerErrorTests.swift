import JSON
import Foundation
import TestSupport
import Testing
import Tokenization

@Suite struct TokenizerErrorTests {
  static let model: JSONValue = [
    "type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2], "merges": [["a", "b"]],
  ]

  static func load(_ file: JSONValue) throws -> Tokenizer { try file.tokenizer() }

  @Test func `unknown components are named`() {
    for (kind, field) in [
      ("normalizer", "normalizer"), ("pre-tokenizer", "pre_tokenizer"), ("decoder", "decoder"),
      ("post-processor", "post_processor"),
    ] {
      let file = JSONValue.object([
        JSONValue.Member("model", Self.model), JSONValue.Member(field, ["type": "Sideways"]),
      ])
      #expect(throws: TokenizerError.unknownComponent(file: "tokenizer.json", kind: kind, name: "Sideways")) {
        try Self.load(file)
      }
    }
    #expect(throws: TokenizerError.unknownComponent(file: "tokenizer.json", kind: "model", name: "Sideways")) {
      try Self.load(["model": ["type": "Sideways"]])
    }
  }

  @Test func `fields that do not fit are named with what was found`() {
    #expect(
      throws: TokenizerError.invalidField(
        file: "tokenizer.json", field: "model.vocab[\"a\"]", expected: "an id from 0 to 16777215", found: "-1")
    ) {
      try Self.load(["model": ["type": "BPE", "vocab": ["a": -1], "merges": []]])
    }
    #expect(
      throws: TokenizerError.invalidField(
        file: "tokenizer.json", field: "model.merges[0]",
        expected: "two tokens of the vocabulary whose join is one too", found: "\"a\" and \"c\"")
    ) {
      try Self.load(["model": ["type": "BPE", "vocab": ["a": 0], "merges": ["a c"]]])
    }
    #expect(
      throws: TokenizerError.invalidField(
        file: "tokenizer.json", field: "model.dropout",
        expected: "0 or null, since tokenizing at random is for training only", found: "0.1")
    ) {
      try Self.load(["model": ["type": "BPE", "vocab": [:], "merges": [], "dropout": 0.1]])
    }
    #expect(
      throws: TokenizerError.invalidField(
        file: "tokenizer.json", field: "model", expected: "an object", found: "nothing")
    ) {
      try Self.load([:])
    }
  }

  @Test(arguments: ["{", "[1,]", "{\"a\" 1}", "\"\\x\"", "01", "nul", "\"\\ud800\"", "1 2", "", "\"\u{1}\""])
  func `damaged JSON is refused`(text: String) {
    #expect {
      try tokenizerJSON(Array(text.utf8), file: "JSON text")
    } throws: { error in
      guard case .invalidJSON = error as? TokenizerError else { return false }
      return true
    }
  }

  @Test func `deep JSON is refused instead of overflowing the stack`() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: TokenizerError.invalidJSON(file: "JSON text", byte: 127, expected: "at most 128 levels")) {
      try tokenizerJSON(Array(text.utf8), file: "JSON text")
    }
  }

  @Test func `a missing file is named`() {
    let folder = URL(fileURLWithPath: "/nonexistent-folder")
    #expect {
      try Tokenizer(contentsOf: folder)
    } throws: { error in
      guard case .fileFailure("/nonexistent-folder/tokenizer.json", _) = error as? TokenizerError else { return false }
      return true
    }
  }

  @Test func `keys that are canonically equivalent stay apart`() throws {
    let tokenizer = try Self.load([
      "model": ["type": "BPE", "vocab": ["é": 0, "e": 1, "\u{301}": 2, "e\u{301}": 3], "merges": []]
    ])
    #expect(tokenizer.id(of: "\u{E9}") == 0)
    #expect(tokenizer.id(of: "e\u{301}") == 3)
    #expect(tokenizer.encode("\u{E9}e\u{301}") == [0, 1, 2])
    #expect(tokenizer.vocabularyCount == 4)
  }

  @Test func `mutated files never crash`() throws {
    var generator = SplitMix(state: 11)
    for family in TokenizerGoldenTests.families {
      let source = try Array(#require(golden("tokenizer-\(family)")["tokenizer"]).text(.python()).utf8)
      for _ in 0..<60 {
        var bytes = source
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let at = Int.random(in: 0..<min(bytes.count, 1500), using: &generator)
          switch Int.random(in: 0..<4, using: &generator) {
          case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
          case 1: bytes.remove(at: at)
          case 2: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 9)], at: at)
          default: bytes.removeLast(Int.random(in: 0..<20, using: &generator))
          }
        }
        guard let tokenizer = try? Tokenizer(json: Data(bytes)) else { continue }
        let ids = tokenizer.encode("A dög <s> runs 12\n")
        _ = tokenizer.decode(ids)
        #expect(tokenizer.encoding(of: "A dög", pair: "b").count >= 0)
      }
    }
  }
}
