import Foundation
import LanguageModel
import Layers
import Tensor

/// The decoder written out in Float64 loops from the paper's formulas, one sequence at a time.
struct NaiveLlama {
  private typealias Row = [Double]
  let configuration: LlamaConfiguration
  private let parameters: [String: [Double]]

  init(_ model: Llama) {
    configuration = model.configuration
    parameters = Dictionary(
      uniqueKeysWithValues: model.parameters().map { ($0.path, $0.parameter.value.scalars.map(Double.init)) })
  }

  /// Normalised hidden rows of a sequence, [tokens, width].
  func hidden(_ tokens: [Int]) -> Tensor {
    let c = configuration
    let table = weight("embed_tokens.weight")
    var x = tokens.map { Array(table[($0 * c.hiddenSize)..<(($0 + 1) * c.hiddenSize)]) }
    for layer in 0..<c.layers {
      let path = "layers.\(layer)"
      let mixed = attention(
        x.map { normalized($0, "\(path).input_layernorm.weight") }, "\(path).self_attn",
        hasPositions: !c.layersWithoutPositions.contains(layer))
      x = zip(x, mixed).map(sum)
      x = x.map { row in
        let y = normalized(row, "\(path).post_attention_layernorm.weight")
        let gate = product(y, "\(path).mlp.gate_proj.weight")
        let inner = zip(gate, product(y, "\(path).mlp.up_proj.weight")).map { $0 / (1 + exp(-$0)) * $1 }
        return sum(row, product(inner, "\(path).mlp.down_proj.weight"))
      }
    }
    let rows = x.map { normalized($0, "norm.weight") }
    return Tensor(rows.joined().map(Float.init), shape: [tokens.count, c.hiddenSize])
  }

  private func attention(_ x: [Row], _ path: String, hasPositions: Bool) -> [Row] {
    let (c, size) = (configuration, configuration.headSize)
    let shared = c.heads / c.keyValueHeads
    func placed(_ name: String) -> [Row] {
      x.enumerated().map { position, row in
        let heads = headsNormalized(product(row, "\(path).\(name)_proj.weight"), "\(path).\(name)_norm.weight")
        return hasPositions ? turned(heads, position) : heads
      }
    }
    let (q, k) = (placed("q"), placed("k"))
    let v = x.map { product($0, "\(path).v_proj.weight") }
    return x.indices.map { i in
      var y = Row(repeating: 0, count: c.heads * size)
      for head in 0..<c.heads {
        let (a, b) = (head * size, head / shared * size)
        let scores = (0...i).map { j in
          (0..<size).reduce(0) { $0 + q[i][a + $1] * k[j][b + $1] } / Double(size).squareRoot()
        }
        let total = scores.reduce(0) { $0 + exp($1) }
        for j in 0...i { for n in 0..<size { y[a + n] += exp(scores[j]) / total * v[j][b + n] } }
      }
      return product(y, "\(path).o_proj.weight")
    }
  }

  /// Each head by itself, where the decoder has such norms.
  private func headsNormalized(_ row: Row, _ path: String) -> Row {
    let size = configuration.headSize
    guard !weight(path).isEmpty else { return row }
    return stride(from: 0, to: row.count, by: size).flatMap { normalized(Array(row[$0..<($0 + size)]), path) }
  }

  private func turned(_ row: Row, _ position: Int) -> Row {
    let size = configuration.headSize
    var result = row
    for start in stride(from: 0, to: row.count, by: size) {
      for i in 0..<(size / 2) {
        let angle = Double(position) * pow(configuration.ropeBase, -2 * Double(i) / Double(size))
        let (u, v) = (row[start + i], row[start + i + size / 2])
        result[start + i] = u * cos(angle) - v * sin(angle)
        result[start + i + size / 2] = v * cos(angle) + u * sin(angle)
      }
    }
    return result
  }

  private func normalized(_ row: Row, _ path: String) -> Row {
    let meanSquare = row.reduce(0) { $0 + $1 * $1 } / Double(row.count)
    let scale = 1 / (meanSquare + Double(configuration.epsilon)).squareRoot()
    return zip(row, weight(path)).map { $0 * scale * $1 }
  }

  private func product(_ row: Row, _ path: String) -> Row {
    let w = weight(path)
    let offsets = weight(path.replacing(".weight", with: ".bias"))
    return stride(from: 0, to: w.count, by: row.count).enumerated().map { out, start in
      row.indices.reduce(offsets.isEmpty ? 0 : offsets[out]) { $0 + row[$1] * w[start + $1] }
    }
  }

  private func sum(_ a: Row, _ b: Row) -> Row { zip(a, b).map(+) }
  private func weight(_ path: String) -> [Double] { parameters[path] ?? [] }
}
