import Layers
import Tensor
import TestSupport
import Testing

@Suite struct DepthwiseConvolutionTests {
  @Test(arguments: [[1, 1, 1, 1, 3], [2, 3, 4, 5, 3], [3, 8, 8, 64, 7], [1, 2, 9, 70, 5], [2, 4, 4, 130, 7]])
  func `every channel is filtered by its own kernel, with zeros around the image`(shape: [Int]) {
    let layer = DepthwiseConvolution(
      weight: randomTensor([shape[3], 1, shape[4], shape[4]], seed: 2), bias: randomTensor([shape[3]], seed: 3))
    let x = randomTensor(Array(shape[..<4]), seed: 1)
    expectClose(layer(x), layer.naive(x), relative: 1e-5, absolute: 1e-5)
  }

  @Test func `a kernel of ones adds up what lies around each place`() {
    let layer = DepthwiseConvolution(weight: .ones([1, 1, 3, 3]), bias: .zeros([1]))
    let x = Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], shape: [1, 3, 3, 1])
    #expect(layer(x).scalars == [12, 21, 16, 27, 45, 33, 24, 39, 28])
  }

  @Test func `gradients reach image, kernel and offset`() {
    let inputs = [
      randomTensor([2, 3, 4, 3], seed: 1), randomTensor([3, 1, 3, 3], seed: 2), randomTensor([3], seed: 3),
    ]
    expectGradientsMatchFiniteDifferences(at: inputs) {
      DepthwiseConvolution(weight: $0[1], bias: $0[2])($0[0]).tanh()
    }
  }
}
