import Foundation
import Layers
import Tensor
import TestSupport
import Testing
import VisionEncoder

@Suite struct SigLIPTests {
  /// Two layers of width 10, patches of 2 x 2.
  private func configuration(imageSize: Int, layers: Int = 2) -> SigLIPConfiguration {
    var c = SigLIPConfiguration()
    (c.hiddenSize, c.intermediateSize, c.layers, c.heads) = (10, 13, layers, 2)
    (c.imageSize, c.patchSize) = (imageSize, 2)
    return c
  }

  private func tower(imageSize: Int, layers: Int = 2) -> SigLIP {
    var generator = Tensor.Generator(seed: 1)
    var tower = SigLIP(configuration(imageSize: imageSize, layers: layers), using: &generator)
    var shaker = Shaker()
    tower.visit(&shaker, at: "")
    return tower
  }

  @Test(arguments: [2, 6, 18]) func `features equal those of the tower written with plain operations`(side: Int) {
    let tower = tower(imageSize: side)
    let pixels = randomTensor([3, 3, side, side], seed: 2)
    let p = Dictionary(uniqueKeysWithValues: tower.parameters().map { ($0.path, $0.parameter.value) })
    func weight(_ path: String) -> Tensor { p[path] ?? .zeros([1, 1]) }
    func linear(_ x: Tensor, _ path: String) -> Tensor {
      x.matmul(weight("\(path).weight"), transposeB: true) + weight("\(path).bias")
    }
    func norm(_ x: Tensor, _ path: String) -> Tensor {
      let centred = x - x.mean(along: -1, keepingAxis: true)
      let scale = (centred.squared().mean(along: -1, keepingAxis: true) + 1e-6).reciprocalSquareRoot()
      return centred * scale * weight("\(path).weight") + weight("\(path).bias")
    }
    let kernel = weight("embeddings.patch_embedding.weight").reshaped([10, -1])
    let count = side * side / 4
    // Each tile alone: tiles must not see each other.
    let tiles = (0..<3).map { tile -> Tensor in
      var rows: [Tensor] = []
      for row in 0..<(side / 2) {
        for column in 0..<(side / 2) {
          var patch: [Float] = []
          for c in 0..<3 {
            for i in 0..<2 { for j in 0..<2 { patch.append(pixels[tile, c, 2 * row + i, 2 * column + j]) } }
          }
          rows.append(Tensor(patch, shape: [1, 12]).matmul(kernel, transposeB: true))
        }
      }
      var x = Tensor.concatenated(rows) + weight("embeddings.patch_embedding.bias")
      x = x + weight("embeddings.position_embedding.weight")
      for layer in 0..<2 {
        let path = "encoder.layers.\(layer)"
        let y = norm(x, "\(path).layer_norm1")
        let (q, k, v) = (
          linear(y, "\(path).self_attn.q_proj"), linear(y, "\(path).self_attn.k_proj"),
          linear(y, "\(path).self_attn.v_proj")
        )
        let heads = AttentionLayout.full([count]).naiveAttention(
          queries: q.reshaped([count, 2, 5]), keys: k.reshaped([count, 2, 5]), values: v.reshaped([count, 2, 5]))
        x = x + linear(heads.reshaped([count, 10]), "\(path).self_attn.out_proj")
        let inner = linear(norm(x, "\(path).layer_norm2"), "\(path).mlp.fc1").geluTanh()
        x = x + linear(inner, "\(path).mlp.fc2")
      }
      return norm(x, "post_layernorm")
    }
    expectClose(tower(pixels), .concatenated(tiles), relative: 1e-4, absolute: 2e-5)
  }

  @Test func `rows are patches from left to right, then down, tile after tile`() {
    var tower = tower(imageSize: 6, layers: 0)
    // Without layers a row depends on its own patch alone: change one pixel and see which row changes.
    tower.freeze()
    let pixels = randomTensor([2, 3, 6, 6], seed: 2)
    let before = tower(pixels)
    #expect(before.shape == [18, 10] && tower.width == 10)
    for (tile, y, x, row) in [(0, 0, 0, 0), (0, 1, 5, 2), (0, 3, 0, 3), (1, 5, 4, 17), (1, 2, 3, 13)] {
      var changed = pixels
      changed.mutateScalars { $0[((tile * 3 + 1) * 6 + y) * 6 + x] += 1 }
      let after = tower(changed)
      let rows = (0..<18).filter { !after.rows($0..<($0 + 1)).isIdentical(to: before.rows($0..<($0 + 1))) }
      #expect(rows == [row])
    }
  }

  @Test func `gradients reach pixels and every parameter`() {
    let tower = tower(imageSize: 4, layers: 1)
    let pixels = randomTensor([2, 3, 4, 4], seed: 2)
    // The keys' offset moves all scores of a query alike, which softmax does not see: its gradient is zero.
    let silent = "encoder.layers.0.self_attn.k_proj.bias"
    let parameters = tower.parameters().filter { $0.path != silent }
    expectGradientsMatchFiniteDifferences(at: [pixels] + parameters.map(\.parameter.value), relative: 4e-3) { inputs in
      var (tower, setter) = (tower, Setter(paths: parameters.map(\.path), values: Array(inputs[1...])))
      tower.visit(&setter, at: "")
      return tower(inputs[0])
    }
    let gradients = tower.valueAndGradients { $0(pixels).tanh().sum() }.gradients
    expectClose(gradients[silent] ?? pixels, .zeros([10]), absolute: 1e-5)
  }

  @Test func `paths are those of published weight files`() {
    let paths = tower(imageSize: 4, layers: 1).parameters().map(\.path)
    let layer = [
      "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "layer_norm1", "mlp.fc1",
      "mlp.fc2", "layer_norm2",
    ]
    #expect(
      paths == [
        "embeddings.patch_embedding.weight", "embeddings.patch_embedding.bias", "embeddings.position_embedding.weight",
      ]
        + layer.flatMap { ["encoder.layers.0.\($0).weight", "encoder.layers.0.\($0).bias"] }
        + ["post_layernorm.weight", "post_layernorm.bias"])
  }

  @Test func `pixels of another size are a bug of the caller`() async {
    await #expect(processExitsWith: .failure) {
      var generator = Tensor.Generator(seed: 1)
      var c = SigLIPConfiguration()
      (c.hiddenSize, c.intermediateSize, c.layers, c.heads, c.imageSize, c.patchSize) = (4, 4, 0, 1, 4, 2)
      _ = SigLIP(c, using: &generator)(.zeros([1, 3, 6, 4]))
    }
  }
}

/// Gives every vector (norms, offsets) random values, since fresh ones are ones and zeros.
private struct Shaker: ModuleVisitor {
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard parameter.value.rank == 1 else { return }
    parameter.value = randomTensor(parameter.value.shape, seed: UInt64(path.utf8.count), from: 0.2, to: 1.2)
  }
}

private struct Setter: ModuleVisitor {
  let paths: [String]
  let values: [Tensor]
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    if let i = paths.firstIndex(of: path) { parameter.value = values[i] }
  }
}
