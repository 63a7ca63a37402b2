import Layers
import LoRA
import Tensor
import TestSupport
import Testing

@Suite struct MergingTests {
  private let tokens = [0, 3, 6, 3, 1]
  private static let options: [@Sendable (inout LoRAConfiguration) -> Void] = [
    { _ in }, { $0.usesDoRA = true }, { $0.isRankStabilized = true },
    { $0.targets = .names(["q_proj", "embed_tokens"]) },
    { ($0.targets, $0.usesDoRA) = (.names(["q_proj", "embed_tokens"]), true) },
    { ($0.targets, $0.hasBias) = (.names(["layers.1.q_proj"]), true) },
    { ($0.initialization, $0.savedModules) = (.principal, ["classifier"]) }, { $0.trainedBiases = .all },
  ]

  @Test(arguments: options.indices) func `a merged model is plain and computes what the adapters did`(_ i: Int) throws {
    var (model, _) = try TokenModel.adapted(Self.options[i])
    let before = model(tokens)
    let base = TokenModel()
    try model.mergeAdapters()
    #expect(model.adapterNames == [] && model.adapterParameters().isEmpty)
    #expect(model.parameters().map(\.path) == base.parameters().map(\.path))
    expectClose(model(tokens), before, relative: 1e-5, absolute: 1e-5)
    #expect(!model(tokens).isIdentical(to: base(tokens)))
    // Merging twice adds nothing: there is nothing left to merge.
    let once = model.contents
    try model.mergeAdapters()
    #expect(model.contents == once)
  }

  @Test(arguments: [false, true])
  func `an adapted map goes on from the product of its base, a merged one from its own`(usesDoRA: Bool) throws {
    var model = PathModel(["a", "b"], width: 48)
    var configuration = LoRAConfiguration()
    (configuration.targets, configuration.rank, configuration.usesDoRA) = (.names(["a", "b"]), 4, usesDoRA)
    var generator = Tensor.Generator(seed: 5)
    try model.attachAdapters(configuration, using: &generator)
    model.setTrainable { $0.contains("lora_B") }
    var optimizer = AdamW()
    let x = randomTensor([2, 48], seed: 6)
    for _ in 0..<3 {
      let gradients = model.valueAndGradients { $0(x).sum() }.gradients
      optimizer.update(&model, gradients: gradients, learningRate: 0.1)
    }
    let plain = model.withoutAdapters { $0.projections[0](x) }
    func check() throws {
      for map in model.projections {
        let matrix = try #require(map.matrix)
        #expect(map(x, product: x.products(by: [matrix])[0]).isIdentical(to: map(x)))
      }
      #expect(!model.projections[0](x).isIdentical(to: plain))
    }
    try check()
    try model.mergeAdapters(keepingAdapters: true)
    try check()
  }

  @Test(arguments: options.indices) func `unmerging gives every bit back`(_ i: Int) throws {
    var (model, _) = try TokenModel.adapted(Self.options[i])
    let (before, contents) = (model(tokens), model.contents)
    try model.mergeAdapters(keepingAdapters: true)
    expectClose(model(tokens), before, relative: 1e-5, absolute: 1e-5)
    #expect(model.adapterNames == ["default"])
    #expect(model.withoutAdapters { $0(tokens) }.isIdentical(to: TokenModel()(tokens)))
    model.unmergeAdapters()
    #expect(model(tokens).isIdentical(to: before) && model.contents == contents)
  }

  @Test func `a merged model takes another adapter away with the first`() throws {
    var (model, _) = try TokenModel.adapted { $0.targets = .names(["q_proj", "embed_tokens"]) }
    try model.mergeAdapters(keepingAdapters: true)
    model.removeAdapters()
    #expect(model.contents == TokenModel().contents)
  }

  @Test func `a weight that would not be finite is refused, and nothing is changed`() throws {
    for targets in [["q_proj"], ["embed_tokens"]] {
      var (model, _) = try TokenModel.adapted { $0.targets = .names(targets) }
      var breaker = Breaker()
      model.visit(&breaker, at: "")
      let before = model.parameters().map { $0.parameter.value.scalars.map(\.bitPattern) }
      #expect {
        try model.mergeAdapters()
      } throws: {
        guard case LoRAError.notMergeable(_, let reason) = $0 else { return false }
        return reason.contains("not finite")
      }
      #expect(model.parameters().map { $0.parameter.value.scalars.map(\.bitPattern) } == before)
    }
  }

  @Test func `a base that is no plain map takes no change`() throws {
    var (model, configuration) = try TokenModel.adapted { _ in }
    var generator = Tensor.Generator(seed: 1)
    model.second = try LoRAProjection(base: model.second, configuration: configuration, using: &generator)
    #expect(throws: LoRAError.self) { try model.mergeAdapters() }
    #expect(model.first is LoRAProjection)
  }
}

private struct Breaker: ModuleVisitor {
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard path.hasSuffix("_B.weight") || path.hasSuffix("_B") else { return }
    parameter.value = Tensor(repeating: .infinity, shape: parameter.value.shape)
  }
}
