import Layers
import Tensor
import Testing
import VisionEncoder

/// Somebody else's tower.
private struct MeanEncoder: ImageEncoder {
  let width = 3
  func callAsFunction(_ pixels: Tensor) -> Tensor {
    pixels.reshaped([pixels.shape[0], pixels.shape[1], -1]).mean(along: 2)
  }
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {}
}

@Suite struct PublicAPITests {
  @Test func `a client makes a tower, and puts a tower of its own in its place`() {
    var generator = Tensor.Generator(seed: 1)
    var c = SigLIPConfiguration()
    c.hiddenSize = 4
    c.intermediateSize = 8
    c.layers = 1
    c.heads = 2
    c.imageSize = 4
    c.patchSize = 2
    c.epsilon = 1e-5
    c.activation = .gelu
    let tower = SigLIP(c, using: &generator)
    #expect(tower.configuration == c)
    let encoders: [any ImageEncoder] = [tower, MeanEncoder()]
    #expect(encoders.map { $0(.ones([2, 3, 4, 4])).shape } == [[8, 4], [2, 3]])
    #expect(encoders.map(\.width) == [4, 3])
  }
}
