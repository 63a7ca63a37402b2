import Foundation
import LanguageModel
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct TextHeadsTests {
  private func parameter(_ model: some Module, _ path: String) throws -> Tensor {
    try #require(model.parameters().first { $0.path == path }).parameter.value
  }

  private func applied(_ model: some Module, _ path: String, to x: Tensor) throws -> Tensor {
    x.matmul(try parameter(model, path + ".weight"), transposeB: true) + (try parameter(model, path + ".bias"))
  }

  @Test func `BERT's classes come from the first row by pooler and classifier`() throws {
    var generator = Tensor.Generator(seed: 1)
    var model = SequenceClassifier(.small(.bert), using: &generator)
    model.shake()
    let texts = TextEncoderTests.texts
    let first = Tensor.concatenated(texts.map { model.encoder([$0]).rows(0..<1) })
    let pooled = try applied(model, "bert.pooler.dense", to: first).tanh()
    expectClose(model(texts), try applied(model, "classifier", to: pooled), relative: 1e-4)
    #expect(model(texts).shape == [4, 4])
  }

  @Test func `RoBERTa's classes come from the first row by a head of two layers`() throws {
    var generator = Tensor.Generator(seed: 2)
    var model = SequenceClassifier(.small(.roberta), using: &generator)
    model.shake()
    let texts = TextEncoderTests.texts
    let first = Tensor.concatenated(texts.map { model.encoder([$0]).rows(0..<1) })
    let inner = try applied(model, "classifier.dense", to: first).tanh()
    expectClose(model(texts), try applied(model, "classifier.out_proj", to: inner), relative: 1e-4)
  }

  @Test(arguments: [TextEncoderConfiguration.Family.distilbert, .electra])
  func `DistilBERT's head has ReLU and ELECTRA's GELU`(family: TextEncoderConfiguration.Family) throws {
    var generator = Tensor.Generator(seed: 2)
    var model = SequenceClassifier(.small(family), using: &generator)
    model.shake()
    let texts = TextEncoderTests.texts
    let first = Tensor.concatenated(texts.map { model.encoder([$0]).rows(0..<1) })
    let (inner, outer) =
      family == .electra ? ("classifier.dense", "classifier.out_proj") : ("pre_classifier", "classifier")
    let y = try applied(model, inner, to: first)
    let expected = try applied(model, outer, to: family == .electra ? y.gelu() : y.relu())
    expectClose(model(texts), expected, relative: 1e-4)
  }

  @Test(arguments: [TextEncoderConfiguration.Modern.Pooling.first, .mean])
  func `ModernBERT's head reads the first row or the mean of all, a tagger's every row`(
    pooling: TextEncoderConfiguration.Modern.Pooling
  ) throws {
    var generator = Tensor.Generator(seed: 2)
    var c = TextEncoderConfiguration.small(.modernbert)
    c.modern?.pooling = pooling
    c.modern?.headActivation = .relu
    var model = SequenceClassifier(c, using: &generator)
    model.shake()
    var tagger = TokenClassifier(c, using: &generator)
    tagger.shake()
    func head(_ model: some Module, _ x: Tensor) throws -> Tensor {
      let y = x.matmul(try parameter(model, "head.dense.weight"), transposeB: true).relu()
      let centred = y - y.mean(along: -1, keepingAxis: true)
      let scale = (centred.squared().mean(along: -1, keepingAxis: true) + 1e-5).reciprocalSquareRoot()
      return try applied(model, "classifier", to: centred * scale * parameter(model, "head.norm.weight"))
    }
    let texts = TextEncoderTests.texts
    let rows = texts.map { text -> Tensor in
      let all = model.encoder([text])
      return pooling == .first ? all.rows(0..<1) : all.mean(along: 0).reshaped([1, 12])
    }
    expectClose(model(texts), try head(model, .concatenated(rows)), relative: 1e-4, absolute: 1e-4)
    expectClose(tagger(texts), try head(tagger, tagger.encoder(texts)), relative: 1e-4, absolute: 1e-4)
  }

  @Test func `every token has classes of its own`() throws {
    var generator = Tensor.Generator(seed: 3)
    var model = TokenClassifier(.small(.xlmRoberta), using: &generator)
    model.shake()
    let texts = TextEncoderTests.texts
    let logits = model(texts)
    #expect(logits.shape == [44, 4])
    expectClose(logits, try applied(model, "classifier", to: model.encoder(texts)))
  }

  @Test(arguments: TextEncoderConfiguration.Family.allCases)
  func `gradients of the loss match finite differences at every parameter`(family: TextEncoderConfiguration.Family) {
    var generator = Tensor.Generator(seed: 4)
    var model = SequenceClassifier(.small(family), using: &generator)
    model.shake()
    let texts = [TokenSequence([3, 9, 5]), TokenSequence([4, 4])]
    if family == .distilbert {
      // Far from the kinks of ReLU, on both sides of them.
      var setter = OneSetter(path: "pre_classifier.bias", value: Tensor([4, -4, 4, -4, 4, -4], shape: [6]))
      model.visit(&setter, at: "")
    }
    // A head that bends more wants a smaller step; then the loss's rounding (6e-8) shows in the smallest derivatives.
    let step: Float = [.distilbert, .modernbert].contains(family) ? 1 / 64 : family == .electra ? 1 / 32 : 1 / 16
    let parameters = model.parameters()
    let (_, gradients) = model.valueAndGradients { $0(texts).crossEntropy(classes: [3, 1]) }
    #expect(gradients.paths == parameters.map(\.path))
    for (path, value) in parameters where !path.contains("key.bias") && !path.contains("k_lin.bias") {
      // (A shift of all keys shifts all scores of a query alike: its gradient is exactly zero.)
      expectGradientsMatchFiniteDifferences(at: [value.value], relative: 2e-2, step: step) { changed in
        var copy = model
        var setter = OneSetter(path: path, value: changed[0])
        copy.visit(&setter, at: "")
        return copy(texts).crossEntropy(classes: [3, 1])
      }
    }
  }

  @Test func `cross-entropy is the mean over the rows that have a class`() {
    let logits = Tensor([0, 0, 0, log(3)], shape: [2, 2])
    // -log(1/2), and -log(3/4)
    let first = Float(0.693_147_18)
    let second = Float(0.287_682_07)
    expectClose(logits.crossEntropy(classes: [1, 1]), Tensor((first + second) / 2))
    expectClose(logits.crossEntropy(classes: [nil, 1]), Tensor(second))
    expectClose(logits.crossEntropy(classes: [0, nil]), Tensor(first))
  }
}

private struct OneSetter: ModuleVisitor {
  let path: String
  let value: Tensor
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    if path == self.path { parameter.value = value }
  }
}
