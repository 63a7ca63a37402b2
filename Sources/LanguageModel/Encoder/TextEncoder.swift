package import Layers
package import Tensor

/// A BERT-type encoder without its head (Devlin et al. 2019): texts in, one hidden row a token out.
///
/// ```swift
/// let rows = encoder([TokenSequence([101, 7592, 102]), TokenSequence([101, 102])])
/// rows.shape  // [5, width]: the tokens of the first text, then those of the second
/// ```
///
/// Texts of unequal length stand one after the other; nothing is padded and no text sees another. Layers are post-norm.
/// Dropout is left to adapters.
package struct TextEncoder: Module {
  package internal(set) var configuration: TextEncoderConfiguration
  /// The token table [vocabulary, width].
  package var words: Embedding
  private var positions: Embedding
  private var segments: Embedding
  private var norm: LayerNorm
  private var layers: [TextEncoderLayer]
  private var pooler: (any Projection)?

  /// An encoder with random weights.
  ///
  /// - Parameter pools: whether there is a pooler, as BERT's sequence classifier needs it. The default is false.
  package init(_ c: TextEncoderConfiguration, pools: Bool = false, using generator: inout some RandomNumberGenerator) {
    configuration = c
    func table(_ rows: Int) -> Embedding {
      Embedding(weight: .normal([rows, c.hiddenSize], standardDeviation: c.initialDeviation, using: &generator))
    }
    words = table(c.vocabularySize)
    positions = table(c.maxPositions)
    segments = table(c.segments)
    norm = LayerNorm(dimensions: c.hiddenSize, epsilon: c.epsilon)
    layers = (0..<c.layers).map { _ in TextEncoderLayer(c, using: &generator) }
    pooler =
      pools
      ? Linear(
        inputDimensions: c.hiddenSize, outputDimensions: c.hiddenSize, standardDeviation: c.initialDeviation,
        using: &generator) : nil
  }

  /// Hidden rows of the last layer, [tokens of all texts, width], text after text.
  ///
  /// - Precondition: tokens and segments lie in their tables; no text is longer than
  ///   ``TextEncoderConfiguration/maximumTokens``.
  /// - Complexity: 2 · tokens · (4 width² + 2 width · inner) operations a layer, and attention's 4 · length² · width a text.
  package func callAsFunction(_ texts: [TokenSequence]) -> Tensor {
    hidden(texts, below: layers.count)
  }

  /// The hidden row of each text's first token, [texts, width].
  ///
  /// The last layer is computed for these rows alone; it reads the others as keys and values.
  ///
  /// - Precondition: as ``callAsFunction(_:)``, and no text is empty.
  package func firstRows(_ texts: [TokenSequence]) -> Tensor {
    var (starts, at) = ([Int](), 0)
    for text in texts {
      precondition(text.count > 0, "a text without tokens has no first row")
      starts.append(at)
      at += text.count
    }
    guard let last = layers.last else { return hidden(texts, below: 0).gathered(starts) }
    let x = hidden(texts, below: layers.count - 1)
    return last(x, rows: starts, layout: .first(texts.map(\.count)))
  }

  /// What a head for whole texts reads: each text's first row, through the pooler if there is one.
  ///
  /// - Returns: [texts, width].
  package func summaries(_ texts: [TokenSequence]) -> Tensor {
    let first = firstRows(texts)
    return pooler.map { $0(first).tanh() } ?? first
  }

  /// The rows that enter a layer.
  private func hidden(_ texts: [TokenSequence], below layer: Int) -> Tensor {
    let layout = AttentionLayout.full(texts.map(\.count))
    return layers[..<layer].reduce(embedded(texts)) { x, layer in layer(x, layout: layout) }
  }

  /// The rows of the tables, added in the order of transformers and normalised.
  private func embedded(_ texts: [TokenSequence]) -> Tensor {
    let ids = texts.flatMap(\.ids)
    let places = positions(texts.flatMap(positionNumbers))
    // Where all tokens are of one segment, its row is as good as a bias.
    guard texts.contains(where: { $0.segments.contains { $0 != 0 } }) else {
      return norm(words(ids), bias: segments([0]).reshaped([-1]), adding: places)
    }
    let numbers = texts.flatMap { $0.segments.isEmpty ? Array(repeating: 0, count: $0.count) : $0.segments }
    return norm(words(ids) + segments(numbers), bias: nil, adding: places)
  }

  /// Row numbers in the position table: from 0 in BERT; in RoBERTa padding tokens have the padding token's own number
  /// wherever they stand, and the others count on after it.
  private func positionNumbers(_ text: TokenSequence) -> [Int] {
    precondition(
      text.count <= configuration.maximumTokens,
      "a text of \(text.count) tokens for an encoder that takes \(configuration.maximumTokens)")
    guard configuration.family != .bert else { return Array(0..<text.count) }
    let padding = configuration.paddingToken
    var last = padding
    return text.ids.map { id in
      guard id != padding else { return padding }
      last += 1
      return last
    }
  }

  /// Shows the tables, the layers and the pooler under the names of transformers' files.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    let tables = path.appending(component: "embeddings")
    words.visit(&visitor, at: tables.appending(component: "word_embeddings"))
    positions.visit(&visitor, at: tables.appending(component: "position_embeddings"))
    segments.visit(&visitor, at: tables.appending(component: "token_type_embeddings"))
    norm.visit(&visitor, at: tables.appending(component: "LayerNorm"))
    for i in layers.indices { layers[i].visit(&visitor, at: path.appending(component: "encoder.layer.\(i)")) }
    visitor.visit(projection: &pooler, at: path.appending(component: "pooler.dense"))
  }
}

