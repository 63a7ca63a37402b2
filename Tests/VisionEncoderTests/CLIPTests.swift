import Foundation
import Layers
import Tensor
import TestSupport
import Testing
import VisionEncoder

@Suite struct CLIPTests {
  private func configuration(layers: Int = 3) -> CLIPConfiguration {
    var c = CLIPConfiguration()
    (c.hiddenSize, c.intermediateSize, c.layers, c.heads, c.imageSize, c.patchSize) = (12, 20, layers, 2, 6, 2)
    return c
  }

  private func tower(depth: Int? = nil) -> CLIP {
    var generator = Tensor.Generator(seed: 2)
    return CLIP(configuration(), depth: depth, using: &generator)
  }

  @Test func `each tile has its own features, whatever stands beside it`() {
    let tiles = [randomTensor([1, 3, 6, 6], seed: 1), randomTensor([1, 3, 6, 6], seed: 2)]
    let together = tower()(.concatenated(tiles))
    #expect(together.shape == [18, 12])
    for (i, tile) in tiles.enumerated() {
      expectClose(together.rows((9 * i)..<(9 * i + 9)), tower()(tile), relative: 0, absolute: 1e-5)
    }
  }

  @Test func `the layers above the depth change nothing, and stay among the parameters`() {
    let pixels = randomTensor([1, 3, 6, 6], seed: 3)
    var changed = tower(depth: 2)
    let before = changed(pixels)
    var doubler = Doubler(prefix: "encoder.layers.2.")
    changed.visit(&doubler, at: "")
    #expect(doubler.count == 16 && changed(pixels).isIdentical(to: before))
    #expect(!tower(depth: 3)(pixels).isIdentical(to: before))
    #expect(tower().parameters().map(\.path).contains("post_layernorm.bias"))
  }

  @Test func `gradients are those of finite differences`() {
    var c = configuration(layers: 1)
    (c.hiddenSize, c.intermediateSize, c.imageSize) = (4, 6, 4)
    var generator = Tensor.Generator(seed: 2)
    let small = CLIP(c, using: &generator)
    expectGradientsMatchFiniteDifferences(at: [randomTensor([2, 3, 4, 4], seed: 1)]) { small($0[0]).tanh() }
  }

  @Test func `a configuration is read, written and refused`() throws {
    func read(_ text: String) throws -> CLIPConfiguration {
      try JSONDecoder().decode(CLIPConfiguration.self, from: Data(text.utf8))
    }
    #expect(try read("{}") == CLIPConfiguration())
    #expect(
      try JSONDecoder().decode(CLIPConfiguration.self, from: JSONEncoder().encode(configuration())) == configuration())
    for text in [
      #"{"hidden_size": 0}"#, #"{"num_attention_heads": 5}"#, #"{"image_size": 30}"#, #"{"patch_size": 0}"#,
      #"{"num_channels": 1}"#, #"{"layer_norm_eps": -1}"#, #"{"num_hidden_layers": 99999}"#,
      #"{"model_type": "siglip_vision_model"}"#, #"{"hidden_act": "tanh"}"#, #"{"intermediate_size": 99999999}"#,
    ] {
      #expect(throws: DecodingError.self) { try read(text) }
    }
  }
}

/// Doubles the parameters below a path and counts them.
private struct Doubler: ModuleVisitor {
  let prefix: String
  var count = 0
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard path.hasPrefix(prefix) else { return }
    count += 1
    parameter.value = parameter.value * 2
  }
}
