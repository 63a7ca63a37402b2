import Foundation
import Testing
import Tokenization

@Suite struct TokenizerLimitTests {
  private let json = Data(
    #"{"added_tokens": [], "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#.utf8)

  @Test(
    arguments: [
      (#"{"model_max_length": 512}"#, 512), (#"{"model_max_length": 1000000000000000019884624838656}"#, nil),
      (#"{"model_max_length": 0}"#, nil), (#"{"model_max_length": null}"#, nil), ("{}", nil),
    ] as [(String, Int?)])
  func `the model's limit is read, and the number for no limit is none`(configuration: String, expected: Int?) throws {
    let tokenizer = try Tokenizer(json: json, configuration: Data(configuration.utf8))
    #expect(tokenizer.maximumLength == expected && tokenizer.truncationSide == .right)
  }

  @Test func `texts may be cut at their beginning`() throws {
    let tokenizer = try Tokenizer(json: json, configuration: Data(#"{"truncation_side": "left"}"#.utf8))
    #expect(tokenizer.truncationSide == .left)
    #expect(try Tokenizer(json: json).maximumLength == nil)
  }
}
