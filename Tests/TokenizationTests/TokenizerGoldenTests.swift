import JSON
import Testing
import Tokenization

/// Whole tokenizers of every family against Hugging Face's library.
@Suite struct TokenizerGoldenTests {
  static let families = ["smolvlm", "qwen2", "llama3", "roberta", "llama", "bert", "xlm-roberta"]

  @Test(arguments: families)
  func `ids, offsets and texts are those of Hugging Face`(family: String) throws {
    let file = try golden("tokenizer-\(family)")
    let tokenizer = try #require(file["tokenizer"]).tokenizer()
    #expect(tokenizer.vocabularyCount == file["count"]?.spelledInteger)
    let cases = file.list("cases")
    try #require(cases.count > 50)
    for entry in cases {
      let text = try #require(entry["text"]?.string)
      let ids = entry["ids"]?.integers ?? []
      let encoding = tokenizer.encoding(of: text)
      #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
      #expect(tokenizer.encode(text, addingSpecialTokens: false) == entry["bare"]?.integers, "\(text.debugDescription)")
      #expect(encoding.ids == ids)
      #expect(encoding.flatOffsets == entry["offsets"]?.integers, "\(text.debugDescription)")
      #expect(encoding.typeIDs == entry["types"]?.integers)
      #expect(Array(tokenizer.decode(ids).utf8) == entry["decoded"]?.string.map { Array($0.utf8) })
      #expect(
        Array(tokenizer.decode(ids, skippingSpecialTokens: true).utf8)
          == entry["decodedSkipping"]?.string.map { Array($0.utf8) })
    }
  }

  @Test(arguments: families)
  func `pairs are laid out as by Hugging Face`(family: String) throws {
    let file = try golden("tokenizer-\(family)")
    let tokenizer = try #require(file["tokenizer"]).tokenizer()
    for entry in file.list("pairs") {
      let encoding = tokenizer.encoding(of: entry["text"]?.string ?? "", pair: entry["pair"]?.string)
      #expect(encoding.ids == entry["ids"]?.integers)
      #expect(encoding.typeIDs == entry["types"]?.integers)
      #expect(encoding.flatOffsets == entry["offsets"]?.integers)
    }
  }

  @Test(arguments: families)
  func `truncation cuts where Hugging Face cuts`(family: String) throws {
    let strategies: [String: Truncation.Strategy] = [
      "longest_first": .longestFirst, "only_first": .onlyFirst, "only_second": .onlySecond,
    ]
    let file = try golden("tokenizer-\(family)")
    let tokenizer = try #require(file["tokenizer"]).tokenizer()
    for entry in file.list("truncations") {
      let truncation = Truncation(
        maximumLength: try #require(entry["length"]?.spelledInteger),
        strategy: try #require(strategies[entry["strategy"]?.string ?? ""]),
        side: entry["direction"]?.string == "left" ? .left : .right)
      let encoding = tokenizer.encoding(
        of: entry["text"]?.string ?? "", pair: entry["pair"]?.string, truncation: truncation)
      #expect(encoding.ids == entry["ids"]?.integers, "\(truncation)")
    }
  }

  @Test func `every normalizer and pre-tokenizer agrees on every text`() throws {
    let file = try golden("components")
    let texts = file.list("texts").compactMap(\.string)
    for entry in file.list("cases") where entry["kind"]?.string != "decoder" {
      let kind = try #require(entry["kind"]?.string)
      let component = try #require(entry["component"])
      let base = try #require(file[kind == "normalizer" ? "spelled" : "whole"])
      let tokenizer = try base.setting(kind, component).tokenizer()
      for (i, text) in texts.enumerated() {
        let encoding = tokenizer.encoding(of: text)
        #expect(encoding.ids == entry["ids"]?[i]?.integers, "\(component.text(.python())) on \(text.debugDescription)")
        #expect(
          encoding.flatOffsets == entry["offsets"]?[i]?.integers,
          "\(component.text(.python())) on \(text.debugDescription)")
      }
    }
  }

  @Test func `every decoder agrees on every list`() throws {
    let file = try golden("components")
    let whole = try #require(file["whole"])
    for entry in file.list("cases") where entry["kind"]?.string == "decoder" {
      let component = try #require(entry["component"])
      let tokenizer = try whole.setting("model", try #require(entry["model"])).setting("decoder", component).tokenizer()
      for (ids, text) in zip(entry.list("lists"), entry.list("texts")) {
        #expect(
          Array(tokenizer.decode(ids.integers).utf8) == text.string.map { Array($0.utf8) },
          "\(component.text(.python())) on \(ids.integers)")
      }
    }
  }

  @Test func `padding fills to the longest or to a multiple`() throws {
    let tokenizer = try #require(golden("tokenizer-bert")["tokenizer"]).tokenizer()
    let texts = ["a dog", "a dog runs over the sand"]
    let plain = tokenizer.encodings(of: texts, padding: nil, truncation: nil)
    let padded = tokenizer.encodings(of: texts, padding: Padding(id: 0), truncation: nil)
    #expect(padded[0].count == plain[1].count)
    #expect(padded[0].ids.prefix(plain[0].count).elementsEqual(plain[0].ids))
    #expect(padded[0].attentionMask.reduce(0, +) == plain[0].count)
    #expect(padded[1] == plain[1])
    let left = tokenizer.encodings(of: texts, padding: Padding(id: 0, side: .left, multiple: 8), truncation: nil)
    #expect(left.allSatisfy { $0.count % 8 == 0 })
    #expect(left[0].ids.suffix(plain[0].count).elementsEqual(plain[0].ids))
  }
}
