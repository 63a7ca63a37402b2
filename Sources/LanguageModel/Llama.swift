package import Layers
package import Tensor

/// A Llama decoder without its output head (Touvron et al. 2023): token rows in, hidden rows out. Those that differ from it
/// in few things are ``LlamaConfiguration/Kind``.
package struct Llama: Module {
  package let configuration: LlamaConfiguration
  /// The token table [vocabulary, width].
  package var embedding: Embedding
  private var layers: [Layer]
  private var norm: RMSNorm
  private let rotary: RotaryPositions
  private let windowedRotary: RotaryPositions?
  /// Whether training keeps of each layer its input alone and computes the rest again for the gradient (gradient
  /// checkpointing): about a third more time, and memory for one layer's activations in place of all. The default is false.
  package var recomputesActivations = false
  /// Whether a layer of the few rows of decoding is one job of the pool where it can be (``LayerJob``); else its operations are
  /// jobs of their own, with the same bits. The default is true.
  package var joinsDecoding = true

  /// A decoder with random weights of standard deviation 1/√in (residual outputs smaller, as in GPT-2).
  package init(_ c: LlamaConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    (rotary, windowedRotary) = (c.rotary, c.windowedRotary)
    embedding = Embedding(
      weight: .normal([c.vocabularySize, c.hiddenSize], standardDeviation: 0.02, using: &generator),
      scale: c.embeddingScale)
    let residual = 1 / Float(2 * max(1, c.layers)).squareRoot()
    let (width, inner) = (c.hiddenSize, c.intermediateSize)
    func linear(_ input: Int, _ output: Int, _ factor: Float = 1, bias: Bool = false) -> any Projection {
      let deviation = factor / Float(input).squareRoot()
      return Linear(
        inputDimensions: input, outputDimensions: output, bias: bias, standardDeviation: deviation, using: &generator)
    }
    let biases = c.biases
    let isGemma = c.kind == .gemma3
    func rmsNorm(_ dimensions: Int) -> RMSNorm {
      RMSNorm(dimensions: dimensions, epsilon: c.epsilon, offset: isGemma ? 1 : 0)
    }
    let headNorm = rmsNorm(c.headSize)
    layers = (0..<c.layers).map { _ in
      Layer(
        inputNorm: rmsNorm(width),
        attention: SelfAttention(
          query: linear(width, c.heads * c.headSize, bias: biases != .none),
          key: linear(width, c.keyValueHeads * c.headSize, bias: biases != .none),
          value: linear(width, c.keyValueHeads * c.headSize, bias: biases != .none),
          output: linear(c.heads * c.headSize, width, residual, bias: biases == .all),
          heads: c.heads, keyHeads: c.keyValueHeads,
          headNorms: c.hasHeadNorms ? (query: headNorm, key: headNorm) : nil,
          scale: c.queryScalar == nil ? nil : c.scoreScale),
        heardNorm: isGemma ? rmsNorm(width) : nil, postNorm: rmsNorm(width),
        mlp: GatedMLP(
          gate: linear(width, inner), up: linear(width, inner), down: linear(inner, width, residual),
          activation: isGemma ? .geluTanh : .silu),
        fedNorm: isGemma ? rmsNorm(width) : nil)
    }
    norm = rmsNorm(width)
  }

  /// An output head with random weights for this decoder; nil where the head is its embedding table.
  package func outputHead(using generator: inout some RandomNumberGenerator) -> (any Projection)? {
    guard !configuration.tiesEmbeddings else { return nil }
    return Linear(
      inputDimensions: configuration.hiddenSize, outputDimensions: configuration.vocabularySize, bias: false,
      using: &generator)
  }

  /// The token table for the visit of an output head.
  ///
  /// - Parameter path: the decoder's.
  package func table(at path: String) -> TokenTable {
    TokenTable(
      embedding, path: path.appending(component: "embed_tokens"), isHead: configuration.tiesEmbeddings)
  }

  /// Hidden rows before the last norm, [rows, width].
  ///
  /// - Parameters:
  ///   - embeddings: one row a token, image features included. Rows of [levels · width] have further levels (DeepStack, Meng
  ///     et al. 2024): the second is added to what the first layer gives, the third to what the second gives, and so on.
  ///   - positions: one a row.
  ///   - layout: which rows see which where there is no window: whole sequences where the configuration sees both ways.
  ///   - beginning: one sequence that was read before and stands before the rows; nil for none.
  ///   - rows: those whose hidden rows are wanted, in that order; nil for all. Behind the last attention no other row is
  ///     computed.
  package func callAsFunction(
    _ embeddings: Tensor, positions: [TokenPosition], layout: AttentionLayout, after beginning: KeyValueCache? = nil,
    keeping rows: [Int]? = nil
  ) -> Tensor {
    let tables = tables(positions)
    let layouts = [
      layout,
      configuration.seesBothWays
        ? layout.reaching(configuration.window.map { $0 / 2 }) : layout.windowed(configuration.window),
    ]
    let levels = embeddings.levels(width: configuration.hiddenSize)
    var x = levels[0]
    for (i, layer) in layers.enumerated() {
      let (table, layout) = (tables.ofLayer(i), layouts[configuration.window(ofLayer: i) == nil ? 0 : 1])
      let before = beginning?.layers[i]
      let kept = i == layers.count - 1 ? rows : nil
      x =
        recomputesActivations
        ? layer.recomputed(x, layout: layout, positions: table, after: before, keeping: kept)
        : layer(x, layout: layout, positions: table, after: before, keeping: kept)
      if i + 1 < levels.count { x = x + (kept.map(levels[i + 1].gathered) ?? levels[i + 1]) }
    }
    return layers.isEmpty ? rows.map(x.gathered) ?? x : x
  }

  /// The same for rows that follow those in a cache.
  ///
  /// - Parameters:
  ///   - embeddings: new rows, sequence after sequence.
  ///   - counts: how many of them each of the cache's sequences gets.
  ///   - positions: one a row; nil lets each sequence go on as text.
  ///   - blocks: of each sequence, runs of its new rows that see each other both ways; empty where none has any.
  package func callAsFunction(
    _ embeddings: Tensor, counts: [Int], positions: [TokenPosition]? = nil, blocks: [[Range<Int>]] = [],
    cache: inout KeyValueCache
  ) -> Tensor {
    self(embeddings, counts: counts, positions: positions, blocks: blocks, cache: &cache, proceeding: {})
  }

  /// The same, with a look up before each layer: what that throws ends the pass, and the cache is of no use then.
  package func callAsFunction(
    _ embeddings: Tensor, counts: [Int], positions: [TokenPosition]?, blocks: [[Range<Int>]] = [],
    cache: inout KeyValueCache, proceeding: () throws -> Void
  ) rethrows -> Tensor {
    let step = cache.advance(by: counts, positions: positions, blocks: blocks)
    return try self(embeddings, step: step, cache: &cache, proceeding: proceeding)
  }

  /// The same for rows that a cache has made room for.
  package func callAsFunction(
    _ embeddings: Tensor, step: KeyValueCache.Step, cache: inout KeyValueCache, proceeding: () throws -> Void
  ) rethrows -> Tensor {
    let tables = tables(step.positions)
    let steps = [step, step.windowed(configuration.window)]
    let levels = embeddings.levels(width: configuration.hiddenSize)
    var x = levels[0]
    for (i, layer) in layers.enumerated() {
      try proceeding()
      let step = steps[configuration.window(ofLayer: i) == nil ? 0 : 1]
      x = layer(x, positions: tables.ofLayer(i), cache: &cache.layers[i], step: step, joins: joinsDecoding)
      if i + 1 < levels.count { x = x + levels[i + 1] }
    }
    return x
  }

  /// The same for the next token of each of several sequences with caches of their own. A row's result is what it would be
  /// alone; the weights are read once for all.
  ///
  /// - Parameters:
  ///   - embeddings: one row a sequence.
  ///   - caches: of one sequence each.
  package func callAsFunction(_ embeddings: Tensor, caches: inout [KeyValueCache]) -> Tensor {
    let steps = caches.indices.map { caches[$0].advance(by: [1]) }
    let both = [steps, steps.map { $0.windowed(configuration.window) }]
    return Tensor.Compute.eachRowAlone {
      let tables = tables(steps.flatMap(\.positions))
      var x = embeddings
      for (i, layer) in layers.enumerated() {
        let steps = both[configuration.window(ofLayer: i) == nil ? 0 : 1]
        x = layer(
          x, positions: tables.ofLayer(i), caches: &caches, layer: i, steps: steps, joins: joinsDecoding)
      }
      return x
    }
  }

  /// What turns queries and keys of a pass.
  private struct Tables {
    let configuration: LlamaConfiguration
    let plain: RotaryPositions.Table
    let windowed: RotaryPositions.Table?

    /// Nil in a layer without positions.
    func ofLayer(_ layer: Int) -> RotaryPositions.Table? {
      if configuration.layersWithoutPositions.contains(layer) { return nil }
      return configuration.window(ofLayer: layer) == nil ? plain : windowed ?? plain
    }
  }

  private func tables(_ positions: [TokenPosition]) -> Tables {
    Tables(
      configuration: configuration, plain: rotary.table(positions: positions),
      windowed: windowedRotary?.table(positions: positions))
  }

  /// The last norm: what the output head reads.
  package func normalized(_ hidden: Tensor) -> Tensor { norm(hidden) }

  /// An empty cache for this decoder.
  package func emptyCache(sequences: Int, capacity: Int) -> KeyValueCache {
    KeyValueCache(layers: layers.count, sequences: sequences, capacity: capacity)
  }

  /// Shows `embed_tokens`, `layers` and `norm`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    embedding.visit(&visitor, at: path.appending(component: "embed_tokens"))
    for i in layers.indices { layers[i].visit(&visitor, at: path.appending(component: "layers.\(i)")) }
    norm.visit(&visitor, at: path.appending(component: "norm"))
  }
}
