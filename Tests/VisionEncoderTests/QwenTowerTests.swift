import Foundation
import Layers
import Tensor
import TestSupport
import Testing
import VisionEncoder

/// The towers of Qwen2.5-VL and Qwen3-VL; figures of transformers are in FamilyGoldenTests.
@Suite struct QwenTowerTests {
  private var windowed: Qwen25Vision {
    var c = Qwen25VisionConfiguration()
    (c.layers, c.embeddingSize, c.hiddenSize, c.heads, c.innerSize, c.patchSize) = (2, 16, 10, 2, 12, 2)
    (c.windowSize, c.wholeLayers) = (8, [])
    var generator = Tensor.Generator(seed: 2)
    return Qwen25Vision(c, using: &generator)
  }

  private var deep: Qwen3Vision {
    var c = Qwen3VisionConfiguration()
    (c.layers, c.embeddingSize, c.hiddenSize, c.heads, c.innerSize, c.patchSize) = (2, 16, 10, 2, 12, 2)
    (c.positions, c.deepLayers) = (9, [0])
    var generator = Tensor.Generator(seed: 2)
    return Qwen3Vision(c, using: &generator)
  }

  @Test func `each image has its own features, whatever stands beside it`() {
    let grids = [PatchGrid(rows: 2, columns: 4), .init(rows: 6, columns: 10), .init(rows: 2, columns: 2)]
    let images = grids.enumerated().map { randomTensor([$1.rows * $1.columns, 24], seed: UInt64($0)) }
    func check(_ tower: some QwenTower, width: Int) {
      let together = tower(.concatenated(images), grids: grids)
      #expect(together.shape == [18, width])
      var at = 0
      for (image, grid) in zip(images, grids) {
        let count = grid.rows * grid.columns / 4
        expectClose(together.rows(at..<(at + count)), tower(image, grids: [grid]), relative: 0, absolute: 1e-5)
        at += count
      }
    }
    check(windowed, width: 10)
    check(deep, width: 20)
  }

  @Test func `a feature depends on the patches of its window alone where no layer sees the whole image`() {
    // 3 x 5 blocks in windows of 2 x 2: the block in row 1 and column 4 shares its window with the one above it.
    let grid = PatchGrid(rows: 6, columns: 10)
    let plain = randomTensor([60, 24], seed: 1)
    let features = windowed(plain, grids: [grid])
    let (changed, window) = (9, [4, 9])
    let other = plain.replacingRows(at: Array((4 * changed)..<(4 * changed + 4)), with: randomTensor([4, 24], seed: 2))
    let difference = (windowed(other, grids: [grid]) - features).squared().sum(along: 1).scalars
    for (block, size) in difference.enumerated() { #expect(window.contains(block) == (size > 0), "\(block)") }
  }

  @Test func `the table of positions is stretched so that its corners are the image's`() {
    // A tower without layers gives a merger's view of patches plus positions; of patches that are 0, positions alone.
    var c = Qwen3VisionConfiguration()
    (c.layers, c.embeddingSize, c.hiddenSize, c.heads, c.innerSize, c.patchSize, c.mergeSize) = (0, 8, 3, 2, 4, 2, 1)
    (c.positions, c.deepLayers) = (9, [])
    var generator = Tensor.Generator(seed: 2)
    let tower = Qwen3Vision(c, using: &generator)
    func features(_ rows: Int, _ columns: Int) -> Tensor {
      tower(.zeros([rows * columns, 24]), grids: [PatchGrid(rows: rows, columns: columns)])
    }
    let (own, large, single) = (features(3, 3), features(5, 5), features(1, 3))
    for (place, same) in [(0, 0), (2, 1), (4, 2), (10, 3), (12, 4), (24, 8)] {
      expectClose(large.rows(place..<(place + 1)), own.rows(same..<(same + 1)), relative: 0, absolute: 1e-6)
    }
    expectClose(single, own.rows(0..<3), relative: 0, absolute: 1e-6)
    #expect((large.rows(1..<2) - own.rows(0..<1)).squared().sum().scalar > 1e-6)
  }

  @Test func `gradients are those of finite differences`() {
    let patches = [randomTensor([16, 24], seed: 1)]
    let (windowed, deep) = (windowed, deep)
    // A step of all patches at once is long for towers so small: with Float64 in PyTorch, too, slopes and differences are up to
    // 4 % apart.
    expectGradientsMatchFiniteDifferences(at: patches, relative: 0.1) {
      windowed($0[0], grids: [.init(rows: 2, columns: 8)]).tanh()
    }
    expectGradientsMatchFiniteDifferences(at: patches, relative: 0.1) {
      deep($0[0], grids: [.init(rows: 4, columns: 4)]).tanh()
    }
  }

  @Test func `configurations are read as they are written, and refused`() throws {
    #expect(
      try JSONDecoder().decode(Qwen25VisionConfiguration.self, from: JSONEncoder().encode(windowed.configuration))
        == windowed.configuration)
    #expect(
      try JSONDecoder().decode(Qwen3VisionConfiguration.self, from: JSONEncoder().encode(deep.configuration))
        == deep.configuration)
    for text in [
      #"{"hidden_size": 0}"#, #"{"num_heads": 7}"#, #"{"window_size": 27}"#, #"{"hidden_act": "gelu"}"#,
      #"{"in_chans": 1}"#, #"{"model_type": "qwen2_vl"}"#, #"{"rope_parameters": {"rope_theta": 0}}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(Qwen25VisionConfiguration.self, from: Data(text.utf8))
      }
    }
    for text in [
      #"{"num_position_embeddings": 50}"#, #"{"deepstack_visual_indexes": [1, 1]}"#,
      #"{"deepstack_visual_indexes": [27]}"#,
      #"{"deepstack_visual_indexes": [-1]}"#, #"{"model_type": "qwen2_5_vl"}"#, #"{"intermediate_size": 0}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(Qwen3VisionConfiguration.self, from: Data(text.utf8))
      }
    }
  }
}
