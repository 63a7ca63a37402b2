import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct ReductionsTests {
  @Test(arguments: oddShapes)
  func `sum and mean of everything are those of Float64`(shape: [Int]) {
    let x = randomTensor(shape, seed: 7)
    let total = x.scalars.reduce(0) { $0 + Double($1) }
    expectClose(x.sum(), Tensor(Float(total)), relative: 1e-6)
    if x.count > 0 { expectClose(x.mean(), Tensor(Float(total / Double(x.count))), relative: 1e-6) }
  }

  @Test(
    arguments: [[1], [7], [3, 5], [2, 0, 3], [0, 2], [2, 3, 5], [17, 1, 33], [3, 130, 2]])
  func `reductions along each axis are those of the naive loop`(shape: [Int]) {
    let x = randomTensor(shape, seed: 8)
    for axis in shape.indices {
      for keepingAxis in [false, true] {
        let extent = Double(shape[axis])
        expectClose(
          x.sum(along: axis, keepingAxis: keepingAxis),
          Naive.fold(x, along: axis, keepingAxis: keepingAxis) { $0.reduce(0, +) })
        guard shape[axis] > 0 else { continue }
        expectClose(
          x.mean(along: axis - shape.count, keepingAxis: keepingAxis),
          Naive.fold(x, along: axis, keepingAxis: keepingAxis) { $0.reduce(0, +) / extent })
        let largest = Naive.fold(x, along: axis, keepingAxis: keepingAxis) { $0.max() ?? .nan }
        #expect(x.maximum(along: axis, keepingAxis: keepingAxis).isIdentical(to: largest))
      }
      guard shape[axis] > 0 else { continue }
      let positions = Naive.fold(x, along: axis) { row in Double(row.firstIndex(of: row.max() ?? .nan) ?? -1) }
      #expect(x.argmax(along: axis) == positions.scalars.map { Int($0) })
      expectGradientsMatchFiniteDifferences(at: [x]) { $0[0].sum(along: axis) }
      expectGradientsMatchFiniteDifferences(at: [x]) { $0[0].mean(along: axis, keepingAxis: true) }
    }
  }

  @Test
  func `the gradients of sum, mean and maximum match differences`() {
    for shape in smallShapes where !shape.contains(0) {
      let x = randomTensor(shape, seed: 9)
      expectGradientsMatchFiniteDifferences(at: [x]) { $0[0].sum() * $0[0].mean() }
    }
    // Distinct values two steps apart, so that no difference changes which is the largest.
    let order = (0..<30).map { Float(($0 * 7) % 30) * 0.1 }
    for axis in 0..<3 {
      expectGradientsMatchFiniteDifferences(at: [Tensor(order, shape: [2, 3, 5])]) { $0[0].maximum(along: axis) }
    }
  }

  @Test
  func `a long column of Float32 keeps its small addends`() {
    let x = Tensor(repeating: 0.1, shape: [200_000, 3])
    expectClose(x.sum(along: 0), Tensor(repeating: Float(Double(Float(0.1)) * 200_000), shape: [3]), relative: 1e-6)
    expectClose(x.transposed().sum(along: 1), x.sum(along: 0), relative: 1e-6)
  }

  @Test
  func `the first of equal maxima gets the gradient, and NaN is a maximum`() {
    let x = Tensor([1, 3, 3, 2], shape: [4]).tracked()
    #expect(x.maximum(along: 0).gradients(at: [x])[0].scalars == [0, 1, 0, 0])
    #expect(x.argmax(along: 0) == [1])
    let y = Tensor([1, .nan, 3, .nan], shape: [4])
    #expect(y.maximum(along: 0).scalar.isNaN)
    #expect(y.argmax(along: 0) == [1])
  }

  @Test(
    arguments: [[1], [7], [0, 3], [3, 17], [2, 3, 33], [700, 129]])
  func `softmax and its logarithm are those of Float64`(shape: [Int]) {
    let x = randomTensor(shape, seed: 10, from: -20, to: 20)
    func logSum(_ row: [Double]) -> Double { Foundation.log(row.reduce(0) { $0 + Foundation.exp($1) }) }
    expectClose(
      x.softmax(), Naive.rows(x) { row in row.map { Foundation.exp($0 - logSum(row)) } }, relative: 1e-5, absolute: 1e-7
    )
    expectClose(
      x.logSoftmax(), Naive.rows(x) { row in row.map { $0 - logSum(row) } }, relative: 1e-5, absolute: 1e-5)
  }

  @Test(
    arguments: [[1], [7], [0, 3], [3, 17], [2, 3, 5]])
  func `gradients of softmax and its logarithm match differences`(shape: [Int]) {
    let x = randomTensor(shape, seed: 11, from: -2, to: 2)
    expectGradientsMatchFiniteDifferences(at: [x]) { $0[0].softmax() }
    expectGradientsMatchFiniteDifferences(at: [x]) { $0[0].logSoftmax() }
  }

  @Test
  func `softmax does not overflow, and a masked element gets nothing that counts`() {
    let x = Tensor([1000, 999, -.infinity, -1000, -1001, -.infinity], shape: [2, 3])
    let expected = 1 / (1 + Foundation.exp(Float(-1)))
    for y in [x.softmax(), x.logSoftmax().exp()] {
      expectClose(y, Tensor([expected, 1 - expected, 0, expected, 1 - expected, 0], shape: [2, 3]))
    }
    #expect(Tensor([0, .nan, 1], shape: [3]).softmax().scalars.allSatisfy { $0.isNaN })
  }
}
