import Foundation
import JSON
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

/// `Golden/make_gguf_encoder.py` wrote the file, and what transformers makes of the same weights and vocabulary.
@Suite struct GGUFEncoderTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
  private static let file = folder.appending(path: "bert.gguf")
  private static let golden: JSONValue = {
    let data = try? Data(contentsOf: folder.appending(path: "bert.json"))
    return data.flatMap { try? JSONParser.value(of: Array($0)) } ?? .null
  }()

  private struct Case {
    var text: String
    var ids: [Int]
    var vectors: [String: [Float]]
  }

  private func cases() throws -> [Case] {
    try #require(Self.golden["cases"]?.elements).map { found in
      var vectors: [String: [Float]] = [:]
      for key in ["mean", "first", "last"] {
        vectors[key] = found[key]?.elements?.compactMap(\.double).map { Float($0) }
      }
      return Case(
        text: found["text"]?.string ?? "", ids: found["ids"]?.elements?.compactMap(\.integer) ?? [], vectors: vectors)
    }
  }

  /// A copy of the file with other bytes behind a key's name, its type and all.
  private func changed(_ key: String, to value: [UInt8], in folder: URL) throws -> URL {
    var bytes = try Data(contentsOf: Self.file)
    let place = try #require(bytes.range(of: Data(key.utf8)))
    bytes.replaceSubrange((place.upperBound + 4)..<(place.upperBound + 4 + value.count), with: value)
    let url = folder.appending(path: "x.gguf")
    try bytes.write(to: url)
    return url
  }

  @Test func `texts are cut into the pieces of the tokenizer that the file was made from`() throws {
    let embedder = try SentenceEmbedder(contentsOf: Self.file)
    let tokenizer = try Tokenizer.ofModel(Self.file)
    #expect(embedder.maximumTokens == 24)
    for item in try cases() {
      #expect(try embedder.encoding(of: item.text).ids == item.ids, "\(item.text.debugDescription)")
      #expect(Array(tokenizer.encode(item.text).prefix(23)) == Array(item.ids.prefix(23)))
    }
    let pair = tokenizer.encoding(of: "The dog", pair: "a cat")
    #expect(pair.ids == Self.golden["pair"]?.elements?.compactMap(\.integer))
    #expect(pair.typeIDs == Self.golden["segments"]?.elements?.compactMap(\.integer))
  }

  @Test(arguments: [("mean", 1), ("first", 2), ("last", 3)])
  func `vectors are those of transformers for the same weights, pooled as the file says`(
    name: String, pooling: UInt8
  ) throws {
    try withTemporaryFolder { folder in
      let url = try changed("bert.pooling_type", to: [pooling, 0, 0, 0], in: folder)
      let embedder = try SentenceEmbedder(contentsOf: url)
      let items = try cases()
      for (item, vector) in zip(items, try embedder.vectors(for: items.map(\.text))) {
        let expected = try #require(item.vectors[name])
        let difference = zip(vector, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(vector.count == 32 && difference < 2e-6, "\(item.text.debugDescription): \(difference)")
      }
    }
  }

  @Test func `a classifier on the file's encoder is that on its folder, and is written as one`() throws {
    try withTemporaryFolder { folder in
      var generator = Tensor.Generator(seed: 3)
      var classifier = try TextClassifier(encoderIn: Self.file, labels: ["no", "yes"], using: &generator)
      let texts = try cases().map { try classifier.encoding(of: $0.text) }
      try classifier.save(to: folder)
      let again = try TextClassifier(contentsOf: folder)
      #expect(again.logits(texts).isIdentical(to: classifier.logits(texts)))
      #expect(try texts.map(\.ids) == cases().map { try again.encoding(of: $0.text).ids })
      generator = Tensor.Generator(seed: 3)
      let other = try TextClassifier(encoderIn: folder, labels: ["no", "yes"], using: &generator)
      #expect(other.logits(texts).isIdentical(to: classifier.logits(texts)))
      // It learns as a whole: no packed matrix stays what it was.
      let (loss, gradients) = classifier.valueAndGradients { $0.loss(Array(texts.prefix(3)), classes: [0, 1, 1]) }
      var optimizer = AdamW()
      optimizer.update(&classifier, gradients: gradients, learningRate: 1e-2)
      #expect(classifier.loss(Array(texts.prefix(3)), classes: [0, 1, 1]).scalars[0] < loss.scalars[0])
      _ = try TokenTagger(encoderIn: Self.file, labels: ["O", "B"], using: &generator)
    }
  }

  @Test func `an encoder's file is no decoder's, nor the other way round`() throws {
    let decoder = Self.folder.appending(path: "qwen2.gguf")
    let faults = [
      #expect(throws: (any Error).self) { try StudentFamily.student(contentsOf: Self.file) },
      #expect(throws: (any Error).self) { try SentenceEmbedder(contentsOf: decoder) },
    ].map { $0.map { "\($0)" } ?? "" }
    #expect(faults[0].contains("\(Self.file.path): general.architecture: expected a decoder, found bert, an encoder"))
    #expect(faults[1].contains("a .gguf file of bert, found a file of qwen2"))
    #expect(try GGUFModel.paths(of: Self.file) == [Self.file.path])
  }

  @Test func `what an encoder's file asks for and nobody computes is refused by its name`() throws {
    let cases: [(key: String, value: [UInt8], word: String)] = [
      ("bert.pooling_type", [4, 0, 0, 0], "bert.pooling_type"),
      ("bert.attention.causal", [1], "bert.attention.causal"),
      ("bert.attention.head_count", [5, 0, 0, 0], "bert.attention.head_count"),
      ("bert.block_count", [3, 0, 0, 0], "blk.2.attn_q.weight"),
      ("bert.embedding_length", [16, 0, 0, 0], "token_embd.weight"),
      ("bert.feed_forward_length", [16, 0, 0, 0], "blk.0.ffn_up.weight"),
      ("tokenizer.ggml.mask_token_id", [255, 0, 0, 0], "tokenizer.ggml.mask_token_id"),
    ]
    for (key, value, word) in cases {
      try withTemporaryFolder { folder in
        let url = try changed(key, to: value, in: folder)
        let fault = #expect(throws: Tensor.GGUFError.self, "\(key)") { try SentenceEmbedder(contentsOf: url) }
        let text = fault.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("\(url.path): ") && text.contains(word), "\(key): \(text)")
      }
    }
  }

  @Test func `no damaged file of an encoder crashes, hangs or takes memory`() throws {
    let original = try Array(Data(contentsOf: Self.file))
    let faults = try withTemporaryFolder { folder in
      try Damage.tryAll("gguf-encoder", from: [original], limit: 64 << 20) { bytes, damage in
        guard damage.below(3) > 0, bytes.count > 64 else { return }
        let place = damage.below(min(bytes.count, 4_000))
        bytes[place] = [0, 1, 4, 8, 9, 0x7F, 0x80, 0xFF][damage.below(8)]
      } body: { bytes, _ in
        let url = folder.appending(path: "x.gguf")
        try? Data(bytes).write(to: url)
        _ = try? SentenceEmbedder(contentsOf: url).vectors(for: ["The dog runs."])
      }
    }
    #expect(faults.isEmpty, "\(faults)")
  }
}
