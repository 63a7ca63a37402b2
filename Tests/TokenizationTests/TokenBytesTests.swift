import Foundation
import Testing
import Tokenization

@Suite struct TokenBytesTests {
  @Test func `the bytes of tokens join to their text`() throws {
    let trainer = BPETrainer(vocabularySize: 300, specialTokens: ["<s>"])
    let tokenizer = try trainer.train(on: ["A red car, a naïve fox."]).tokenizer
    let text = "A naïve 🦊 in a car"
    let ids = tokenizer.encode(text, addingSpecialTokens: false)
    #expect(ids.count > 5)
    #expect(String(decoding: ids.compactMap(tokenizer.bytes).joined(), as: UTF8.self) == text)
    // A fox needs more than one token here, none of which is a character alone.
    #expect(ids.contains { String(validating: tokenizer.bytes(of: $0) ?? [], as: UTF8.self) == nil })
    #expect(tokenizer.bytes(of: 10_000) == nil)
  }

  @Test func `visible spaces and spelled bytes are read`() throws {
    let json = #"""
      {"model": {"type": "BPE", "vocab": {"▁": 0, "a": 1, "▁a": 2, "<0xE2>": 3}, "merges": [["▁", "a"]],
      "byte_fallback": true}, "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null,
      "decoder": {"type": "Sequence", "decoders": [
      {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
      {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}}
      """#
    let tokenizer = try Tokenizer(json: Data(json.utf8))
    #expect(tokenizer.bytes(of: 2) == Array(" a".utf8))
    #expect(tokenizer.bytes(of: 3) == [0xE2])
  }
}
