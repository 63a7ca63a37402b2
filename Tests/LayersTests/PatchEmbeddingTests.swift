import Layers
import Tensor
import TestSupport
import Testing

@Suite struct PatchEmbeddingTests {
  /// The convolution written out: stride equals kernel size.
  private func naive(_ x: Tensor, _ w: Tensor, _ b: Tensor) -> Tensor {
    let (images, channels, patch, dimensions) = (x.shape[0], x.shape[1], w.shape[2], w.shape[0])
    let (rows, columns) = (x.shape[2] / patch, x.shape[3] / patch)
    return Tensor(shape: [images * rows * columns, dimensions]) { out in
      var at = 0
      for image in 0..<images {
        for row in 0..<rows {
          for column in 0..<columns {
            for d in 0..<dimensions {
              var sum = Double(b[d])
              for c in 0..<channels {
                for i in 0..<patch {
                  for j in 0..<patch {
                    sum += Double(x[image, c, row * patch + i, column * patch + j]) * Double(w[d, c, i, j])
                  }
                }
              }
              out[at] = Float(sum)
              at += 1
            }
          }
        }
      }
    }
  }

  @Test(arguments: [[1, 1, 2, 2, 1], [2, 3, 4, 6, 2], [3, 2, 9, 3, 3], [1, 3, 14, 7, 7], [2, 3, 8, 10, 3]])
  func `patches are mapped like a convolution, row by row`(shape: [Int]) {
    let (x, w, b) = (
      randomTensor(Array(shape[..<4]), seed: 1), randomTensor([5, shape[1], shape[4], shape[4]], seed: 2),
      randomTensor([5], seed: 3)
    )
    expectClose(PatchEmbedding(weight: w, bias: b)(x), naive(x, w, b), relative: 1e-5, absolute: 1e-5)
    expectClose(PatchEmbedding(weight: w)(x), naive(x, w, .zeros([5])), relative: 1e-5, absolute: 1e-5)
  }

  @Test func `gradients reach pixels, kernel and offset`() {
    let inputs = [
      randomTensor([2, 3, 4, 6], seed: 1), randomTensor([5, 3, 2, 2], seed: 2), randomTensor([5], seed: 3),
    ]
    expectGradientsMatchFiniteDifferences(at: inputs) { PatchEmbedding(weight: $0[1], bias: $0[2])($0[0]).tanh() }
  }

  @Test func `random weights keep the variance`() {
    var generator = Tensor.Generator(seed: 1)
    let patches = PatchEmbedding(patchSize: 8, dimensions: 300, using: &generator)
    #expect(patches.weight.value.shape == [300, 3, 8, 8])
    #expect(abs(patches.weight.value.squared().mean().scalar * 192 - 1) < 0.02)
    #expect(patches.parameters().map(\.path) == ["weight", "bias"])
    let plain = PatchEmbedding(channels: 1, patchSize: 2, dimensions: 3, bias: false, using: &generator)
    #expect(plain.parameters().map(\.path) == ["weight"])
  }
}
