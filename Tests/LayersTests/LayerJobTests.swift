import Foundation
import Layers
import Tensor
import TestSupport
import Testing

/// A decoder's layer as one job, beside its operations one by one.
@Suite(.serialized, .everyInstructionSet) struct LayerJobTests {
  /// A layer and how its operations follow one another.
  struct Layer {
    var inputNorm: RMSNorm, postNorm: RMSNorm
    var heardNorm: RMSNorm?, fedNorm: RMSNorm?
    var attention: SelfAttention
    var mlp: GatedMLP
    var hasPositions = true
    var window: Int?

    func job(_ rows: Int) -> LayerJob? {
      LayerJob(
        rows: rows, inputNorm: inputNorm, attention: attention, heardNorm: heardNorm, postNorm: postNorm, mlp: mlp,
        fedNorm: fedNorm)
    }

    func completed(_ x: Tensor, _ heard: Tensor) -> Tensor {
      let sum = x + (heardNorm?(heard) ?? heard)
      let fed = mlp(postNorm(sum))
      return sum + (fedNorm?(fed) ?? fed)
    }

    func positions(_ steps: [KeyValueCache.Step], _ dimensions: Int) -> RotaryPositions.Table? {
      hasPositions ? RotaryPositions(dimensions: dimensions).table(positions: steps.flatMap(\.positions)) : nil
    }
  }

  enum Form: String, CaseIterable { case float32, bfloat16, int8, file16, packed }

  struct Sizes: CustomStringConvertible {
    var width = 64, heads = 4, keyHeads = 2, dimensions = 16, inner = 192
    var description: String { "\(width), \(heads)/\(keyHeads) x \(dimensions), \(inner)" }
  }

  private func kept(_ weight: Tensor, _ form: Form) throws -> Tensor {
    switch form {
    case .float32: return weight
    case .bfloat16: return weight.inBFloat16()
    case .int8: return weight.inInt8()
    case .file16, .packed:
      return try withTemporaryFolder { folder in
        let url = folder.appending(path: "w.gguf")
        try Tensor.GGUFFile.write([], tensors: [("w", weight, form == .packed ? .q8_0 : .bfloat16)], to: url)
        return try Tensor.GGUFFile(contentsOf: url).tensor(named: "w")
      }
    }
  }

  private func layer(_ s: Sizes = Sizes(), _ form: Form = .float32, biases: Int = 0) throws -> Layer {
    func linear(_ input: Int, _ output: Int, _ seed: Int) throws -> Linear {
      let deviation = 1 / Float(input).squareRoot()
      let weight = randomTensor([output, input], seed: UInt64(seed), from: -2 * deviation, to: 2 * deviation)
      return Linear(
        weight: try kept(weight, form),
        bias: seed <= biases ? randomTensor([output], seed: UInt64(seed + 20), from: -1, to: 1) : nil)
    }
    let (q, k) = (s.heads * s.dimensions, s.keyHeads * s.dimensions)
    return Layer(
      inputNorm: norm(s.width, 8), postNorm: norm(s.width, 9),
      attention: SelfAttention(
        query: try linear(s.width, q, 1), key: try linear(s.width, k, 2), value: try linear(s.width, k, 3),
        output: try linear(q, s.width, 4), heads: s.heads, keyHeads: s.keyHeads),
      mlp: GatedMLP(
        gate: try linear(s.width, s.inner, 5), up: try linear(s.width, s.inner, 6),
        down: try linear(s.inner, s.width, 7)))
  }

  private func norm(_ count: Int, _ seed: UInt64, offset: Float = 0) -> RMSNorm {
    var norm = RMSNorm(dimensions: count, epsilon: 1e-5, offset: offset)
    norm.weight.value = randomTensor([count], seed: seed, from: 0.5, to: 1.5)
    return norm
  }

