import LanguageModel
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct TextEncoderTests {
  /// Texts of unequal length, two of them longer than attention's tiles would be if they were one.
  static let texts = [
    TokenSequence([3, 4, 5]), TokenSequence([7]), TokenSequence((0..<35).map { 2 + $0 * 5 % 15 }),
    TokenSequence([16, 2, 2, 9, 3]),
  ]

  private func rows(_ rows: [[Double]]) -> Tensor {
    Tensor(rows.joined().map(Float.init), shape: [rows.count, rows[0].count])
  }

  @Test(arguments: TextEncoderConfiguration.Family.allCases, [1, 2, 3])
  func `hidden rows equal those of the encoder written out in Float64`(
    family: TextEncoderConfiguration.Family, heads: Int
  ) {
    var generator = Tensor.Generator(seed: 1)
    var encoder = TextEncoder(.small(family, heads: heads), using: &generator)
    encoder.shake()
    let naive = NaiveTextEncoder(encoder)
    // BERT counts from 0; RoBERTa goes on after the padding token, whose number is 1.
    let first = [.roberta, .xlmRoberta, .camembert].contains(family) ? 2 : 0
    let expected = Self.texts.flatMap { naive.hidden($0, positions: Array(first..<(first + $0.count))) }
    expectClose(encoder(Self.texts), rows(expected), relative: 1e-4, absolute: 2e-5)
  }

  @Test func `a padding token inside a text keeps its own position and holds up no other`() {
    var generator = Tensor.Generator(seed: 2)
    var c = TextEncoderConfiguration.small(.xlmRoberta)
    c.paddingToken = 3
    var encoder = TextEncoder(c, using: &generator)
    encoder.shake()
    let text = TokenSequence([5, 3, 6, 3, 7])
    let expected = NaiveTextEncoder(encoder).hidden(text, positions: [4, 3, 5, 3, 6])
    expectClose(encoder([text]), rows(expected), relative: 1e-4, absolute: 2e-5)
    #expect(c.maximumTokens == 36)
  }

  @Test(arguments: [TextEncoderConfiguration.Family.bert, .electra])
  func `segments choose rows of their own table`(family: TextEncoderConfiguration.Family) {
    var generator = Tensor.Generator(seed: 3)
    var encoder = TextEncoder(.small(family), using: &generator)
    encoder.shake()
    let pair = TokenSequence([2, 5, 3, 6, 3], segments: [0, 0, 0, 1, 1])
    let expected = NaiveTextEncoder(encoder).hidden(pair, positions: [0, 1, 2, 3, 4])
    expectClose(encoder([pair]), rows(expected), relative: 1e-4, absolute: 2e-5)
    #expect(!encoder([TokenSequence(pair.ids)]).isIdentical(to: encoder([pair])))
  }

  @Test(arguments: TextEncoderConfiguration.Family.allCases, [0, 1, 2])
  func `first rows are those of the whole encoder, gradients included`(
    family: TextEncoderConfiguration.Family, layers: Int
  ) {
    var generator = Tensor.Generator(seed: 8)
    let c = TextEncoderConfiguration.small(family, layers: layers)
    var encoder = TextEncoder(c, using: &generator)
    encoder.shake()
    let weights = randomTensor([4, c.hiddenSize], seed: 1)
    func gradients(_ rows: (TextEncoder) -> Tensor) -> Gradients {
      encoder.valueAndGradients { (rows($0) * weights).sum() }.gradients
    }
    let starts = [0, 3, 4, 39]
    expectClose(encoder.firstRows(Self.texts), encoder(Self.texts).gathered(starts), relative: 1e-5, absolute: 1e-5)
    let (fast, whole) = (gradients { $0.firstRows(Self.texts) }, gradients { $0(Self.texts).gathered(starts) })
    for (path, pair) in zip(fast.paths, zip(fast.tensors, whole.tensors)) {
      #expect(pair.0.shape == pair.1.shape, "\(path)")
      expectClose(pair.0, pair.1, relative: 1e-4, absolute: 2e-5)
    }
  }

  @Test(arguments: [TextEncoderConfiguration.Family.roberta, .modernbert])
  func `a text has the same rows alone as among others`(family: TextEncoderConfiguration.Family) {
    var generator = Tensor.Generator(seed: 4)
    var encoder = TextEncoder(.small(family), using: &generator)
    encoder.shake()
    let alone = Tensor.concatenated(Self.texts.map { encoder([$0]) })
    expectClose(encoder(Self.texts), alone, relative: 1e-5, absolute: 1e-5)
  }

  @Test func `a narrower table has a projection, and ModernBERT's layers have transformers' names`() {
    var generator = Tensor.Generator(seed: 5)
    let electra = TextEncoder(.small(.electra), using: &generator).parameters()
    #expect(electra[0].parameter.value.shape == [17, 5])
    #expect(electra[5].path == "embeddings_project.weight" && electra[5].parameter.value.shape == [6, 5])
    let layer = { (i: Int) in
      (i == 0 ? [] : ["layers.\(i).attn_norm.weight"])
        + ["attn.Wqkv", "attn.Wo", "mlp_norm", "mlp.Wi", "mlp.Wo"].map { "layers.\(i).\($0).weight" }
    }
    let modern = SequenceClassifier(.small(.modernbert), using: &generator).parameters().map(\.path)
    let tables = ["embeddings.tok_embeddings.weight", "embeddings.norm.weight"]
    let encoder = (tables + layer(0) + layer(1) + ["final_norm.weight"]).map { "model.\($0)" }
    #expect(
      modern == encoder + ["head.dense.weight", "head.norm.weight", "classifier.weight", "classifier.bias"])
    let distilled = SequenceClassifier(.small(.distilbert), using: &generator).parameters().map(\.path)
    let head = ["pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias"]
    #expect(distilled.first == "distilbert.embeddings.word_embeddings.weight" && distilled.suffix(4) == head)
  }

  @Test func `paths are those of transformers, pooler included`() {
    var generator = Tensor.Generator(seed: 5)
    var c = TextEncoderConfiguration.small(.bert)
    c.layers = 1
    let layer = [
      "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
      "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
    ]
    let expected =
      ["word_embeddings", "position_embeddings", "token_type_embeddings"].map { "embeddings.\($0).weight" }
      + ["embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"]
      + layer.flatMap { ["encoder.layer.0.\($0).weight", "encoder.layer.0.\($0).bias"] }
      + ["pooler.dense.weight", "pooler.dense.bias"]
    #expect(TextEncoder(c, pools: true, using: &generator).parameters().map(\.path) == expected)
    let classifier = SequenceClassifier(c, using: &generator).parameters().map(\.path)
    #expect(classifier == expected.map { "bert.\($0)" } + ["classifier.weight", "classifier.bias"])
    c.family = .roberta
    let head = SequenceClassifier(c, using: &generator).parameters().map(\.path).suffix(5)
    #expect(
      Array(head) == [
        "roberta.encoder.layer.0.output.LayerNorm.bias", "classifier.dense.weight", "classifier.dense.bias",
        "classifier.out_proj.weight", "classifier.out_proj.bias",
      ])
    let tagger = TokenClassifier(c, using: &generator).parameters().map(\.path).suffix(2)
    #expect(Array(tagger) == ["classifier.weight", "classifier.bias"])
  }
}
