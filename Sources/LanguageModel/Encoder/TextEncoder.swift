package import Layers
package import Tensor

/// A BERT-type encoder without its head (Devlin et al. 2019): texts in, one hidden row a token out.
///
/// ```swift
/// let rows = encoder([TokenSequence([101, 7592, 102]), TokenSequence([101, 102])])
/// rows.shape  // [5, width]: the tokens of the first text, then those of the second
/// ```
///
/// Texts of unequal length stand one after the other; nothing is padded and no text sees another. Dropout is left to
/// adapters.
package struct TextEncoder: Module {
  package internal(set) var configuration: TextEncoderConfiguration
  private var tables: TextTables
  private var layers: [any TextLayer]
  /// After the last layer, where layers are pre-norm.
  private var norm: LayerNorm?
  private var pooler: (any Projection)?

  /// An encoder with random weights.
  ///
  /// - Parameter pools: whether there is a pooler, as BERT's sequence classifier needs it. The default is false.
  package init(_ c: TextEncoderConfiguration, pools: Bool = false, using generator: inout some RandomNumberGenerator) {
    configuration = c
    tables = TextTables(c, using: &generator)
    layers = (0..<c.layers).map { number -> any TextLayer in
      c.family == .modernbert
        ? PreNormLayer(c, number: number, using: &generator) : PostNormLayer(c, using: &generator)
    }
    norm = c.family == .modernbert ? c.norm(c.hiddenSize) : nil
    pooler =
      pools
      ? Linear(
        inputDimensions: c.hiddenSize, outputDimensions: c.hiddenSize, standardDeviation: c.initialDeviation,
        using: &generator) : nil
  }

  /// The token table [vocabulary, width of the tables].
  package var words: Embedding {
    get { tables.words }
    set { tables.words = newValue }
  }

  /// Hidden rows of the last layer, [tokens of all texts, width], text after text.
  ///
  /// - Precondition: tokens and segments lie in their tables; no text is longer than
  ///   ``TextEncoderConfiguration/maximumTokens``.
  /// - Complexity: 2 · tokens · (4 width² + 2 width · inner) operations a layer, and attention's 4 · length² · width a text.
  package func callAsFunction(_ texts: [TokenSequence]) -> Tensor {
    let rows = hidden(texts, TextSights(texts, configuration), below: layers.count)
    return norm.map { $0(rows) } ?? rows
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
    let sights = TextSights(texts, configuration)
    let x = hidden(texts, sights, below: max(0, layers.count - 1))
    let rows = layers.last.map { $0(x, rows: starts, sights.first(in: layers.count - 1)) } ?? x.gathered(starts)
    return norm.map { $0(rows) } ?? rows
  }

  /// What a head for whole texts reads: each text's first row, through the pooler if there is one, or the mean of its rows.
  ///
  /// - Returns: [texts, width].
  package func summaries(_ texts: [TokenSequence]) -> Tensor {
    if configuration.modern?.pooling == .mean { return self(texts).means(ofRuns: texts.map(\.count)) }
    let first = firstRows(texts)
    return pooler.map { $0(first).tanh() } ?? first
  }

  /// The rows that enter a layer.
  private func hidden(_ texts: [TokenSequence], _ sights: TextSights, below layer: Int) -> Tensor {
    layers[..<layer].enumerated().reduce(tables(texts, configuration)) { x, layer in
      layer.element(x, sights[layer.offset])
    }
  }

  /// Shows the tables, the layers and the pooler under the names of transformers' files.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    tables.visit(&visitor, at: path)
    let place = path.appending(component: configuration.family.layersPath)
    for i in layers.indices { layers[i].visit(&visitor, at: place.appending(component: "\(i)")) }
    norm?.visit(&visitor, at: path.appending(component: "final_norm"))
    visitor.visit(projection: &pooler, at: path.appending(component: "pooler.dense"))
  }
}

extension Tensor {
  /// The mean of each run of rows, [runs, columns], summed row by row: the same whichever runs there are besides.
  ///
  /// - Precondition: the runs are not empty and add up to the rows.
  func means(ofRuns lengths: [Int]) -> Tensor {
    let columns = shape[1]
    precondition(
      lengths.reduce(0, +) == shape[0] && lengths.allSatisfy { $0 > 0 }, "runs of \(lengths) rows in \(shape)")
    let value = Tensor(shape: [lengths.count, columns]) { out in
      withScalars { rows in
        var row = 0
        for (run, length) in lengths.enumerated() {
          for j in 0..<columns { out[run * columns + j] = 0 }
          for i in row..<(row + length) {
            for j in 0..<columns { out[run * columns + j] += rows[i * columns + j] }
          }
          for j in 0..<columns { out[run * columns + j] /= Float(length) }
          row += length
        }
      }
    }
    return .operation(value: value, inputs: [self]) { [shape] g in
      [
        Tensor(shape: shape) { out in
          g.withScalars { g in
            var row = 0
            for (run, length) in lengths.enumerated() {
              for i in row..<(row + length) {
                for j in 0..<columns { out[i * columns + j] = g[run * columns + j] / Float(length) }
              }
              row += length
            }
          }
        }
      ]
    }
  }
}