/// One post-norm layer: attention and MLP, each added to its input and then normalised.
struct TextEncoderLayer: Module {
  private var query: any Projection
  private var key: any Projection
  private var value: any Projection
  private var output: any Projection
  private var attentionNorm: LayerNorm
  private var up: any Projection
  private var down: any Projection
  private var norm: LayerNorm
  private let heads: Int
  private let activation: Activation

  init(_ c: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator) {
    func linear(_ input: Int, _ output: Int) -> any Projection {
      Linear(inputDimensions: input, outputDimensions: output, standardDeviation: c.initialDeviation, using: &generator)
    }
    let (width, inner) = (c.hiddenSize, c.intermediateSize)
    (query, key, value) = (linear(width, width), linear(width, width), linear(width, width))
    output = linear(width, width)
    attentionNorm = LayerNorm(dimensions: width, epsilon: c.epsilon)
    up = linear(width, inner)
    down = linear(inner, width)
    norm = LayerNorm(dimensions: width, epsilon: c.epsilon)
    heads = c.heads
    activation = c.activation
  }

  func callAsFunction(_ x: Tensor, layout: AttentionLayout) -> Tensor {
    let maps = applied([query, key, value], to: x)
    return completed(x, queries: maps[0], keys: maps[1], values: maps[2], layout: layout)
  }

  /// The same for some of the rows; the layout's queries are theirs.
  func callAsFunction(_ x: Tensor, rows: [Int], layout: AttentionLayout) -> Tensor {
    let kept = x.gathered(rows)
    let maps = applied([key, value], to: x)
    return completed(kept, queries: query(kept), keys: maps[0], values: maps[1], layout: layout)
  }

  private func completed(
    _ x: Tensor, queries: Tensor, keys: Tensor, values: Tensor, layout: AttentionLayout
  ) -> Tensor {
    let split = { (y: Tensor) in y.reshaped([y.shape[0], heads, -1]) }
    let mixed = layout.attention(queries: split(queries), keys: split(keys), values: split(values))
    let (sum, bias) = output.product(mixed.reshaped(x.shape))
    let y = attentionNorm(consume sum, bias: bias, adding: x)
    let (inner, innerBias) = up.product(y)
    let (outer, outerBias) = down.product(activation(consume inner, bias: innerBias))
    return norm(consume outer, bias: outerBias, adding: y)
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    let attention = path.appending(component: "attention")
    visitor.visit(projection: &query, at: attention.appending(component: "self.query"))
    visitor.visit(projection: &key, at: attention.appending(component: "self.key"))
    visitor.visit(projection: &value, at: attention.appending(component: "self.value"))
    visitor.visit(projection: &output, at: attention.appending(component: "output.dense"))
    attentionNorm.visit(&visitor, at: attention.appending(component: "output.LayerNorm"))
    visitor.visit(projection: &up, at: path.appending(component: "intermediate.dense"))
    visitor.visit(projection: &down, at: path.appending(component: "output.dense"))
    norm.visit(&visitor, at: path.appending(component: "output.LayerNorm"))
  }
}
