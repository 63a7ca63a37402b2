import Layers
import Tensor
import TestSupport
import Testing

@Suite struct FeatureLevelsTests {
  @Test func `levels stand side by side and come apart again`() {
    let parts = [Tensor([1, 2, 3, 4], shape: [2, 2]), Tensor([5, 6, 7, 8], shape: [2, 2])]
    let rows = Tensor.levels(parts)
    #expect(rows.shape == [2, 4] && rows.scalars == [1, 2, 5, 6, 3, 4, 7, 8])
    #expect(rows.levels(width: 2).map(\.scalars) == parts.map(\.scalars))
    #expect(
      parts[0].levels(width: 2).map(\.scalars) == [parts[0].scalars] && Tensor.levels([parts[1]]).shape == [2, 2])
  }

  @Test func `gradients go to the level that they are of`() {
    expectGradientsMatchFiniteDifferences(at: [randomTensor([3, 2], seed: 1), randomTensor([3, 2], seed: 2)]) {
      let levels = Tensor.levels($0).levels(width: 2)
      return levels[0].tanh() * 2 + levels[1].squared()
    }
  }
}
