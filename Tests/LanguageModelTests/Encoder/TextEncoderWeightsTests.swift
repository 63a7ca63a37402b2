import Foundation
import LanguageModel
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct TextEncoderWeightsTests {
  private func folder(_ weights: [String: Tensor], in folder: URL) throws -> Tensor.SafetensorsFolder {
    try Tensor.writeSafetensors(weights, to: folder.appendingPathComponent("model.safetensors"))
    return try Tensor.SafetensorsFolder(contentsOf: folder)
  }

  private func weights(_ model: some Module) -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: model.parameters().map { ($0.path, $0.parameter.value) })
  }

  private func shaken(_ family: TextEncoderConfiguration.Family) -> SequenceClassifier {
    var generator = Tensor.Generator(seed: 6)
    var model = SequenceClassifier(.small(family), using: &generator)
    model.shake()
    return model
  }

  private func fresh(_ family: TextEncoderConfiguration.Family) -> SequenceClassifier {
    var generator = Tensor.Generator(seed: 7)
    return SequenceClassifier(.small(family), using: &generator)
  }

  @Test(arguments: TextEncoderConfiguration.Family.allCases)
  func `a classifier is read under present and older names`(family: TextEncoderConfiguration.Family) throws {
    let saved = shaken(family)
    let logits = saved(TextEncoderTests.texts)
    let present = weights(saved)
    var old = Dictionary(
      uniqueKeysWithValues: present.map { path, tensor in
        (
          path.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
            .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta"), tensor
        )
      })
    old["\(family.path).embeddings.position_ids"] = .zeros([1, 40])
    let pretraining =
      switch family {
      case .distilbert: "vocab_projector.bias"
      case .electra: "discriminator_predictions.dense.bias"
      case .modernbert: "decoder.bias"
      case .bert, .roberta, .xlmRoberta, .camembert: "cls.predictions.bias"
      }
    old[pretraining] = .zeros([17])
    for names in [present, old] {
      try withTemporaryFolder {
        let model = try SequenceClassifier(saved.encoder.configuration, from: folder(names, in: $0))
        #expect(model.encoder.configuration == saved.encoder.configuration)
        #expect(model(TextEncoderTests.texts).isIdentical(to: logits))
      }
    }
  }

  @Test func `an encoder is read from its own folder and from that of a classifier`() throws {
    let saved = shaken(.bert)
    let rows = saved.encoder(TextEncoderTests.texts)
    let whole = weights(saved)
    let bare = Dictionary(
      uniqueKeysWithValues: whole.compactMap { path, tensor in
        path.hasPrefix("bert.") ? (String(path.dropFirst(5)), tensor) : nil
      })
    for names in [whole, bare] {
      try withTemporaryFolder {
        let encoder = try TextEncoder(.small(.bert), from: folder(names, in: $0))
        #expect(encoder(TextEncoderTests.texts).isIdentical(to: rows))
      }
    }
  }

  @Test func `a fresh head takes the encoder and keeps itself`() throws {
    let saved = shaken(.bert)
    // Saved by masked-language-model training: no pooler, another head.
    var names = weights(saved).filter { !$0.key.contains("pooler") && !$0.key.hasPrefix("classifier") }
    names["cls.predictions.decoder.weight"] = .zeros([17, 6])
    try withTemporaryFolder {
      var model = fresh(.bert)
      let head = model.parameters().suffix(4).map(\.parameter.value)
      let folder = try folder(names, in: $0)
      #expect(throws: WeightsError.self) { try SequenceClassifier(.small(.bert), from: folder) }
      try model.loadEncoder(from: folder)
      #expect(
        model.encoder(TextEncoderTests.texts).isIdentical(to: saved.encoder(TextEncoderTests.texts)))
      for (a, b) in zip(model.parameters().suffix(4), head) {
        #expect(a.parameter.value.isIdentical(to: b), "\(a.path)")
      }
    }
  }

  @Test func `ModernBERT's fresh head begins as that of its pre-training, and its classes are fresh`() throws {
    let saved = shaken(.modernbert)
    var names = weights(saved).filter { !$0.key.hasPrefix("classifier") }
    names["decoder.bias"] = .zeros([17])
    try withTemporaryFolder {
      var model = fresh(.modernbert)
      let classes = model.parameters().suffix(2).map(\.parameter.value)
      try model.loadEncoder(from: folder(names, in: $0))
      let found = weights(model)
      #expect(names["head.dense.weight"].map { found["head.dense.weight"]?.isIdentical(to: $0) == true } == true)
      for (a, b) in zip(model.parameters().suffix(2), classes) { #expect(a.parameter.value.isIdentical(to: b)) }
      let bare = Dictionary(
        uniqueKeysWithValues: names.compactMap { path, tensor in
          path.hasPrefix("model.") ? (String(path.dropFirst(6)), tensor) : nil
        })
      let encoder = try TextEncoder(.small(.modernbert), from: folder(bare, in: $0))
      #expect(encoder(TextEncoderTests.texts).isIdentical(to: saved.encoder(TextEncoderTests.texts)))
    }
  }

  @Test func `tensors that are missing, unknown or of another shape stop the load with the list`() throws {
    var names = weights(shaken(.roberta))
    names["roberta.encoder.layer.1.output.dense.bias"] = nil
    names["roberta.encoder.layer.2.output.dense.bias"] = .zeros([6])
    names["classifier.out_proj.bias"] = .zeros([9])
    try withTemporaryFolder {
      let folder = try folder(names, in: $0)
      let path = $0.path
      #expect(
        throws: WeightsError.mismatch(
          folder: path, missing: ["roberta.encoder.layer.1.output.dense.bias"],
          unknown: ["roberta.encoder.layer.2.output.dense.bias"],
          misshapen: [.init(name: "classifier.out_proj.bias", expected: [4], found: [9])])
      ) {
        try SequenceClassifier(.small(.roberta), from: folder)
      }
    }
  }
}
