import Tensor
import TestSupport
import Testing

@Suite struct SingularValuesTests {
  @Test func `a diagonal matrix has the magnitudes of its diagonal, largest first`() throws {
    let parts = try #require(Tensor([2, 0, 0, -3], shape: [2, 2]).singularValues())
    expectClose(parts.values, Tensor([3, 2], shape: [2]))
  }

  @Test(arguments: [[1, 1], [1, 5], [5, 1], [3, 7], [7, 3], [6, 6]])
  func `the factors are orthonormal and multiply to the matrix`(shape: [Int]) throws {
    let matrix = randomTensor(shape, seed: 4)
    let parts = try #require(matrix.singularValues())
    let least = min(shape[0], shape[1])
    #expect(parts.left.shape == [shape[0], least] && parts.right.shape == [least, shape[1]])
    expectClose((parts.left * parts.values).matmul(parts.right), matrix, relative: 1e-5, absolute: 1e-5)
    let identity = Tensor(shape: [least, least]) { out in
      for i in out.indices { out[i] = i % (least + 1) == 0 ? 1 : 0 }
    }
    expectClose(parts.left.matmul(parts.left, transposeA: true), identity, relative: 1e-5, absolute: 1e-5)
    expectClose(parts.right.matmul(parts.right, transposeB: true), identity, relative: 1e-5, absolute: 1e-5)
    let values = parts.values.scalars
    #expect(values == values.sorted(by: >) && values.allSatisfy { $0 >= 0 })
  }

  @Test func `a matrix that is not finite has none`() {
    #expect(Tensor([1, .nan], shape: [1, 2]).singularValues() == nil)
  }
}
