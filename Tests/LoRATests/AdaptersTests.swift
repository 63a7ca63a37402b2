import Layers
import LoRA
import Tensor
import TestSupport
import Testing

@Suite struct AdaptersTests {
  private func adaptedModel(
    rank: Int = 2, dropout: Float = 0, awake: Bool = true
  ) throws -> (model: PathModel, base: PathModel) {
    let base = PathModel.pictures
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.alpha, configuration.dropout) = (rank, 3, dropout)
    var model = base
    var generator = Tensor.Generator(seed: 5)
    try model.attachAdapters(configuration, using: &generator)
    if awake { model.wakeAdapters(seed: 6) }
    return (model, base)
  }
  private let x = randomTensor([5, 3], seed: 9)

  @Test func `a fresh adapter changes nothing and trains alone`() throws {
    let (model, base) = try adaptedModel(awake: false)
    #expect(model(x).isIdentical(to: base(x)))
    let trained = model.parameters().filter(\.parameter.isTrainable).map(\.path)
    #expect(trained == model.adapterParameters().map(\.path))
    // Four projections of 3 x 3, rank 2: each has 2 · 3 and 3 · 2 elements.
    #expect(model.parameterCount(trainableOnly: true) == 4 * 12)
  }

  @Test func `A starts within one over the root of its inputs, differently in each adapter, and B at zero`() throws {
    let (model, _) = try adaptedModel(rank: 16, awake: false)
    let parameters = model.adapterParameters()
    for (path, parameter) in parameters {
      let values = parameter.value.scalars
      if path.hasSuffix("lora_B.weight") {
        #expect(values.allSatisfy { $0 == 0 })
      } else {
        let bound = 1 / Float(3).squareRoot()
        #expect(values.allSatisfy { abs($0) <= bound } && (values.max() ?? 0) > 0.8 * bound)
      }
    }
    #expect(parameters[0].parameter.value.scalars != parameters[2].parameter.value.scalars)
  }

  @Test func `an adapter adds scale · B A to its projection`() throws {
    var generator = Tensor.Generator(seed: 1)
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.alpha) = (1, 3)
    var adapter = try LoRAProjection(
      base: Linear(weight: Tensor([1, 0, 0, 1], shape: [2, 2]), bias: Tensor([10, 20], shape: [2])),
      configuration: configuration, using: &generator)
    adapter.parts[0].a.value = Tensor([1, 2], shape: [1, 2])
    adapter.parts[0].b.value = Tensor([5, 7], shape: [2, 1])
    // x = (1, 1): A x = 3, B A x = (15, 21), times 3 = (45, 63), plus x + b = (11, 21).
    #expect(adapter(Tensor([1, 1], shape: [1, 2])).scalars == [56, 84])
    // W + 3 B A = [1 + 15, 30; 21, 1 + 42].
    #expect(adapter.effectiveWeight().scalars == [16, 30, 21, 43])
  }

  @Test func `gradients reach A, B and the input, and no frozen weight`() throws {
    var generator = Tensor.Generator(seed: 1)
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.alpha) = (3, 4)
    let adapter = try LoRAProjection(
      base: Linear(inputDimensions: 5, outputDimensions: 7, using: &generator), configuration: configuration,
      using: &generator)
    expectGradientsMatchFiniteDifferences(
      at: [randomTensor([4, 5], seed: 2), randomTensor([3, 5], seed: 3), randomTensor([7, 3], seed: 4)]
    ) {
      var adapter = adapter
      (adapter.parts[0].a.value, adapter.parts[0].b.value) = ($0[1], $0[2])
      return adapter($0[0]).tanh()
    }
    let tables = try TokenModel.adapted { $0.targets = .names(["embed_tokens"]) }.model
    guard let embedding = tables.table.adapter as? LoRAEmbedding else { throw LoRAError.noAdapter }
    expectGradientsMatchFiniteDifferences(at: [embedding.parts[0].a.value, embedding.parts[0].b.value]) {
      var embedding = embedding
      (embedding.parts[0].a.value, embedding.parts[0].b.value) = ($0[0], $0[1])
      return embedding.rows([1, 6, 1, 0], of: tables.table.weight.value).tanh()
    }
    let (model, _) = try adaptedModel()
    let gradients = model.valueAndGradients { $0(x).squared().sum() }.gradients
    #expect(gradients.paths == model.adapterParameters().map(\.path))
    #expect(gradients.tensors.allSatisfy { $0.scalars.contains { $0 != 0 } })
  }

  @Test func `without adapters the model is the base model, and with them again afterwards`() throws {
    let (model, base) = try adaptedModel()
    #expect(!model(x).isIdentical(to: base(x)))
    let inside = model.withoutAdapters { model in (model(x), model.projections.map { $0.effectiveWeight() }) }
    #expect(inside.0.isIdentical(to: base(x)))
    for (mine, its) in zip(inside.1, base.projections) { #expect(mine.isIdentical(to: its.effectiveWeight())) }
    #expect(!model(x).isIdentical(to: base(x)))
  }

  @Test func `removing adapters leaves the base weights`() throws {
    var (model, base) = try adaptedModel()
    model.removeAdapters()
    #expect(model.contents == base.contents)
  }

  @Test func `a second adapter of one name is refused`() throws {
    var (model, _) = try adaptedModel()
    var generator = Tensor.Generator(seed: 1)
    #expect(throws: LoRAError.nameTaken("default")) {
      try model.attachAdapters(LoRAConfiguration(), using: &generator)
    }
  }

  @Test func `merged weights do not change the model they were copied from`() throws {
    var (model, base) = try adaptedModel()
    let copy = model
    try model.mergeAdapters()
    #expect(copy.withoutAdapters { $0(x) }.isIdentical(to: base(x)))
  }
}
