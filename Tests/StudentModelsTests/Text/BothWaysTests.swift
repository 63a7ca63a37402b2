import Foundation
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

/// Decoders whose rows see both ways, as EmbeddingGemma's do, against transformers; `Golden/make_sentences.py` says how the
/// figures were made.
@Suite struct BothWaysTests {
  struct Case: Decodable, CustomTestStringConvertible {
    var name: String
    var config: String
    var ids: [Int]
    var rows: [[Float]]

    var testDescription: String { name }
    var expected: Tensor { Tensor(rows.flatMap { $0 }, shape: [ids.count, rows[0].count]) }

    func decoder() throws -> Llama {
      let read = try JSONDecoder().decode(BothWays.self, from: Data(config.utf8))
      var generator = Tensor.Generator(seed: 1)
      var decoder = Llama(read.configuration, using: &generator)
      var waves = FamilyGoldenTests.Waves()
      decoder.visit(&waves, at: "")
      return decoder
    }
  }

  private struct BothWays: Decodable {
    var configuration: LlamaConfiguration

    init(from decoder: any Decoder) throws {
      configuration = try LlamaConfiguration(from: ConfigJSON(decoder), takesBothWays: true)
    }
  }

  static let cases = goldenCases(of: "sentences", as: Case.self)

  @Test func `the golden file has windows of even and odd length`() { #expect(Self.cases.count == 4) }

  @Test(arguments: cases) func `hidden rows are those of transformers`(golden: Case) throws {
    let decoder = try golden.decoder()
    // Beside another text, so that what one sees of the other would show.
    let (ids, own) = (golden.ids + [4, 2, 7], golden.ids.count)
    let rows = decoder.normalized(
      decoder(
        decoder.embedding(ids), positions: TokenPosition.run(0..<own) + TokenPosition.run(0..<3),
        layout: .full([own, 3])))
    expectClose(rows.rows(0..<own), golden.expected, relative: 0, absolute: 5e-5)
  }

  @Test(arguments: cases, ["mean", "cls", "lasttoken"])
  func `a sentence folder's vectors are those of the rows`(golden: Case, pooling: String) throws {
    try withTemporaryFolder { folder in
      let decoder = try golden.decoder()
      try decoder.saveWeights(to: folder)
      try JSONEncoder().encode(decoder.configuration).write(to: folder.appending(path: "config.json"))
      let words = (0..<12).map { "\"t\($0)\": \($0)" }.joined(separator: ", ")
      let tokenizer = """
        {"model": {"type": "WordPiece", "unk_token": "t0", "continuing_subword_prefix": "##", "vocab": {\(words)}},
         "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": {"type": "BertProcessing",
         "cls": ["t2", 2], "sep": ["t1", 1]}}
        """
      try Data(tokenizer.utf8).write(to: folder.appending(path: "tokenizer.json"))
      let modules = """
        [{"path": "", "type": "sentence_transformers.models.Transformer"},
         {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
        """
      try Data(modules.utf8).write(to: folder.appending(path: "modules.json"))
      let place = folder.appending(path: "1_Pooling")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try Data("{\"pooling_mode\": \"\(pooling)\"}".utf8).write(to: place.appending(path: "config.json"))
      let text = golden.ids.dropFirst().dropLast().map { "t\($0)" }.joined(separator: " ")
      let embedder = try SentenceEmbedder(contentsOf: folder)
      #expect(embedder.tokenizer.encode(text) == golden.ids)
      let rows = golden.expected
      let pooled =
        switch pooling {
        case "mean": rows.mean(along: 0).reshaped([16])
        case "cls": rows.rows(0..<1).reshaped([16])
        default: rows.rows((golden.ids.count - 1)..<golden.ids.count).reshaped([16])
        }
      let vectors = try embedder.vectors(for: ["t4 t2", text])
      #expect(try vectors[0] == embedder.vectors(for: ["t4 t2"])[0])
      expectClose(
        Tensor(vectors[1], shape: [16]), pooled / pooled.squared().sum().squareRoot(), relative: 0, absolute: 2e-5)
      // As a student it would answer from what it must not see.
      let error = #expect(throws: StudentError.self) { try TextDecoder(contentsOf: folder) }
      #expect(error.map { "\($0)" }?.contains("use_bidirectional_attention true") == true)
    }
  }
}
