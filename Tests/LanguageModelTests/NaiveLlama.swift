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
    let isGemma = c.kind == .gemma3
    let scale = isGemma ? Double(c.hiddenSize).squareRoot() : 1
    var x = tokens.map { token in table[(token * c.hiddenSize)..<((token + 1) * c.hiddenSize)].map { $0 * scale } }
    for layer in 0..<c.layers {
      let path = "layers.\(layer)"
      let mixed = attention(
        x.map { normalized($0, "\(path).input_layernorm.weight") }, "\(path).self_attn", layer: layer)
      x = zip(x, mixed).map { row, mixed in
        sum(row, isGemma ? normalized(mixed, "\(path).post_attention_layernorm.weight") : mixed)
      }
      x = x.map { row in
        let norm = isGemma ? "pre_feedforward_layernorm" : "post_attention_layernorm"
        let y = normalized(row, "\(path).\(norm).weight")
        let gate = product(y, "\(path).mlp.gate_proj.weight").map(isGemma ? geluTanh : silu)
        let inner = zip(gate, product(y, "\(path).mlp.up_proj.weight")).map { $0 * $1 }
        let fed = product(inner, "\(path).mlp.down_proj.weight")
        return sum(row, isGemma ? normalized(fed, "\(path).post_feedforward_layernorm.weight") : fed)
      }
    }
    let rows = x.map { normalized($0, "norm.weight") }
    return Tensor(rows.joined().map(Float.init), shape: [tokens.count, c.hiddenSize])
  }

  private func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }
  private func geluTanh(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  }

  private func attention(_ x: [Row], _ path: String, layer: Int) -> [Row] {
    let (c, size) = (configuration, configuration.headSize)
    let window = c.layersWithoutWindow.contains(layer) ? nil : c.window
    let hasPositions = !c.layersWithoutPositions.contains(layer)
    let shared = c.heads / c.keyValueHeads
    func placed(_ name: String) -> [Row] {
      x.enumerated().map { position, row in
        let heads = headsNormalized(product(row, "\(path).\(name)_proj.weight"), "\(path).\(name)_norm.weight")
        return hasPositions ? turned(heads, position, isWindowed: window != nil) : heads
      }
    }
    let (q, k) = (placed("q"), placed("k"))
    let v = x.map { product($0, "\(path).v_proj.weight") }
    return x.indices.map { i in
      var y = Row(repeating: 0, count: c.heads * size)
      for head in 0..<c.heads {
        let (a, b) = (head * size, head / shared * size)
        let seen = window.map { max(0, i - $0 + 1) } ?? 0
        let weights = (seen...i).map { j in
          exp((0..<size).reduce(0) { $0 + q[i][a + $1] * k[j][b + $1] } / (c.queryScalar ?? Double(size)).squareRoot())
        }
        let total = weights.reduce(0, +)
        for j in seen...i { for n in 0..<size { y[a + n] += weights[j - seen] / total * v[j][b + n] } }
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

  private func turned(_ row: Row, _ position: Int, isWindowed: Bool) -> Row {
    let size = configuration.headSize
    let local = isWindowed ? configuration.windowedRopeBase : nil
    var slower = 1.0
    if case .linear(let factor) = configuration.ropeScaling, local == nil { slower = factor }
    var result = row
    for start in stride(from: 0, to: row.count, by: size) {
      for i in 0..<(size / 2) {
        let angle = Double(position) / slower * pow(local ?? configuration.ropeBase, -2 * Double(i) / Double(size))
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
    let offset = configuration.kind == .gemma3 ? 1.0 : 0
    return zip(row, weight(path)).map { $0 * scale * (offset + $1) }
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
