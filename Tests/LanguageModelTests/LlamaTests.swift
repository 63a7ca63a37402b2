import LanguageModel
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct LlamaTests {
  static let models = [
    CausalModel.small(10, 1, 1, 10), .small(12, 6, 2, 2), .small(20, 4, 4, 6), .small(18, 3, 1, 16),
    .small(24, 2, 1, 20), .small(12, 4, 2, 4, kind: .qwen2), .small(10, 2, 2, 6, hasBiases: true),
    .small(12, 4, 2, 8, kind: .qwen3), .small(10, 2, 1, 6, kind: .smolLM3),
    .small(12, 4, 2, 4, kind: .mistral, window: 11), .small(10, 2, 1, 6, kind: .gemma3, window: 6),
    .small(12, 2, 2, 8, kind: .gemma3, window: 40),
  ]
  static let modelNumbers = Array(models.indices)

  @Test(arguments: modelNumbers) func `hidden rows equal those of the decoder written out in Float64`(number: Int) {
    var model = Self.models[number].text
    var shaker = NormShaker()
    model.visit(&shaker, at: "")
    let tokens = CausalModel.tokens(37, from: number)
    let hidden = model(
      model.embedding(tokens), positions: TokenPosition.run(0..<37), layout: .trees([.init(prompt: 37, answers: [])]))
    expectClose(model.normalized(hidden), NaiveLlama(model).hidden(tokens), relative: 2e-4, absolute: 4e-5)
  }

  /// Trees with empty, one-token and unequal answers, packed together; prompts and answers break attention's tiles.
  private func trees() -> [AnswerTree] {
    let t = CausalModel.tokens
    return [
      AnswerTree(prompt: t(70, 1), answers: [t(5, 2), [], t(1, 3), t(40, 4)]),
      AnswerTree(prompt: t(1, 5), answers: [t(3, 6)]),
      AnswerTree(prompt: t(9, 7), answers: []), AnswerTree(prompt: t(33, 8), answers: [t(2, 9), t(2, 9), t(34, 1)]),
    ]
  }

  @Test(arguments: modelNumbers, [false, true])
  func `rows that are kept behind the last attention are those of all rows, and so are their gradients`(
    number: Int, recomputes: Bool
  ) {
    var model = Self.models[number]
    model.text.recomputesActivations = recomputes
    let packed = PackedTrees(trees())
    let rows = packed.differentPredictingRows.rows
    func hidden(_ model: CausalModel, keeping rows: [Int]?) -> Tensor {
      model.text(
        model.text.embedding(packed.tokens), positions: packed.positions, layout: packed.layout, keeping: rows)
    }
    #expect(rows.count < packed.tokens.count)
    let (some, whole) = (hidden(model, keeping: rows), hidden(model, keeping: nil).gathered(rows))
    // OpenBLAS sums the rows at the edge of a tile in another order.
    if Tensor.Compute.instructionSet == .baseline {
      expectClose(some, whole, relative: 1e-5, absolute: 1e-5)
    } else {
      #expect(some.isIdentical(to: whole))
    }
    let weights = randomTensor([rows.count, model.text.configuration.hiddenSize], seed: 4)
    let kept = model.valueAndGradients { (hidden($0, keeping: rows) * weights).sum() }
    let all = model.valueAndGradients { (hidden($0, keeping: nil).gathered(rows) * weights).sum() }
    #expect(kept.gradients.paths == all.gradients.paths)
    for (path, (a, b)) in zip(kept.gradients.paths, zip(kept.gradients.tensors, all.gradients.tensors)) {
      let size = b.squared().sum().squareRoot().scalar
      let error = (a - b).squared().sum().squareRoot().scalar
      #expect(error <= 1e-5 * size, "\(path): \(error) of \(size)")
    }
  }

  @Test func `a pass whose gradient is wanted keeps neither normalised rows nor the inner ones of the last map`() async
  {
    await #expect(processExitsWith: .success) {
      let (rows, width, inner, layers) = (200, 64, 192, 4)
      var sizes = LlamaConfiguration()
      (sizes.hiddenSize, sizes.intermediateSize, sizes.layers, sizes.heads, sizes.vocabularySize) = (
        width, inner, layers, 4, 50
      )
      var generator = Tensor.Generator(seed: 1)
      let model = Llama(sizes, using: &generator)
      let x = Tensor.normal([rows, width], using: &generator).tracked()
      let before = Tensor.Compute.liveBytes
      let y = model(x, positions: TokenPosition.run(0..<rows), layout: .trees([.init(prompt: rows, answers: [])]))
      let kept = (Tensor.Compute.liveBytes - before) / (4 * rows * layers)
      // Of each row two residual sums, query, key, value and what attention makes of them; gate and what it lets through.
      // Log-sums, scales and angles are a few numbers more.
      let needed = 6 * width + 2 * inner
      precondition(kept >= needed && kept < needed + 20 && y.isTracked, "\(kept) numbers of a row, \(needed) needed")
      _ = y.sum().gradients(at: [x])
      precondition((Tensor.Compute.liveBytes - before) / (4 * rows * layers) < needed + 20)
    }
  }

  @Test(arguments: modelNumbers) func `an answer tree has the log-probabilities of separate sequences`(number: Int) {
    let model = Self.models[number]
    let shared = model.logProbabilities(of: trees())
    let separate = SeparateSequences(model).logProbabilities(of: trees())
    #expect(shared.ranges == separate.ranges && shared.isGreedy == separate.isGreedy)
    expectClose(shared.logProbabilities, separate.logProbabilities, relative: 0, absolute: 1e-5)
    let count = [shared.entropies.count]
    expectClose(Tensor(shared.entropies, shape: count), Tensor(separate.entropies, shape: count), absolute: 1e-5)
    expectClose(shared.answerTotals(), separate.answerTotals(), relative: 1e-6, absolute: 1e-4)
  }

  @Test(arguments: [1, 3, 7, 8, 9, 10, 11]) func `an answer tree has the gradients of separate sequences`(number: Int) {
    let model = Self.models[number]
    let weights = randomTensor([model.logProbabilities(of: trees()).logProbabilities.count], seed: 3)
    let shared = model.valueAndGradients { ($0.logProbabilities(of: trees()).logProbabilities * weights).sum() }
    let separate = model.valueAndGradients {
      (SeparateSequences($0).logProbabilities(of: trees()).logProbabilities * weights).sum()
    }
    #expect(shared.gradients.paths == separate.gradients.paths)
    for (path, (a, b)) in zip(shared.gradients.paths, zip(shared.gradients.tensors, separate.gradients.tensors)) {
      let size = b.squared().sum().squareRoot().scalar
      let error = (a - b).squared().sum().squareRoot().scalar
      #expect(size > 0 && error <= 1e-4 * size, "\(path): \(error) of \(size)")
    }
  }

  @Test func `gradients of the log-probabilities match finite differences`() {
    let model = Self.models[1]
    let tree = AnswerTree(prompt: [3, 1], answers: [[4], [1, 5]])
    let chosen = [
      "layers.0.self_attn.k_proj.weight", "layers.1.mlp.gate_proj.weight", "layers.2.input_layernorm.weight",
    ]
    let values = chosen.map { path in
      model.parameters().first { $0.path == "model.\(path)" }?.parameter.value ?? .zeros([])
    }
    expectGradientsMatchFiniteDifferences(at: values, relative: 5e-3) { inputs in
      var (model, setter) = (model, Setter(paths: chosen.map { "model.\($0)" }, values: inputs))
      model.visit(&setter, at: "")
      return model.logProbabilities(of: [tree]).logProbabilities
    }
  }

  @Test(arguments: modelNumbers)
  func `layers that are one job each decode what layers of many jobs do, bit for bit`(number: Int) {
    func written(joining: Bool) -> [Tensor] {
      var model = Self.models[number].text
      model.joinsDecoding = joining
      let (first, second) = (CausalModel.tokens(19, from: 1), CausalModel.tokens(7, from: 2))
      var cache = model.emptyCache(sequences: 2, capacity: 30)
      let read = TokenPosition.run(0..<19) + TokenPosition.run(0..<7)
      _ = model(model.embedding(first + second), counts: [19, 7], positions: read, cache: &cache)
      var rows = [[1, 1], [1, 0], [2, 2], [0, 1]].map { counts in
        model(model.embedding(CausalModel.tokens(counts[0] + counts[1], from: 3)), counts: counts, cache: &cache)
      }
      var caches = [first, second, first + second].map { tokens in
        var cache = model.emptyCache(sequences: 1, capacity: 30)
        let positions = TokenPosition.run(tokens.indices)
        _ = model(model.embedding(tokens), counts: [tokens.count], positions: positions, cache: &cache)
        return cache
      }
      for start in 4..<7 { rows.append(model(model.embedding(CausalModel.tokens(3, from: start)), caches: &caches)) }
      return rows
    }
    for (joined, apart) in zip(written(joining: true), written(joining: false)) {
      #expect(joined.isIdentical(to: apart))
    }
  }

  @Test(arguments: modelNumbers) func `decoding through a cache gives the rows of the whole pass`(number: Int) {
    let model = Self.models[number].text
    let sequences = [CausalModel.tokens(45, from: 1), CausalModel.tokens(7, from: 2)]
    let whole = sequences.map { tokens in
      model(
        model.embedding(tokens), positions: TokenPosition.run(tokens.indices),
        layout: .trees([.init(prompt: tokens.count, answers: [])]))
    }
    var cache = model.emptyCache(sequences: 2, capacity: 45)
    var rows: [[Tensor]] = [[], []]
    for counts in [[40, 3], [1, 1], [1, 1], [2, 0], [1, 2]] {
      let first = cache.lengths
      let new = (0..<2).flatMap { Array(sequences[$0][first[$0]..<(first[$0] + counts[$0])]) }
      let y = model(model.embedding(new), counts: counts, cache: &cache)
      rows[0].append(y.rows(0..<counts[0]))
      rows[1].append(y.rows(counts[0]..<(counts[0] + counts[1])))
    }
    for i in 0..<2 { expectClose(.concatenated(rows[i]), whole[i], relative: 1e-4, absolute: 2e-5) }
  }

  @Test func `paths are those of published weight files`() {
    let paths = Self.models[0].text.parameters().map(\.path)
    #expect(paths.first == "embed_tokens.weight" && paths.last == "norm.weight")
    #expect(
      paths.filter { $0.hasPrefix("layers.1.") }
        == [
          "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj", "input_layernorm", "post_attention_layernorm",
        ].map { "layers.1.\($0).weight" })
  }

  @Test func `the same seed gives the same weights, and a fresh model keeps its scale from layer to layer`() {
    let (a, b) = (CausalModel.small(12, 6, 2, 2), CausalModel.small(12, 6, 2, 2))
    for (a, b) in zip(a.parameters(), b.parameters()) { #expect(a.parameter.value.isIdentical(to: b.parameter.value)) }
    let model = a.text
    let x = randomTensor([20, 12], seed: 1)
    let y = model(x, positions: TokenPosition.run(0..<20), layout: .trees([.init(prompt: 20, answers: [])]))
    let growth = (y.squared().mean() / x.squared().mean()).squareRoot().scalar
    #expect(growth > 0.8 && growth < 4, "\(growth)")
  }
}

/// Makes every norm's scale different from one.
private struct NormShaker: ModuleVisitor {
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard parameter.value.rank == 1 else { return }
    parameter.value = randomTensor(parameter.value.shape, seed: UInt64(path.utf8.count), from: 0.5, to: 1.5)
  }
}

private struct Setter: ModuleVisitor {
  let paths: [String]
  let values: [Tensor]
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    if let i = paths.firstIndex(of: path) { parameter.value = values[i] }
  }
}
