import Layers
import LoRA
import Tensor
import TestSupport
import Testing

@Suite struct PublicAPITests {
  @Test func `a client attaches, trains, saves, loads and merges adapters`() throws {
    try withTemporaryFolder { folder in
      var configuration = LoRAConfiguration()
      configuration.rank = 2
      configuration.alpha = 4
      configuration.dropout = 0.1
      configuration.targets = .names(["q_proj"])
      configuration.excluded = ["layers.1.self_attn.q_proj"]
      configuration.adaptsVision = true
      configuration.isRankStabilized = true
      #expect(
        try configuration.adapts("layers.0.self_attn.q_proj") && !configuration.adapts("layers.1.self_attn.q_proj"))
      var model = PathModel.pictures
      var generator = Tensor.Generator(seed: 1)
      let paths = try model.attachAdapters(configuration, using: &generator)
      let x = randomTensor([2, 3], seed: 1)
      var optimizer = AdamW()
      for step in 0..<3 {
        let gradients = model.withDropout(seed: UInt64(step)) { model in
          model.valueAndGradients { $0(x).squared().sum() }.gradients
        }
        optimizer.update(&model, gradients: gradients, learningRate: 0.1)
      }
      #expect(
        model.adapterParameters().map(\.path) == paths.flatMap { ["\($0).lora_A.weight", "\($0).lora_B.weight"] })
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base", taskType: nil)
      var other = PathModel.pictures
      let loaded = try other.loadAdapter(from: folder)
      #expect(loaded.scale == configuration.scale && other(x).isIdentical(to: model(x)))
      #expect(other.withoutAdapters { $0(x) }.isIdentical(to: PathModel.pictures(x)))
      try other.mergeAdapters()
      expectClose(other(x), model(x))
      model.removeAdapters()
      #expect(model(x).isIdentical(to: PathModel.pictures(x)))
      let adapter = try LoRAProjection(
        base: Linear(weight: .ones([2, 3])), configuration: configuration, using: &generator)
      let part = adapter.parts[0]
      #expect(part.a.value.shape == [2, 3] && part.b.value.shape == [2, 2] && part.dropout == 0.1)
      #expect(part.rank == 2 && part.alpha == 4 && part.scale == configuration.scale && part.name == "default")
      #expect(adapter.effectiveWeight().isIdentical(to: adapter.base.effectiveWeight()))
      #expect(adapter.effectiveBias() == nil && adapter.weightShape == [2, 3])
    }
  }

  @Test func `errors say where and what to do`() {
    let errors: [LoRAError] = [
      .nothingMatches(targets: "t", available: ["a"]),
      .unmatched(option: "o", names: ["n"], available: ["a"]), .invalidPattern("(", "why"), .unusableFile("/f", "why"),
      .unsupportedOption(file: "/f", option: "o", expected: "e", found: "g"),
      .mismatch(file: "/f", missing: ["a"], unknown: [], misshapen: ["b"]), .noAdapter,
      .ambiguousPattern(path: "p", keys: ["a", "b"]), .invalidConfiguration("why"), .nameTaken("n"),
      .unknownName("n", available: []), .notAdaptable(path: "p", reason: "why"),
      .notMergeable(path: "p", reason: "why"),
    ]
    #expect(Set(errors.map(\.description)).count == errors.count && errors.allSatisfy { $0.description.count > 6 })
  }
}