  /// Rows that follow a read prompt in one cache, a few each time, and all that was kept in the end.
  private func written(_ layer: Layer, _ s: Sizes, counts: [[Int]], asJob: Bool) throws -> [Tensor] {
    let sequences = counts[0].count
    var cache = KeyValueCache(layers: 1, sequences: sequences, capacity: 60)
    var results: [Tensor] = []
    func add(_ counts: [Int], isRead: Bool) throws {
      let rows = counts.reduce(0, +)
      let x = randomTensor([rows, s.width], seed: UInt64(30 + results.count))
      let positions = counts.flatMap { TokenPosition.run(0..<$0) }
      let step = cache.advance(by: counts, positions: isRead ? positions : nil).windowed(layer.window)
      let table = layer.positions([step], s.dimensions)
      if asJob, !isRead {
        let job = try #require(layer.job(rows))
        results.append(try #require(job(x, positions: table, cache: &cache.layers[0], step: step)))
      } else {
        let heard = layer.attention(layer.inputNorm(x), positions: table, cache: &cache.layers[0], step: step)
        results.append(layer.completed(x, heard))
      }
    }
    if sequences > 0 { try add((0..<sequences).map { 37 - 9 * $0 }, isRead: true) }
    for one in counts { try add(one, isRead: false) }
    return results
  }

  /// Next rows of sequences of unequal lengths that have caches of their own.
  private func writtenBesides(_ layer: Layer, _ s: Sizes, sequences: Int, asJob: Bool) throws -> [Tensor] {
    var caches = (0..<sequences).map { _ in KeyValueCache(layers: 1, capacity: 90) }
    for i in caches.indices {
      let count = 3 + 17 * i
      let step = caches[i].advance(by: [count], positions: TokenPosition.run(0..<count))
      let table = layer.positions([step], s.dimensions)
      _ = layer.attention(
        randomTensor([count, s.width], seed: UInt64(i)), positions: table, cache: &caches[i].layers[0], step: step)
    }
    return try (0..<3).map { number in
      let steps = caches.indices.map { caches[$0].advance(by: [1]).windowed(layer.window) }
      let x = randomTensor([sequences, s.width], seed: UInt64(40 + number))
      let table = layer.positions(steps, s.dimensions)
      return try Tensor.Compute.eachRowAlone {
        if asJob {
          let job = try #require(layer.job(sequences))
          return try #require(job(x, positions: table, caches: &caches, layer: 0, steps: steps))
        }
        let read = layer.inputNorm(x)
        return layer.completed(
          x, layer.attention(read, positions: table, caches: &caches, layer: 0, steps: steps))
      }
    }
  }

  /// Where OpenBLAS multiplies there is no such job.
  private var hasJobs: Bool { Tensor.Compute.instructionSet != .baseline }

  private func expectSameBits(_ layer: Layer, _ s: Sizes) throws {
    guard hasJobs else {
      #expect(layer.job(1) == nil)
      return
    }
    let before = Tensor.Compute.threads
    defer { Tensor.Compute.threads = before }
    let counts = [[[1], [1], [2], [4]], [[1, 1], [2, 0], [1, 3]], [[1, 1, 1], [1, 1, 1]], [[1, 1, 1, 1]]]
    Tensor.Compute.threads = 1
    let expected = try counts.map { try written(layer, s, counts: $0, asJob: false) }
    let besides = try [1, 2, 3, 5].map { try writtenBesides(layer, s, sequences: $0, asJob: false) }
    for threads in [1, 2, 3, 16] {
      Tensor.Compute.threads = threads
      for (counts, expected) in zip(counts, expected) {
        for (a, b) in zip(try written(layer, s, counts: counts, asJob: true), expected) {
          #expect(a.isIdentical(to: b), "\(counts) by \(threads) threads")
        }
      }
      for (sequences, expected) in zip([1, 2, 3, 5], besides) {
        for (a, b) in zip(try writtenBesides(layer, s, sequences: sequences, asJob: true), expected) {
          #expect(a.isIdentical(to: b), "\(sequences) caches by \(threads) threads")
        }
      }
    }
  }

  @Test(arguments: Form.allCases)
  func `one job gives the bits of the operations one by one, for any number of threads`(form: Form) throws {
    try expectSameBits(try layer(Sizes(), form), Sizes())
  }

  @Test(arguments: [Form.float32, .bfloat16])
  func `sizes that suit no vector give the same bits too`(form: Form) throws {
    let sizes = Sizes(width: 54, heads: 3, keyHeads: 1, dimensions: 10, inner: 77)
    try expectSameBits(try layer(sizes, form), sizes)
  }

  @Test(arguments: [Form.float32, .int8])
  func `layers so wide that norms and gates are cut give the same bits too`(form: Form) throws {
    let sizes = Sizes(width: 2112, heads: 2, keyHeads: 2, dimensions: 64, inner: 2112)
    try expectSameBits(try layer(sizes, form), sizes)
  }

  @Test func `biases, norms of heads, norms behind attention and MLP, windows and other gates are part of it`() throws {
    let sizes = Sizes()
    try expectSameBits(try layer(sizes, biases: 3), sizes)
    try expectSameBits(try layer(sizes, biases: 4), sizes)
    var one = try layer(sizes)
    one.hasPositions = false
    try expectSameBits(one, sizes)
    one.attention.headNorms = (norm(16, 11), norm(16, 12))
    try expectSameBits(one, sizes)
    (one.hasPositions, one.window) = (true, 11)
    try expectSameBits(one, sizes)
    one.attention.headNorms = (norm(64, 11), norm(32, 12))
    (one.heardNorm, one.fedNorm, one.postNorm) = (norm(64, 13, offset: 1), norm(64, 14), norm(64, 9, offset: 1))
    one.mlp = GatedMLP(gate: one.mlp.gate, up: one.mlp.up, down: one.mlp.down, activation: .geluTanh)
    try expectSameBits(one, sizes)
  }

  /// A projection that adds a thin product, as an adapter does.
  private struct Adapted: BiasedProduct {
    var base: Linear
    var addition: AdaptedMatrix.Addition
    var isBiasedProduct: Bool { true }
    var matrix: AdaptedMatrix? { AdaptedMatrix(base.weight.value, additions: [addition]) }
    func callAsFunction(_ x: Tensor) -> Tensor { base(x) }
    func effectiveWeight() -> Tensor { base.weight.value }
    func effectiveBias() -> Tensor? { nil }
    mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) { base.visit(&visitor, at: path) }
  }

