import Foundation
import Layers
import LoRA
import Tensor
import TestSupport
import Testing

@Suite struct NamedAdaptersTests {
  private let tokens = [0, 3, 6, 3, 1]

  /// Two adapters on overlapping places.
  private func pair() throws -> TokenModel {
    var (model, _) = try TokenModel.adapted(named: "news") { $0.targets = .names(["q_proj"]) }
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.targets) = (1, .names(["layers.0.q_proj", "embed_tokens"]))
    configuration.savedModules = ["out_proj"]
    var generator = Tensor.Generator(seed: 40)
    try model.attachAdapters(configuration, named: "health", using: &generator)
    model.stirTrainable(seed: 41)
    return model
  }

  @Test func `the newest adapter alone trains, under paths with its name`() throws {
    let model = try pair()
    #expect(model.adapterNames == ["health", "news"])
    let trained = model.parameters().filter(\.parameter.isTrainable).map(\.path)
    #expect(
      trained == [
        "model.embed_tokens.lora_embedding_A.health", "model.embed_tokens.lora_embedding_B.health",
        "model.layers.0.q_proj.lora_A.health.weight", "model.layers.0.q_proj.lora_B.health.weight",
        "classifier.out_proj.weight", "classifier.out_proj.bias",
      ])
  }

  @Test func `one adapter alone computes what it would without the other`() throws {
    var model = try pair()
    var alone = model
    alone.removeAdapters(named: "health")
    try model.setAdapterWeights(["news": 1])
    #expect(model(tokens).isIdentical(to: alone(tokens)))
    try model.setAdapterWeights(["health": 1])
    alone = model
    alone.removeAdapters(named: "news")
    try alone.setAdapterWeights(["health": 1])
    #expect(model(tokens).isIdentical(to: alone(tokens)))
    // The classifier that came with an adapter counts with it alone.
    try model.setAdapterWeights([:])
    #expect(model(tokens).isIdentical(to: TokenModel()(tokens)))
  }

  @Test func `weights mix the changes of the weight, and merging keeps the mixture`() throws {
    var model = try pair()
    try model.setAdapterWeights(["news": 0.25, "health": -0.5])
    guard let adapted = model.first as? LoRAProjection else { throw LoRAError.noAdapter }
    let changes = adapted.parts.map { $0.b.value.matmul($0.a.value) * $0.scale }
    expectClose(
      adapted.effectiveWeight(), adapted.base.effectiveWeight() + changes[0] * 0.25 - changes[1] * 0.5, relative: 1e-5,
      absolute: 1e-6)
    let before = model(tokens)
    try model.mergeAdapters()
    expectClose(model(tokens), before, relative: 1e-5, absolute: 1e-5)
  }

  @Test func `removing the last adapter of a place leaves the base`() throws {
    var model = try pair()
    model.removeAdapters(named: "health")
    #expect(model.table.adapter == nil && model.adapterNames == ["news"])
    model.removeAdapters(named: "news")
    #expect(model.contents == TokenModel().contents && model.first is Linear)
  }

  @Test func `a taken or unknown name, a bad one and a weight that is no number are refused`() throws {
    var model = try pair()
    var generator = Tensor.Generator(seed: 1)
    var configuration = LoRAConfiguration()
    configuration.targets = .names(["q_proj"])
    #expect(throws: LoRAError.nameTaken("news")) {
      try model.attachAdapters(configuration, named: "news", using: &generator)
    }
    #expect(throws: LoRAError.unknownName("sport", available: ["health", "news"])) {
      try model.setAdapterWeights(["sport": 1])
    }
    for name in ["", "a.b", "a b"] {
      #expect(throws: LoRAError.self) { try model.attachAdapters(configuration, named: name, using: &generator) }
    }
    #expect(throws: LoRAError.self) { try model.setAdapterWeights(["news": .nan]) }
    #expect(model.adapterNames == ["health", "news"])
  }

  @Test func `each adapter is saved by itself and loads under any name`() throws {
    try withTemporaryFolder { folder in
      let model = try pair()
      var news = LoRAConfiguration()
      (news.rank, news.alpha) = (2, 3)
      try model.saveAdapter(to: folder.appending(path: "a"), configuration: news, named: "news", baseModel: "base")
      var health = LoRAConfiguration()
      (health.rank, health.savedModules) = (1, ["out_proj"])
      try model.saveAdapter(to: folder.appending(path: "b"), configuration: health, named: "health", baseModel: "base")
      var other = TokenModel()
      try other.loadAdapter(from: folder.appending(path: "a"), named: "one")
      try other.loadAdapter(from: folder.appending(path: "b"), named: "two")
      #expect(other.adapterNames == ["one", "two"] && other(tokens).isIdentical(to: model(tokens)))
    }
  }
}
