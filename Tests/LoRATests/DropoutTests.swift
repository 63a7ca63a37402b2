import Layers
import LoRA
import Tensor
import TestSupport
import Testing

@Suite struct DropoutTests {
  private func adapter(dropout: Float, width: Int) throws -> PathModel {
    var model = PathModel(["layers.0.q_proj", "layers.1.q_proj"], width: width)
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.alpha, configuration.dropout) = (1, 1, dropout)
    var generator = Tensor.Generator(seed: 1)
    try model.attachAdapters(configuration, using: &generator)
    model.wakeAdapters(seed: 2)
    return model
  }

  @Test func `the same seed drops the same inputs, another seed others, and outside the scope nothing is dropped`()
    throws
  {
    let model = try adapter(dropout: 0.3, width: 6)
    let x = randomTensor([7, 6], seed: 3)
    let plain = model(x)
    let first = model.withDropout(seed: 10) { $0(x) }
    #expect(first.isIdentical(to: model.withDropout(seed: 10) { $0(x) }))
    #expect(!first.isIdentical(to: model.withDropout(seed: 11) { $0(x) }))
    #expect(!first.isIdentical(to: plain))
    #expect(model(x).isIdentical(to: plain))
  }

  @Test func `a rate of 0 drops nothing`() throws {
    let model = try adapter(dropout: 0, width: 6)
    let x = randomTensor([7, 6], seed: 3)
    #expect(model.withDropout(seed: 10) { $0(x) }.isIdentical(to: model(x)))
  }

  @Test func `kept inputs are scaled up, about the asked share is dropped, and adapters drop different ones`() throws {
    // Base 0, A a row of ones, B 1: the output of an adapter is the sum of its kept inputs. One input a row shows the mask.
    var model = try adapter(dropout: 0.25, width: 1)
    for i in 0..<2 {
      guard var adapter = model.projections[i] as? LoRAProjection else { throw LoRAError.noAdapter }
      adapter.base = Linear(weight: .zeros([1, 1]))
      (adapter.parts[0].a.value, adapter.parts[0].b.value) = (.ones([1, 1]), .ones([1, 1]))
      model.projections[i] = adapter
    }
    let rows = 20_000
    let masks = model.withDropout(seed: 4) { model in model.projections.map { $0(.ones([rows, 1])).scalars } }
    for mask in masks {
      let dropped = mask.count { $0 == 0 }
      #expect(mask.allSatisfy { $0 == 0 || abs($0 - 4 / 3) < 1e-6 })
      // Standard deviation of the share: √(0.25 · 0.75 / 20000) = 0.003.
      #expect(abs(Double(dropped) / Double(rows) - 0.25) < 0.012)
    }
    // Independent masks agree in 0.25² + 0.75² = 0.625 of the places.
    let agreeing = zip(masks[0], masks[1]).count { ($0 == 0) == ($1 == 0) }
    #expect(abs(Double(agreeing) / Double(rows) - 0.625) < 0.015)
  }

  @Test func `gradients go through the inputs that were kept`() throws {
    let model = try adapter(dropout: 0.4, width: 4)
    expectGradientsMatchFiniteDifferences(at: [randomTensor([5, 4], seed: 3)]) { inputs in
      model.withDropout(seed: 8) { $0(inputs[0]) }
    }
  }

  @Test func `a product and its bias apart are all that a map gives`()
    throws
  {
    let x = randomTensor([7, 6], seed: 3)
    for (dropout, usesDoRA, apart) in [(Float(0), false, true), (0.3, false, false), (0, true, false)] {
      var model = PathModel(["q_proj"], width: 6)
      var configuration = LoRAConfiguration()
      (configuration.rank, configuration.dropout, configuration.usesDoRA) = (2, dropout, usesDoRA)
      var generator = Tensor.Generator(seed: 1)
      try model.attachAdapters(configuration, using: &generator)
      model.wakeAdapters(seed: 2)
      model.withDropout(seed: 10) { model in
        let (product, bias) = model.projections[0].product(x)
        #expect((bias != nil) == apart)
        expectClose(bias.map { product + $0 } ?? product, model.projections[0](x))
      }
      try model.mergeAdapters()
      let (product, bias) = model.projections[0].product(x)
      expectClose(product + (try #require(bias)), model.projections[0](x))
    }
  }
}