  @Test func `a layer that is more than its job computes is none`() throws {
    guard hasJobs else { return }
    let plain = try layer()
    #expect(plain.job(1) != nil && plain.job(4) != nil && plain.job(5) == nil && plain.job(0) == nil)
    #expect(Tensor.Compute.eachRowAlone { plain.job(5) != nil })
    func expectNone(_ change: (inout Layer) throws -> Void) rethrows {
      var other = plain
      try change(&other)
      #expect(other.job(1) == nil)
    }
    expectNone {
      $0.attention.value = Adapted(
        base: Linear(weight: .zeros([32, 64])), addition: .init(a: .zeros([2, 64]), b: .zeros([32, 2]), scale: 1))
    }
    expectNone { $0.mlp.up = Linear(weight: .zeros([192, 64]), bias: .zeros([192])) }
    expectNone { $0.attention.key = Linear(weight: Tensor.zeros([32, 64]).inInt8()) }
    expectNone { $0.postNorm.weight.value = $0.postNorm.weight.value.tracked() }
    expectNone { $0.mlp.down = Linear(weight: Tensor.zeros([64, 192]).tracked()) }
    // What is read is summed in the way of many rows.
    var cache = KeyValueCache(layers: 1, capacity: 4)
    let step = cache.advance(by: [1], positions: [0])
    let x = randomTensor([1, 64], seed: 1)
    #expect(plain.job(1)?(x, positions: nil, cache: &cache.layers[0], step: step) == nil)
    let next = cache.advance(by: [1])
    #expect(plain.job(1)?(x.tracked(), positions: nil, cache: &cache.layers[0], step: next) == nil)
    #expect(plain.job(1)?(x, positions: nil, cache: &cache.layers[0], step: next) != nil)
  }
}
