import Foundation
import Layers
import Tensor
import TestSupport
import Testing
import VisionEncoder

@Suite struct Qwen2VisionTests {
  private var configuration: Qwen2VisionConfiguration {
    var c = Qwen2VisionConfiguration()
    (c.layers, c.embeddingSize, c.hiddenSize, c.heads, c.innerRatio, c.patchSize) = (2, 16, 10, 2, 2, 2)
    return c
  }

  private var tower: Qwen2Vision {
    var generator = Tensor.Generator(seed: 2)
    return Qwen2Vision(configuration, using: &generator)
  }

  @Test func `each image has its own features, whatever stands beside it`() {
    let grids = [PatchGrid(rows: 2, columns: 4), .init(rows: 6, columns: 2), .init(rows: 2, columns: 2)]
    let images = grids.enumerated().map { randomTensor([$1.rows * $1.columns, 24], seed: UInt64($0)) }
    let together = tower(.concatenated(images), grids: grids)
    #expect(together.shape == [6, 10])
    var at = 0
    for (image, grid) in zip(images, grids) {
      let count = grid.rows * grid.columns / 4
      expectClose(together.rows(at..<(at + count)), tower(image, grids: [grid]), relative: 0, absolute: 1e-5)
      at += count
    }
  }

  @Test func `the same patches in another grid are another image`() {
    let patches = randomTensor([16, 24], seed: 1)
    let (wide, square) = (PatchGrid(rows: 2, columns: 8), PatchGrid(rows: 4, columns: 4))
    let (a, b) = (tower(patches, grids: [wide]), tower(patches, grids: [square]))
    #expect((a - b).squared().sum().scalar > 1e-4)
  }

  @Test func `gradients are those of finite differences`() {
    var c = configuration
    (c.layers, c.embeddingSize, c.hiddenSize) = (1, 8, 3)
    var generator = Tensor.Generator(seed: 2)
    let small = Qwen2Vision(c, using: &generator)
    expectGradientsMatchFiniteDifferences(at: [randomTensor([8, 24], seed: 1)]) {
      small($0[0], grids: [.init(rows: 2, columns: 4)]).tanh()
    }
  }

  @Test func `a configuration is read under both names of its keys, written and refused`() throws {
    func read(_ text: String) throws -> Qwen2VisionConfiguration {
      try JSONDecoder().decode(Qwen2VisionConfiguration.self, from: Data(text.utf8))
    }
    let published = try read(#"{"hidden_size": 1536, "in_chans": 3, "spatial_patch_size": 14}"#)
    #expect(published.layers == 32 && published.embeddingSize == 1280 && published.heads == 16)
    #expect(published.hiddenSize == 1536 && published.innerSize == 5120 && published.patchValues == 1176)
    #expect(
      try JSONDecoder().decode(Qwen2VisionConfiguration.self, from: JSONEncoder().encode(configuration))
        == configuration)
    for text in [
      #"{"embed_dim": 0}"#, #"{"num_heads": 7}"#, #"{"embed_dim": 96, "num_heads": 16}"#, #"{"mlp_ratio": 0}"#,
      #"{"in_chans": 1}"#, #"{"in_channels": 4}"#, #"{"spatial_merge_size": 0}"#, #"{"temporal_patch_size": 100}"#,
      #"{"patch_size": -1}"#, #"{"depth": 99999}"#, #"{"hidden_size": 0}"#, #"{"rope_parameters": {"rope_theta": 0}}"#,
    ] {
      #expect(throws: DecodingError.self) { try read(text) }
    }
  }
}
