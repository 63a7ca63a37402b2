import Foundation
import LanguageModel
import Layers
import Tensor

/// The encoder written out in Float64 loops from the papers' formulas, one text at a time.
struct NaiveTextEncoder {
  typealias Row = [Double]
  let configuration: TextEncoderConfiguration
  private let parameters: [String: [Double]]

  init(_ model: TextEncoder) {
    configuration = model.configuration
    parameters = Dictionary(
      uniqueKeysWithValues: model.parameters().map { ($0.path, $0.parameter.value.scalars.map(Double.init)) })
  }

  /// Hidden rows of a text, at the given rows of the position table.
  func hidden(_ text: TokenSequence, positions: [Int]) -> [Row] {
    if let modern = configuration.modern { return hidden(text, modern) }
    let isDistilled = configuration.family == .distilbert
    var x = text.ids.indices.map { i -> Row in
      var tables = [
        row(text.ids[i], "embeddings.word_embeddings.weight"),
        row(positions[i], "embeddings.position_embeddings.weight"),
      ]
      if !isDistilled {
        tables.append(row(text.segments.isEmpty ? 0 : text.segments[i], "embeddings.token_type_embeddings.weight"))
      }
      let sum = normalized(tables.dropFirst().reduce(tables[0], sum), "embeddings.LayerNorm")
      return configuration.embeddingSize == nil ? sum : product(sum, "embeddings_project")
    }
    for layer in 0..<configuration.layers {
      let path = isDistilled ? "transformer.layer.\(layer)" : "encoder.layer.\(layer)"
      let names = isDistilled ? Self.distilled : Self.plain
      let full = names.map { "\(path).\($0)" }
      let inputs = full[..<3].map { name in x.map { product($0, name) } }
      let mixed = attention(inputs[0], inputs[1], inputs[2]).map { product($0, full[3]) }
      x = zip(x, mixed).map { normalized(sum($0, $1), full[4]) }
      x = x.map { row in
        normalized(sum(row, product(product(row, full[5]).map(gelu), full[6])), full[7])
      }
    }
    return x
  }

  /// ModernBERT's (Warner et al. 2024).
  private func hidden(_ text: TokenSequence, _ modern: TextEncoderConfiguration.Modern) -> [Row] {
    let c = configuration
    let width = c.hiddenSize
    var x = text.ids.map { normalized(row($0, "embeddings.tok_embeddings.weight"), "embeddings.norm") }
    for layer in 0..<c.layers {
      let path = "layers.\(layer)"
      let isFull = modern.sights[layer] == .full
      let read = layer == 0 ? x : x.map { normalized($0, "\(path).attn_norm") }
      let all = read.map { product($0, "\(path).attn.Wqkv") }
      let base = isFull ? modern.base : modern.windowBase
      let parts = (0..<3).map { part in
        all.enumerated().map { place, row -> Row in
          let own = Array(row[(part * width)..<((part + 1) * width)])
          return part == 2 ? own : turned(own, by: place, base: base)
        }
      }
      let reach = isFull ? text.count : modern.window / 2
      let mixed = attention(parts[0], parts[1], parts[2], reach: reach).map { product($0, "\(path).attn.Wo") }
      x = zip(x, mixed).map(sum)
      x = x.map { row in
        let inner = product(normalized(row, "\(path).mlp_norm"), "\(path).mlp.Wi")
        let half = c.intermediateSize
        return sum(row, product((0..<half).map { gelu(inner[$0]) * inner[half + $0] }, "\(path).mlp.Wo"))
      }
    }
    return x.map { normalized($0, "final_norm") }
  }

  /// Coordinates i and i + half of each head turn by place · base^(-2i/size) (Su et al. 2021).
  private func turned(_ x: Row, by place: Int, base: Double) -> Row {
    let size = configuration.hiddenSize / configuration.heads
    var y = x
    for head in 0..<configuration.heads {
      for i in 0..<(size / 2) {
        let angle = Double(place) * pow(base, -2 * Double(i) / Double(size))
        let (a, b) = (head * size + i, head * size + i + size / 2)
        y[a] = x[a] * cos(angle) - x[b] * sin(angle)
        y[b] = x[b] * cos(angle) + x[a] * sin(angle)
      }
    }
    return y
  }

  private static let plain = [
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
  ]
  private static let distilled = [
    "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1",
    "ffn.lin2", "output_layer_norm",
  ]

  private func gelu(_ x: Double) -> Double { 0.5 * x * (1 + erf(x / 2.0.squareRoot())) }

  /// - Parameter reach: how far to each side a row sees.
  private func attention(_ q: [Row], _ k: [Row], _ v: [Row], reach: Int = .max) -> [Row] {
    let (heads, size) = (configuration.heads, configuration.hiddenSize / configuration.heads)
    return q.indices.map { i in
      let seen = q.indices.filter { abs($0 - i) <= reach }
      var y = Row(repeating: 0, count: heads * size)
      for a in stride(from: 0, to: heads * size, by: size) {
        let scores = seen.map { j in
          exp((a..<(a + size)).reduce(0) { $0 + q[i][$1] * k[j][$1] } / Double(size).squareRoot())
        }
        let total = scores.reduce(0, +)
        for (score, j) in zip(scores, seen) { for n in a..<(a + size) { y[n] += score / total * v[j][n] } }
      }
      return y
    }
  }

  func product(_ x: Row, _ path: String) -> Row {
    let (w, b) = (weight("\(path).weight"), weight("\(path).bias"))
    var y = b.isEmpty ? Row(repeating: 0, count: w.count / x.count) : b
    for o in y.indices { for i in x.indices { y[o] += x[i] * w[o * x.count + i] } }
    return y
  }

  private func normalized(_ x: Row, _ path: String) -> Row {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let scale = 1 / (variance + Double(configuration.epsilon)).squareRoot()
    let (w, b) = (weight("\(path).weight"), weight("\(path).bias"))
    return x.indices.map { i in
      let y = (x[i] - mean) * scale * w[i]
      return b.isEmpty ? y : y + b[i]
    }
  }

  private func row(_ number: Int, _ path: String) -> Row {
    let width = configuration.embeddingSize ?? configuration.hiddenSize
    return Array(weight(path)[(number * width)..<((number + 1) * width)])
  }

  private func sum(_ a: Row, _ b: Row) -> Row { zip(a, b).map(+) }
  private func weight(_ path: String) -> [Double] { parameters[path] ?? [] }
}
