import Foundation
import Testing
import Tokenization

@Suite struct BPETrainerTests {
  static let texts = ["a dog runs", "a dog sits", "two dogs run 12 miles"]

  @Test func `the most frequent pair is merged first, and ties go by id`() throws {
    // "Ġd", "do" and "og" occur three times each. Ids follow the spellings, where d < o < Ġ: (d, o) comes first. With
    // "do" made as 256, (Ġ, do) comes before (do, g), since Ġ has an id below 256.
    let trained = try BPETrainer(vocabularySize: 256 + 3, specialTokens: []).train(on: Self.texts)
    #expect(trained.tokenizer.token(of: 256) == "do")
    #expect(trained.tokenizer.token(of: 257) == "Ġdo")
    #expect(trained.tokenizer.token(of: 258) == "Ġdog")
  }

  @Test func `special tokens come first and are found in texts`() throws {
    var trainer = BPETrainer(vocabularySize: 270, specialTokens: ["<end>", "<image>"])
    trainer.roles = [.end: "<end>"]
    let tokenizer = try trainer.train(on: Self.texts).tokenizer
    #expect(tokenizer.specialTokens.end == 0)
    #expect(tokenizer.specialTokens.additional == [1])
    let ids = tokenizer.encode("a dog<image><end>")
    #expect(ids.suffix(2) == [1, 0])
    #expect(tokenizer.decode(ids) == "a dog<image><end>")
    #expect(tokenizer.decode(ids, skippingSpecialTokens: true) == "a dog")
  }

  @Test(arguments: BPETrainer.Splitting.allCases)
  func `any text comes back unchanged`(splitting: BPETrainer.Splitting) throws {
    var trainer = BPETrainer(vocabularySize: 300, specialTokens: ["<end>"])
    trainer.splitting = splitting
    let tokenizer = try trainer.train(on: Self.texts).tokenizer
    for text in ["", " ", "Ünï çödé 👩‍👩‍👧", "12345 'tis\t\r\n\u{0}", "e\u{301} is not é"] {
      #expect(tokenizer.decode(tokenizer.encode(text)).unicodeScalars.elementsEqual(text.unicodeScalars))
    }
  }

  @Test func `the written folder loads as the same tokenizer`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("BPETrainerTests-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var trainer = BPETrainer(vocabularySize: 280, specialTokens: ["<end>", "<pad>"])
    trainer.roles = [.end: "<end>", .padding: "<pad>"]
    trainer.chatTemplate = "{{ messages }}"
    let trained = try trainer.train(on: Self.texts)
    try trained.write(to: folder)
    let loaded = try Tokenizer(contentsOf: folder)
    #expect(loaded.vocabularyCount == trained.tokenizer.vocabularyCount)
    #expect(loaded.specialTokens == trained.tokenizer.specialTokens)
    #expect(loaded.encode(Self.texts[2]) == trained.tokenizer.encode(Self.texts[2]))
    #expect(
      try String(contentsOf: folder.appendingPathComponent("chat_template.jinja"), encoding: .utf8) == "{{ messages }}")
  }

  @Test func `training twice gives the same bytes`() throws {
    let trainer = BPETrainer(vocabularySize: 300, specialTokens: ["<end>"])
    #expect(try trainer.train(on: Self.texts).json == trainer.train(on: Self.texts).json)
  }

  @Test func `a size without room for the bytes is refused`() {
    #expect(throws: TokenizerError.training(reason: "256 tokens leave no room for 1 special tokens and 256 bytes")) {
      try BPETrainer(vocabularySize: 256, specialTokens: ["<end>"]).train(on: Self.texts)
    }
    var trainer = BPETrainer(vocabularySize: 300, specialTokens: ["<end>"])
    trainer.roles = [.padding: "<pad>"]
    #expect(throws: TokenizerError.training(reason: "pad_token \"<pad>\" is not among the special tokens")) {
      try trainer.train(on: Self.texts)
    }
  }
}
