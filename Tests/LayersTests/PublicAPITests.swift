import Foundation
import Layers
import Tensor
import Testing

/// Somebody else's projection: the same number for every weight.
private struct Constant: Projection {
  var value = Parameter(Tensor([0.5], shape: [1]), isTrainable: true)
  let input: Int
  let output: Int
  func callAsFunction(_ x: Tensor) -> Tensor { x.matmul(effectiveWeight(), transposeB: true) }
  func effectiveWeight() -> Tensor { value.value.reshaped([1, 1]).broadcast(to: [output, input]) }
  func effectiveBias() -> Tensor? { nil }
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&value, at: path.appending(component: "value"))
  }
}

/// Somebody else's visitor: replaces projections and lists paths.
private struct Replacer: ModuleVisitor {
  var paths: [String] = []
  mutating func visit(_ parameter: inout Parameter, at path: String) { paths.append(path) }
  mutating func visit(projection: inout any Projection, at path: String) {
    let shape = projection.effectiveWeight().shape
    projection = Constant(input: shape[1], output: shape[0])
    projection.visit(&self, at: path)
  }
}

@Suite struct PublicAPITests {
  @Test func `a client puts projections of its own into a model and trains them`() {
    var model = TwoLayers(seed: 1)
    var replacer = Replacer()
    model.visit(&replacer, at: "model")
    #expect(replacer.paths == ["model.first.value", "model.norm.weight", "model.norm.bias", "model.second.value"])
    model.setTrainable { $0.hasSuffix("value") }
    var optimizer = AdamW()
    optimizer.beta1 = 0.8
    optimizer.beta2 = 0.9
    optimizer.epsilon = 1e-6
    optimizer.weightDecay = 0.1
    optimizer.clippingNorm = 1
    let schedule = LearningRateSchedule(shape: .linear, peak: 0.1, warmupSteps: 1, totalSteps: 4)
    for step in 0..<4 {
      let (value, gradients) = model.valueAndGradients { $0(.ones([1, 3])).squared().sum() + 1 }
      #expect(value.scalar >= 1 && gradients.paths == ["first.value", "second.value"])
      #expect(optimizer.update(&model, gradients: gradients, learningRate: schedule.rate(at: step)) >= 0)
    }
    #expect(optimizer.step == 4)
  }

  @Test func `a client builds an attention layer, a cache and a head from parts`() {
    var generator = Tensor.Generator(seed: 1)
    func linear(_ input: Int, _ output: Int) -> any Projection {
      Linear(inputDimensions: input, outputDimensions: output, bias: false, using: &generator)
    }
    let attention = SelfAttention(
      query: linear(8, 8), key: linear(8, 4), value: linear(8, 4), output: linear(8, 8), heads: 2, keyHeads: 1)
    let rotary = RotaryPositions(dimensions: 4)
    #expect(rotary.dimensions == 4 && rotary.base == 10_000)
    let embedding = Embedding(weight: .normal([11, 8], using: &generator))
    let trees = [
      AnswerTree(
        prompt: [1, 2], images: [.features(.ones([1, 8])), .pixels(.ones([1, 3, 2, 2]))], answers: [[3, 4]])
    ]
    #expect(trees[0].images.count == 2)
    let packed = PackedTrees(trees)
    #expect(packed.layout.queries == 3 && packed.layout.keys == 3)
    #expect(packed.layout.windowed(2).queries == 3)
    let x = attention(
      embedding(packed.tokens), layout: packed.layout, positions: rotary.table(positions: packed.positions))
    let scores = TokenScores(
      hidden: x.gathered(packed.predictingRows), head: embedding.weight.value, targets: packed.targets)
    #expect(scores.logProbabilities.shape == [2] && scores.isGreedy.count == 2)
    let answers = AnswerScores(
      logProbabilities: scores.logProbabilities, ranges: packed.ranges, entropies: scores.entropies,
      isGreedy: scores.isGreedy)
    let loss = AnswerLoss(reduction: .answerMean)
    #expect(loss(answers, total: loss.weight(of: trees)).scalar > 0)
    var cache = KeyValueCache(layers: 1, sequences: 1, capacity: 4)
    let step = cache.advance(by: [3])
    let y = attention(
      embedding(packed.tokens), positions: rotary.table(positions: step.positions), cache: &cache.layers[0], step: step)
    #expect(y.shape == [3, 8] && cache.lengths == [3] && cache.capacity == 4)
    let tree = AttentionLayout.Tree(prompt: 2, answers: [1])
    #expect(AttentionLayout.trees([tree]).sees(query: 2, key: 0) && tree.prompt == 2 && tree.answers == [1])
    let mlp = GatedMLP(gate: linear(8, 3), up: linear(8, 3), down: linear(3, 8))
    let plain = FeedForward(first: linear(8, 3), second: linear(3, 8), activation: .gelu)
    let norms: (RMSNorm, LayerNorm) = (RMSNorm(dimensions: 8), LayerNorm(dimensions: 8))
    #expect(norms.0(mlp(y)).shape == norms.1(plain(y)).shape)
    #expect(norms.0.epsilon == 1e-5 && norms.1.epsilon == 1e-5)
    let patches = PatchEmbedding(channels: 1, patchSize: 2, dimensions: 8, using: &generator)
    #expect(patches(.ones([1, 1, 4, 2])).shape == [2, 8])
  }

  @Test func `settings are written to configuration files and read again`() throws {
    func copy<Value: Codable>(_ value: Value) throws -> Value {
      try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
    var schedule = LearningRateSchedule(peak: 1e-4, warmupSteps: 3, totalSteps: 10)
    schedule.shape = .constant
    schedule.peak = 2e-4
    schedule.warmupSteps = 4
    schedule.totalSteps = 11
    #expect(try copy(schedule) == schedule)
    for reduction in AnswerLoss.Reduction.allCases { #expect(try copy([reduction]) == [reduction]) }
    #expect(AnswerLoss() == AnswerLoss(reduction: .tokenMean))
  }
}
