import Foundation
import Layers
import Tensor
import TestSupport
import Testing
import VisionEncoder

/// InternVL's tower; figures of transformers are in FamilyGoldenTests.
@Suite struct InternVisionTests {
  private func tower(_ norm: InternVisionConfiguration.Norm, normalizesHeads: Bool) -> InternVision {
    var c = InternVisionConfiguration()
    (c.hiddenSize, c.intermediateSize, c.layers, c.heads, c.imageSize, c.patchSize) = (8, 12, 1, 2, 4, 2)
    (c.norm, c.normalizesHeads, c.usesMeanPooling) = (norm, normalizesHeads, norm == .layer)
    var generator = Tensor.Generator(seed: 2)
    return InternVision(c, using: &generator)
  }

  @Test func `gradients are those of finite differences, with either norm`() {
    for tower in [tower(.layer, normalizesHeads: false), tower(.rms, normalizesHeads: true)] {
      expectGradientsMatchFiniteDifferences(at: [randomTensor([2, 3, 4, 4], seed: 1)]) { tower($0[0]).tanh() }
    }
  }

  @Test func `tiles do not see one another`() {
    let tower = tower(.rms, normalizesHeads: true)
    let tiles = randomTensor([3, 3, 4, 4], seed: 1)
    let together = tower(tiles)
    #expect(together.shape == [12, 8])
    for i in 0..<3 {
      expectClose(
        together.rows((4 * i)..<(4 * i + 4)), tower(tiles.rows(i..<(i + 1))), relative: 0, absolute: 1e-5)
    }
  }

  @Test func `sides are read as one number and as height and width`() throws {
    func read(_ text: String) throws -> InternVisionConfiguration {
      try JSONDecoder().decode(InternVisionConfiguration.self, from: Data(text.utf8))
    }
    #expect(
      try read(#"{"image_size": [28, 28], "patch_size": [14, 14]}"#) == read(#"{"image_size": 28, "patch_size": 14}"#))
    let written = tower(.rms, normalizesHeads: true).configuration
    #expect(try JSONDecoder().decode(InternVisionConfiguration.self, from: JSONEncoder().encode(written)) == written)
    // A convolution leaves what is less than a patch.
    #expect(try read(#"{"image_size": 450, "patch_size": 14}"#).side == 32)
    for text in [
      #"{"image_size": [28, 14]}"#, #"{"image_size": [448]}"#, #"{"patch_size": 0}"#, #"{"patch_size": [0, 0]}"#,
      #"{"image_size": 13}"#, #"{"norm_type": "batch_norm"}"#, #"{"use_absolute_position_embeddings": false}"#,
      #"{"use_mask_token": true}"#, #"{"num_attention_heads": 7}"#, #"{"model_type": "clip_vision_model"}"#,
    ] {
      #expect(throws: DecodingError.self) { try read(text) }
    }
  }
}
