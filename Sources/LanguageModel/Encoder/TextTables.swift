internal import Layers
internal import Tensor

/// The tables of a BERT-type encoder: rows for tokens, their places and their segments, added up and normalised.
struct TextTables: Module {
  var words: Embedding
  private var positions: Embedding?
  private var segments: Embedding?
  private var norm: LayerNorm
  /// From the tables' width to the layers', where they differ.
  private var projection: (any Projection)?
  private let names: (words: String, norm: String)

  init(_ c: TextEncoderConfiguration, using generator: inout some RandomNumberGenerator) {
    let width = c.embeddingSize ?? c.hiddenSize
    func table(_ rows: Int) -> Embedding {
      Embedding(weight: .normal([rows, width], standardDeviation: c.initialDeviation, using: &generator))
    }
    words = table(c.vocabularySize)
    positions = c.family.hasPositions ? table(c.maxPositions) : nil
    segments = c.family.hasSegments ? table(c.segments) : nil
    norm = c.norm(width)
    names = c.family == .modernbert ? ("tok_embeddings", "norm") : ("word_embeddings", "LayerNorm")
    projection =
      width == c.hiddenSize
      ? nil
      : Linear(
        inputDimensions: width, outputDimensions: c.hiddenSize, standardDeviation: c.initialDeviation, using: &generator
      )
  }

  /// The rows that enter the first layer, added in the order of transformers and normalised: [tokens, width].
  func callAsFunction(_ texts: [TokenSequence], _ c: TextEncoderConfiguration) -> Tensor {
    for text in texts {
      precondition(
        text.count <= c.maximumTokens, "a text of \(text.count) tokens for an encoder that takes \(c.maximumTokens)")
    }
    let tokens = words(texts.flatMap(\.ids))
    guard let positions else { return norm(tokens) }
    let rows = normalised(texts, tokens, positions(texts.flatMap { positionNumbers($0, c) }))
    return projection.map { $0(rows) } ?? rows
  }

  private func normalised(_ texts: [TokenSequence], _ rows: Tensor, _ places: Tensor) -> Tensor {
    guard let segments else { return norm(rows, bias: nil, adding: places) }
    // Where all tokens are of one segment, its row is as good as a bias.
    guard texts.contains(where: { $0.segments.contains { $0 != 0 } }) else {
      return norm(rows, bias: segments([0]).reshaped([-1]), adding: places)
    }
    let numbers = texts.flatMap { $0.segments.isEmpty ? Array(repeating: 0, count: $0.count) : $0.segments }
    return norm(rows + segments(numbers), bias: nil, adding: places)
  }

  /// Row numbers in the position table: from 0 in BERT; in RoBERTa padding tokens have the padding token's own number
  /// wherever they stand, and the others count on after it.
  private func positionNumbers(_ text: TokenSequence, _ c: TextEncoderConfiguration) -> [Int] {
    guard c.family.countsAfterPadding else { return Array(0..<text.count) }
    let padding = c.paddingToken
    var last = padding
    return text.ids.map { id in
      guard id != padding else { return padding }
      last += 1
      return last
    }
  }

  /// Shows the tables and their norm under `embeddings`, and `embeddings_project`.
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    let tables = path.appending(component: "embeddings")
    words.visit(&visitor, at: tables.appending(component: names.words))
    positions?.visit(&visitor, at: tables.appending(component: "position_embeddings"))
    segments?.visit(&visitor, at: tables.appending(component: "token_type_embeddings"))
    norm.visit(&visitor, at: tables.appending(component: names.norm))
    visitor.visit(projection: &projection, at: path.appending(component: "embeddings_project"))
  }
}
