import Foundation
import JSON
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

/// `Golden/make_gguf.py` wrote the files, and what transformers and tokenizers make of the same weights and vocabularies.
@Suite struct GGUFModelTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
  private static let golden: JSONValue = {
    let data = try? Data(contentsOf: folder.appending(path: "gguf.json"))
    return data.flatMap { try? JSONParser.value(of: Array($0)) } ?? .null
  }()
  static let names = ["llama", "llama3", "qwen2", "qwen3"]

  private func golden(_ name: String) throws -> JSONValue {
    try #require(Self.golden["cases"]?.elements?.first { $0["name"]?.string == name })
  }

  private static func file(_ name: String) -> URL { folder.appending(path: "\(name).gguf") }

  private func integers(_ value: JSONValue?) -> [Int] { value?.elements?.compactMap(\.integer) ?? [] }

  @Test(arguments: names) func `the logits are those of transformers for the same weights`(name: String) throws {
    let golden = try golden(name)
    let student = try StudentFamily.student(contentsOf: Self.file(name))
    let ids = integers(golden["ids"])
    let expected = try #require(golden["logits"]?.elements).map {
      ($0.elements ?? []).compactMap(\.double).map { Float($0) }
    }
    let logits = student.logits(of: ids, images: [])
    let last = logits.rows((ids.count - expected.count)..<ids.count).scalars
    let difference = zip(last, expected.flatMap(\.self)).map { abs($0 - $1) }.max() ?? .infinity
    #expect(last.count == expected.flatMap(\.self).count && difference < 1e-4, "\(difference)")
  }

  @Test(arguments: names) func `texts are cut and spelled as by the tokenizer that the file was made from`(
    name: String
  ) throws {
    let golden = try golden(name)
    let tokenizer = try Tokenizer.ofModel(Self.file(name))
    let texts = try #require(Self.golden["texts"]?.elements).compactMap(\.string)
    for (place, text) in texts.enumerated() {
      let ids = integers(golden["texts"]?[place])
      #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
      #expect(tokenizer.decode(ids, skippingSpecialTokens: true) == golden["spoken"]?[place]?.string)
    }
  }

  @Test(arguments: ["gpt-2", "smollm", "llama-bpe", "qwen2", "tekken"])
  func `texts are cut as tokenizer.ggml.pre says`(pre: String) throws {
    let source = try Data(contentsOf: Self.file("qwen3"))
    let texts = try #require(Self.golden["texts"]?.elements).compactMap(\.string)
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "x.gguf")
      try replacing("qwen2", by: pre, in: source).write(to: url)
      let tokenizer = try Tokenizer.ofModel(url)
      for (place, text) in texts.enumerated() {
        #expect(tokenizer.encode(text) == integers(Self.golden["splits"]?[pre]?[place]), "\(text.debugDescription)")
      }
    }
  }

  /// A file with another text in the place of one. Where the lengths differ its tensors are not what they were.
  private func replacing(_ text: String, by other: String, in file: Data) throws -> Data {
    func spelled(_ text: String) -> Data {
      withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { Data($0) } + Data(text.utf8)
    }
    let place = try #require(file.range(of: spelled(text)))
    var result = file
    result.replaceSubrange(place, with: spelled(other))
    return result + Data(count: 64)
  }

  @Test(arguments: names) func `conversations are written by the file's own chat template`(name: String) throws {
    let golden = try golden(name)
    let student = try StudentFamily.student(contentsOf: Self.file(name))
    let turns = [ChatMessage.user("Who says hello?"), .assistant("The dog.")]
    #expect(try student.rendered(turns, addingGenerationPrompt: false) == golden["chat"]?.string)
    #expect(try student.rendered([turns[0]], addingGenerationPrompt: true) == golden["prompt"]?.string)
  }

  @Test(arguments: names) func `a student of a file is written as a folder that gives the same logits and tokens`(
    name: String
  ) throws {
    let student = try StudentFamily.student(contentsOf: Self.file(name))
    let ids = integers(try golden(name)["ids"])
    try withTemporaryFolder { folder in
      try student.save(to: folder)
      let again = try StudentFamily.student(contentsOf: folder)
      #expect(again.logits(of: ids, images: []).isIdentical(to: student.logits(of: ids, images: [])))
      #expect(again.decoder == student.decoder)
      for text in try #require(Self.golden["texts"]?.elements).compactMap(\.string) {
        #expect(again.tokenizer.encode(text) == student.tokenizer.encode(text))
      }
      #expect(again.tokenizer.specialTokens == student.tokenizer.specialTokens)
      #expect(again.maximumTokens == 256)
    }
  }

  @Test(arguments: names) func `a student is written as a file that gives the same logits, tokens and conversations`(
    name: String
  ) throws {
    let ids = integers(try golden(name)["ids"])
    let turns = [ChatMessage.user("Who says hello?"), .assistant("The dog.")]
    try withTemporaryFolder { folder in
      // From a folder, as merged students are.
      try StudentFamily.student(contentsOf: Self.file(name)).save(to: folder)
      let student = try TextDecoder(contentsOf: folder)
      let url = folder.appending(path: "x.gguf")
      try student.saveGGUF(to: url, as: .float32)
      let again = try StudentFamily.student(contentsOf: url)
      #expect(again.logits(of: ids, images: []).isIdentical(to: student.logits(of: ids, images: [])))
      #expect(again.decoder == student.decoder)
      #expect(again.endOfTurn == student.endOfTurn)
      for text in try #require(Self.golden["texts"]?.elements).compactMap(\.string) {
        #expect(again.tokenizer.encode(text) == student.tokenizer.encode(text), "\(text.debugDescription)")
      }
      #expect(
        try again.rendered(turns, addingGenerationPrompt: false)
          == student.rendered(turns, addingGenerationPrompt: false))
      try student.saveGGUF(to: url, as: .q8_0)
      let packed = try #require(try GGUFModel(at: url)).file
      #expect(packed.typeName(of: "blk.0.ffn_up.weight") == "Q8_0")
      #expect(packed.typeName(of: "blk.0.attn_norm.weight") == "F32")
      _ = try StudentFamily.student(contentsOf: url)
      try student.saveGGUF(to: url, as: .q6_K)
      #expect(try #require(try GGUFModel(at: url)).file.typeName(of: "blk.0.ffn_down.weight") == "Q8_0")
      // Rows of 32 and 64, and in one model of 48: none of 256.
      try student.saveGGUF(to: url, as: .q4_K)
      let fewer = try #require(try GGUFModel(at: url)).file
      #expect(fewer.typeName(of: "token_embd.weight") == "Q8_0")
      #expect(fewer.typeName(of: "blk.0.ffn_down.weight") == "Q5_0")
      #expect(fewer.typeName(of: "blk.0.attn_output.weight") == (name == "qwen3" ? "F16" : "Q5_0"))
      #expect(fewer.typeName(of: "blk.0.attn_norm.weight") == "F32")
      _ = try StudentFamily.student(contentsOf: url)
    }
  }

  @Test func `frequencies divided by other numbers than Llama 3.1's come through a file and through a folder`() throws {
    let ids = integers(try golden("llama3")["ids"])
    try withTemporaryFolder { folder in
      let whole = try StudentFamily.student(contentsOf: Self.file("llama3"))
      try whole.save(to: folder)
      let file = folder.appending(path: "config.json")
      var config = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      let key = try #require(["rope_parameters", "rope_scaling"].first { config[$0] != nil })
      var rope = try #require(config[key] as? [String: Any])
      rope["original_max_position_embeddings"] = 64
      config[key] = rope
      try JSONSerialization.data(withJSONObject: config).write(to: file)
      let student = try TextDecoder(contentsOf: folder)
      let logits = student.logits(of: ids, images: [])
      func difference(_ other: Tensor) -> Float {
        zip(other.scalars, logits.scalars).map { abs($0 - $1) }.max() ?? .infinity
      }
      #expect(difference(whole.logits(of: ids, images: [])) > 1e-4, "the numbers matter")
      let url = folder.appending(path: "x.gguf")
      try student.saveGGUF(to: url, as: .float32)
      let again = try StudentFamily.student(contentsOf: url)
      // The file has the factors in Float32, half a unit of whose last place is 6e-8: angles of 100 positions differ by 6e-6.
      #expect(difference(again.logits(of: ids, images: [])) <= 2e-5)
      let second = folder.appending(path: "second")
      try again.save(to: second)
      let third = try StudentFamily.student(contentsOf: second)
      #expect(third.decoder == again.decoder)
      #expect(third.logits(of: ids, images: []).isIdentical(to: again.logits(of: ids, images: [])))
      let text = try String(contentsOf: second.appending(path: "config.json"), encoding: .utf8)
      #expect(text.contains("longrope") && text.contains("attention_factor"))
      try TextDecoder(contentsOf: second).saveGGUF(to: url, as: .float32)
      #expect(try StudentFamily.student(contentsOf: url).decoder == again.decoder)
    }
  }

  @Test func `a Qwen3 whose attention has offsets is not written, and the key is named`() throws {
    try withTemporaryFolder { folder in
      try StudentFamily.student(contentsOf: Self.file("qwen3")).save(to: folder)
      let weights = folder.appending(path: "model.safetensors")
      let stored = try Tensor.SafetensorsFile(contentsOf: weights)
      var tensors: [String: Tensor] = [:]
      for name in stored.names {
        let tensor = try stored.tensor(named: name)
        tensors[name] = Tensor(tensor.scalars, shape: tensor.shape)
        let (end, width) = (["q", "k", "v", "o"].map { "self_attn.\($0)_proj.weight" }, tensor.shape[0])
        guard end.contains(where: name.hasSuffix) else { continue }
        tensors[name.replacing(".weight", with: ".bias")] = Tensor([Float](repeating: 0, count: width), shape: [width])
      }
      try Tensor.writeSafetensors(tensors, to: weights)
      let file = folder.appending(path: "config.json")
      var config = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      config["attention_bias"] = true
      try JSONSerialization.data(withJSONObject: config).write(to: file)
      let student = try TextDecoder(contentsOf: folder)
      let url = folder.appending(path: "x.gguf")
      let fault = #expect(throws: StudentError.self) { try student.saveGGUF(to: url, as: .float16) }
      let text = fault.map { "\($0)" } ?? ""
      #expect(text.contains("expected attention_bias: false of qwen3") && text.contains("found true"), "\(text)")
      #expect(!FileManager.default.fileExists(atPath: url.path))
    }
  }

  @Test func `a tokenizer that llama.cpp has none like is not written`() throws {
    try withTemporaryFolder { folder in
      try StudentFamily.student(contentsOf: Self.file("qwen2")).save(to: folder)
      let file = folder.appending(path: "tokenizer.json")
      let text = try String(decoding: Data(contentsOf: file), as: UTF8.self)
      try Data(text.replacing("|\\\\p{N}|", with: "|\\\\p{N}{1,7}|").utf8).write(to: file)
      let student = try TextDecoder(contentsOf: folder)
      let url = folder.appending(path: "x.gguf")
      let fault = #expect(throws: StudentError.self) { try student.saveGGUF(to: url, as: .float16) }
      #expect(fault.map { "\($0)" }?.contains("{1,7}") == true)
      #expect(!FileManager.default.fileExists(atPath: url.path))
    }
  }

  @Test func `what a file asks for and nobody computes is refused by its name`() throws {
    let source = try Data(contentsOf: Self.file("llama3"))
    let cases = [
      ("tokenizer.ggml.pre", "llama-bpe", "klingonen", "klingonen"),
      ("tokenizer.ggml.model", "gpt2", "elf9", "elf9"),
      ("general.architecture", "llama", "mamba", "mamba"),
      ("llama.rope.freq_bath", "llama.rope.freq_base", "llama.rope.freq_bath", "rope.freq_bath"),
      ("tokenizer.ggml.tokens", "tokenizer.ggml.tokens", "tokenizer.ggml.tokenz", "none"),
      ("llama.block_count", "llama.block_count", "llama.block_coumt", "no such key"),
    ]
    for (field, old, new, found) in cases {
      try withTemporaryFolder { folder in
        let url = folder.appending(path: "x.gguf")
        try replacing(old, by: new, in: source).write(to: url)
        let fault = #expect(throws: (any Error).self) { try StudentFamily.student(contentsOf: url) }
        let text = fault.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("\(url.path): ") && text.contains(found), "\(field): \(text)")
      }
    }
  }

  @Test func `no damaged file crashes, hangs or takes memory`() throws {
    let originals = try Self.names.map { try Array(Data(contentsOf: Self.file($0))) }
    let faults = try withTemporaryFolder { folder in
      var number = 0
      // A file of a few hundred bytes may name any number; tensors are most of these.
      return try Damage.tryAll("gguf-model", from: originals, limit: 64 << 20) { bytes, damage in
        // Most of the damage to where the metadata are.
        guard damage.below(3) > 0, bytes.count > 64 else { return }
        let place = damage.below(min(bytes.count, 12_000))
        bytes[place] = [0, 1, 4, 8, 9, 0x7F, 0x80, 0xFF][damage.below(8)]
      } body: { bytes, _ in
        number += 1
        let url = folder.appending(path: "\(number).gguf")
        try? Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        _ = try? StudentFamily.student(contentsOf: url)
      }
    }
    #expect(faults.isEmpty, "\(faults)")
  }

  @Test func `sizes that the tensors do not have are refused before a network of them is made`() throws {
    let source = try Data(contentsOf: Self.file("qwen3"))
    for key in [
      "embedding_length", "block_count", "feed_forward_length", "attention.head_count", "attention.key_length",
    ] {
      try withTemporaryFolder { folder in
        var file = source
        let place = try #require(file.range(of: Data("qwen3.\(key)".utf8)))
        // Behind the key the type, 4 for numbers of 32 bits, and the number.
        file.replaceSubrange((place.upperBound + 4)..<(place.upperBound + 8), with: [0, 0, 1, 0])
        let url = folder.appending(path: "x.gguf")
        try file.write(to: url)
        let fault = #expect(throws: Tensor.GGUFError.self) { try StudentFamily.student(contentsOf: url) }
        #expect(fault.map { "\($0)" }?.hasPrefix("\(url.path): ") == true)
      }
    }
  }

  @Test func `a file that is not there is named`() throws {
    let fault = #expect(throws: (any Error).self) {
      try StudentFamily.student(contentsOf: URL(filePath: "/nowhere/x.gguf"))
    }
    #expect(fault.map { "\($0)" }?.hasPrefix("/nowhere/x.gguf: ") == true)
  }
}
