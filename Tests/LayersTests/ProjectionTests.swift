import Layers
import Tensor
import TestSupport
import Testing

@Suite struct ProjectionTests {
  @Test(arguments: [(1, 1, 1), (1, 7, 3), (5, 3, 7), (33, 65, 17)])
  func `a linear map is x W^T + b`(rows: Int, inner: Int, outer: Int) {
    let (x, w, b) = (
      randomTensor([rows, inner], seed: 1), randomTensor([outer, inner], seed: 2), randomTensor([outer], seed: 3)
    )
    let expected = Tensor(shape: [rows, outer]) { out in
      for i in 0..<rows {
        for j in 0..<outer {
          let product = (0..<inner).reduce(0.0) { $0 + Double(x[i, $1]) * Double(w[j, $1]) }
          out[i * outer + j] = Float(product + Double(b[j]))
        }
      }
    }
    expectClose(Linear(weight: w, bias: b)(x), expected, relative: 1e-5, absolute: 1e-5)
    expectClose(Linear(weight: w)(x), expected - b, relative: 1e-5, absolute: 1e-5)
  }

  @Test func `a map that is given its product goes on from there`() throws {
    let x = randomTensor([3, 70], seed: 1)
    for bias in [nil, randomTensor([5], seed: 2)] {
      let map = Linear(weight: randomTensor([5, 70], seed: 3), bias: bias)
      let matrix = try #require(map.matrix)
      #expect(map(x, product: x.products(by: [matrix])[0]).isIdentical(to: map(x)))
    }
  }

  @Test func `leading axes are rows`() {
    let map = Linear(weight: randomTensor([4, 3], seed: 1), bias: randomTensor([4], seed: 2))
    let x = randomTensor([2, 5, 3], seed: 3)
    let y = map(x)
    #expect(y.shape == [2, 5, 4])
    expectClose(y.reshaped([10, 4]), map(x.reshaped([10, 3])))
  }

  @Test func `gradients of a linear map reach input, matrix and offset`() {
    let inputs = [randomTensor([5, 3], seed: 1), randomTensor([7, 3], seed: 2), randomTensor([7], seed: 3)]
    expectGradientsMatchFiniteDifferences(at: inputs) { Linear(weight: $0[1], bias: $0[2])($0[0]).tanh() }
  }

  @Test func `random weights keep the variance, offsets start at zero`() {
    var generator = Tensor.Generator(seed: 1)
    let map = Linear(inputDimensions: 400, outputDimensions: 300, using: &generator)
    let variance = map.weight.value.squared().mean().scalar
    // 120,000 elements: the mean square lies within 1.5 % of 1/400.
    #expect(abs(variance * 400 - 1) < 0.015)
    #expect(map.bias?.value.scalars == Array(repeating: 0, count: 300))
    let given = Linear(
      inputDimensions: 400, outputDimensions: 300, bias: false, standardDeviation: 0.5, using: &generator)
    #expect(abs(given.effectiveWeight().squared().mean().scalar * 4 - 1) < 0.015)
    #expect(given.bias == nil)
  }

  @Test func `an embedding looks rows up, and adds up the gradients of repeated tokens`() {
    let table = Embedding(weight: Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
    #expect(table([2, 0, 2]).scalars == [5, 6, 1, 2, 5, 6])
    let gradients = table.valueAndGradients { ($0([2, 0, 2]) * Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])).sum() }
    // Row 2 is used with the factors (1, 2) and (5, 6), row 0 with (3, 4), row 1 not at all.
    #expect(gradients.gradients["weight"]?.scalars == [3, 4, 0, 0, 6, 8])
  }

  @Test func `paths of parameters are those of weight files`() {
    #expect(
      TwoLayers(seed: 1).parameters().map(\.path) == [
        "first.weight", "first.bias", "norm.weight", "norm.bias", "second.weight",
      ])
    #expect("".appending(component: "a") == "a" && "a.b".appending(component: "c") == "a.b.c")
  }
}
