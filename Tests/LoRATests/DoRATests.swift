import Layers
import LoRA
import Tensor
import TestSupport
import Testing

@Suite struct DoRATests {
  private func projection(
    bias: Bool = true, dropout: Float = 0
  ) throws -> (adapted: LoRAProjection, base: Linear) {
    var generator = Tensor.Generator(seed: 3)
    let base = Linear(
      weight: .normal([4, 6], using: &generator), bias: bias ? .normal([4], using: &generator) : nil)
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.alpha, configuration.usesDoRA, configuration.dropout) = (2, 3, true, dropout)
    var adapted = try LoRAProjection(base: base, configuration: configuration, using: &generator)
    adapted.stirTrainable(seed: 4)
    adapted.base = base
    return (adapted, base)
  }

  /// Row o of m · (W + s B A) / |row|, with the matrix written out.
  private func naiveWeight(_ part: LowRankPart, _ base: Linear) -> Tensor {
    let sum = base.weight.value + part.b.value.matmul(part.a.value) * part.scale
    let lengths = sum.squared().sum(along: 1, keepingAxis: true).squareRoot()
    return sum / lengths * (part.magnitude?.value ?? .zeros([4])).reshaped([4, 1])
  }

  @Test func `a fresh adapter changes nothing: its lengths are the base's`() throws {
    var generator = Tensor.Generator(seed: 3)
    let base = Linear(weight: Tensor([3, 4, 0, 2], shape: [2, 2]))
    var configuration = LoRAConfiguration()
    configuration.usesDoRA = true
    let adapted = try LoRAProjection(base: base, configuration: configuration, using: &generator)
    // |(3, 4)| = 5 and |(0, 2)| = 2.
    #expect(adapted.parts[0].magnitude?.value.scalars == [5, 2])
    let x = randomTensor([3, 2], seed: 1)
    #expect(adapted(x).isIdentical(to: base(x)))
  }

  @Test func `rows of the adapted weight are brought to their trained lengths`() throws {
    for bias in [true, false] {
      let (adapted, base) = try projection(bias: bias)
      let naive = naiveWeight(adapted.parts[0], base)
      expectClose(adapted.effectiveWeight(), naive, relative: 1e-5, absolute: 1e-5)
      let x = randomTensor([5, 6], seed: 2)
      let expected = x.matmul(naive, transposeB: true)
      expectClose(adapted(x), base.bias.map { expected + $0.value } ?? expected, relative: 1e-5, absolute: 1e-5)
    }
  }

  @Test func `no gradient flows through the lengths that rows have`() throws {
    let (adapted, base) = try projection()
    let x = randomTensor([5, 6], seed: 2)
    let part = adapted.parts[0]
    // The same arithmetic with the lengths as constants.
    let sum = base.weight.value + part.b.value.matmul(part.a.value) * part.scale
    let lengths = sum.squared().sum(along: 1, keepingAxis: true).squareRoot()
    func constantLengths(_ inputs: [Tensor]) -> Tensor {
      let weight = (base.weight.value + inputs[2].matmul(inputs[1]) * part.scale) / lengths
      return inputs[0].matmul(weight * inputs[3].reshaped([4, 1]), transposeB: true)
    }
    func mine(_ inputs: [Tensor]) -> Tensor {
      var adapted = adapted
      (adapted.parts[0].a.value, adapted.parts[0].b.value) = (inputs[1], inputs[2])
      adapted.parts[0].magnitude?.value = inputs[3]
      return adapted(inputs[0])
    }
    let magnitude = try #require(part.magnitude)
    let at = [x, part.a.value, part.b.value, magnitude.value].map { $0.tracked() }
    let weights = randomTensor([5, 4], seed: 8)
    let expected = (constantLengths(at) * weights).sum().gradients(at: at)
    let found = (mine(at) * weights).sum().gradients(at: at)
    for (found, expected) in zip(found, expected) { expectClose(found, expected, relative: 1e-4, absolute: 1e-4) }
  }

  @Test func `the base's share of a dropped input is computed from what is left of it`() throws {
    // All inputs but one are dropped or doubled: with base W and no B A, the change is (m/|W| - 1) W x'.
    let (adapted, base) = try projection(dropout: 0.5)
    var model = PathModel(["layers.0.q_proj"], width: 6)
    model.projections = [adapted]
    guard var plain = model.projections[0] as? LoRAProjection else { return }
    plain.parts[0].b.value = .zeros([4, 2])
    model.projections = [plain]
    let x = randomTensor([3, 6], seed: 5)
    let whole = base(x)
    let dropped = model.withDropout(seed: 7) { $0.projections[0](x) } - whole
    let kept = model.projections[0](x) - whole
    #expect(!dropped.isIdentical(to: kept))
    // Solve for x' from the naive rule: the change is linear in it, so twice the seed gives the same.
    #expect(dropped.isIdentical(to: model.withDropout(seed: 7) { $0.projections[0](x) } - whole))
  }
}
