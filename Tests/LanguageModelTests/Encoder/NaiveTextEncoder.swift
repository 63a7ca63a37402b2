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
    let c = configuration
    var x = text.ids.indices.map { i -> Row in
      let tables = [
        row(text.ids[i], "embeddings.word_embeddings.weight"),
        row(positions[i], "embeddings.position_embeddings.weight"),
        row(text.segments.isEmpty ? 0 : text.segments[i], "embeddings.token_type_embeddings.weight"),
      ]
      return normalized(tables.dropFirst().reduce(tables[0], sum), "embeddings.LayerNorm")
    }
    for layer in 0..<c.layers {
      let path = "encoder.layer.\(layer)"
      let mixed = attention(x, "\(path).attention.self").map { product($0, "\(path).attention.output.dense") }
      x = zip(x, mixed).map { normalized(sum($0, $1), "\(path).attention.output.LayerNorm") }
      x = x.map { row in
        let inner = product(row, "\(path).intermediate.dense").map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
        return normalized(sum(row, product(inner, "\(path).output.dense")), "\(path).output.LayerNorm")
      }
    }
    return x
  }

  private func attention(_ x: [Row], _ path: String) -> [Row] {
    let (heads, size) = (configuration.heads, configuration.hiddenSize / configuration.heads)
    let (q, k, v) = (
      x.map { product($0, "\(path).query") }, x.map { product($0, "\(path).key") },
      x.map { product($0, "\(path).value") }
    )
    return x.indices.map { i in
      var y = Row(repeating: 0, count: heads * size)
      for a in stride(from: 0, to: heads * size, by: size) {
        let scores = x.indices.map { j in
          exp((a..<(a + size)).reduce(0) { $0 + q[i][$1] * k[j][$1] } / Double(size).squareRoot())
        }
        let total = scores.reduce(0, +)
        for j in x.indices { for n in a..<(a + size) { y[n] += scores[j] / total * v[j][n] } }
      }
      return y
    }
  }

  func product(_ x: Row, _ path: String) -> Row {
    let (w, b) = (weight("\(path).weight"), weight("\(path).bias"))
    return b.indices.map { o in x.indices.reduce(b[o]) { $0 + x[$1] * w[o * x.count + $1] } }
  }

  private func normalized(_ x: Row, _ path: String) -> Row {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let scale = 1 / (variance + Double(configuration.epsilon)).squareRoot()
    let (w, b) = (weight("\(path).weight"), weight("\(path).bias"))
    return x.indices.map { (x[$0] - mean) * scale * w[$0] + b[$0] }
  }

  private func row(_ number: Int, _ path: String) -> Row {
    let width = configuration.hiddenSize
    return Array(weight(path)[(number * width)..<((number + 1) * width)])
  }

  private func sum(_ a: Row, _ b: Row) -> Row { zip(a, b).map(+) }
  private func weight(_ path: String) -> [Double] { parameters[path] ?? [] }
}
