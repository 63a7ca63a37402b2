import DPO
import Foundation
import Tensor
import TestSupport
import Testing

/// A loss with its formula in Float64: of the log ratios c and r, and of their means over tokens.
struct WorkedLoss: Sendable, CustomTestStringConvertible {
  let loss: StandardPreferenceLoss
  let formula: @Sendable (_ c: Double, _ r: Double, _ meanC: Double, _ meanR: Double) -> Double
  var testDescription: String { "\(loss)" }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  private static func logSigmoid(_ x: Double) -> Double { -log(1 + exp(-x)) }

  static let all: [WorkedLoss] = [
    .init(loss: .sigmoid(beta: 0.3)) { c, r, _, _ in -logSigmoid(0.3 * (c - r)) },
    .init(loss: .hinge(beta: 0.3)) { c, r, _, _ in max(0, 1 - 0.3 * (c - r)) },
    .init(loss: .ipo(beta: 0.3)) { _, _, c, r in pow(c - r - 1 / 0.6, 2) },
    .init(loss: .robust(beta: 0.3, smoothing: 0.2)) { c, r, _, _ in
      (-0.8 * logSigmoid(0.3 * (c - r)) + 0.2 * logSigmoid(-0.3 * (c - r))) / 0.6
    },
    .init(loss: .conservative(beta: 0.3, smoothing: 0.2)) { c, r, _, _ in
      -0.8 * logSigmoid(0.3 * (c - r)) - 0.2 * logSigmoid(-0.3 * (c - r))
    },
    .init(loss: .exoPair(beta: 0.3, smoothing: 0.2)) { c, r, _, _ in
      let x = 0.3 * (c - r)
      return sigmoid(x) * (logSigmoid(x) - log(0.8)) + sigmoid(-x) * (logSigmoid(-x) - log(0.2))
    },
    .init(loss: .ncaPair(beta: 0.3)) { c, r, _, _ in
      -logSigmoid(0.3 * c) - 0.5 * logSigmoid(-0.3 * c) - 0.5 * logSigmoid(-0.3 * r)
    },
    .init(loss: .bcoPair(beta: 0.3)) { c, r, _, _ in -logSigmoid(0.3 * c) - logSigmoid(-0.3 * r) },
    .init(loss: .sppoHard(beta: 0.3)) { c, r, _, _ in pow(c - 0.5 / 0.3, 2) + pow(r + 0.5 / 0.3, 2) },
    .init(loss: .apoZero(beta: 0.3)) { c, r, _, _ in 1 - sigmoid(0.3 * c) + sigmoid(0.3 * r) },
    .init(loss: .apoDown(beta: 0.3)) { c, r, _, _ in sigmoid(0.3 * c) + 1 - sigmoid(0.3 * (c - r)) },
    .init(loss: .sigmoidNorm(beta: 0.3)) { _, _, c, r in -logSigmoid(0.3 * (c - r)) },
    .init(loss: .discoPOP(beta: 0.3, temperature: 0.05)) { c, r, _, _ in
      let x = 0.3 * (c - r)
      let m = sigmoid(x / 0.05)
      return (1 - m) * -logSigmoid(x) + m * exp(-x)
    },
  ]

  /// The losses that another divergence can stand in.
  static var diverging: [WorkedLoss] { all.filter(\.loss.takesDivergence) }
}

@Suite struct PreferenceLossTests {
  // Policy and reference of five pairs: chosen better, worse, equal, far better, and with long answers.
  private let chosen: [Float] = [-3, -8, -5, -1, -40]
  private let rejected: [Float] = [-6, -2, -5, -30, -44]
  private let referenceChosen: [Float] = [-4, -5, -5.5, -3, -42]
  private let referenceRejected: [Float] = [-4.5, -3, -5.5, -10, -41]
  private let chosenLengths = [2, 5, 1, 3, 20]
  private let rejectedLengths = [4, 1, 1, 9, 7]

  private func pairs(_ chosen: Tensor, _ rejected: Tensor) -> PreferencePairs {
    PreferencePairs(
      chosen: chosen, rejected: rejected, referenceChosen: Tensor(referenceChosen, shape: [5]),
      referenceRejected: Tensor(referenceRejected, shape: [5]), chosenLengths: chosenLengths,
      rejectedLengths: rejectedLengths)
  }
  private var pairs: PreferencePairs { pairs(Tensor(chosen, shape: [5]), Tensor(rejected, shape: [5])) }

  @Test(arguments: WorkedLoss.all) func `the loss of each pair is that of its formula`(worked: WorkedLoss) {
    let expected = (0..<5).map { i -> Float in
      let c = Double(chosen[i]) - Double(referenceChosen[i])
      let r = Double(rejected[i]) - Double(referenceRejected[i])
      return Float(worked.formula(c, r, c / Double(chosenLengths[i]), r / Double(rejectedLengths[i])))
    }
    expectClose(worked.loss(pairs), Tensor(expected, shape: [5]), relative: 1e-5, absolute: 2e-6)
  }

  @Test(arguments: WorkedLoss.all) func `gradients reach chosen and rejected scores`(worked: WorkedLoss) {
    // Away from the hinge's corner; small steps, since DiscoPOP is steep.
    let inputs = [Tensor(chosen, shape: [5]), Tensor([-6, -2.5, -5.25, -12, -44], shape: [5])]
    expectGradientsMatchFiniteDifferences(at: inputs, relative: 5e-3, step: 1 / 256) {
      worked.loss(pairs($0[0], $0[1]))
    }
  }

  @Test func `supervised training reads the chosen answer alone, each token the same`() {
    let expected = zip(chosen, chosenLengths).map { -$0 / Float($1) }
    expectClose(StandardPreferenceLoss.sft(pairs), Tensor(expected, shape: [5]))
    // Whatever else became of the chosen scores.
    var changed = pairs
    changed.chosen = .zeros([5])
    expectClose(StandardPreferenceLoss.sft(changed), Tensor(expected, shape: [5]))
  }

  @Test func `losses add up by weight`() {
    let mix = WeightedPreferenceLoss([
      (StandardPreferenceLoss.sigmoid(beta: 0.3), 0.75), (StandardPreferenceLoss.sft, 2),
      (StandardPreferenceLoss.hinge(beta: 0.1), -0.5),
    ])
    let expected =
      StandardPreferenceLoss.sigmoid(beta: 0.3)(pairs) * 0.75 + StandardPreferenceLoss.sft(pairs) * 2
      - StandardPreferenceLoss.hinge(beta: 0.1)(pairs) * 0.5
    expectClose(mix(pairs), expected)
  }

  private static let divergences: [(PreferenceDivergence, @Sendable (Double) -> Double)] = [
    (.reverseKL, { $0 }), (.forwardKL, { 1 - exp(-$0) }), (.jensenShannon, { log(2 / (1 + exp(-$0))) }),
    (.alpha(0.5), { (exp(-0.5 * $0) - 1) / -0.5 }), (.alpha(1.75), { (exp(0.75 * $0) - 1) / 0.75 }),
    (.alpha(1), { $0 }),
  ]

  @Test(arguments: WorkedLoss.diverging, divergences.indices) func `scores under a divergence stand for the ratios`(
    worked: WorkedLoss, index: Int
  ) throws {
    let (divergence, score) = Self.divergences[index]
    // A ratio of -20 makes an exponential of an exponential, which the formulas do not survive.
    let rejected: [Float] = [-6, -2, -5, -12, -44]
    let expected = (0..<5).map { i -> Float in
      let c = score(Double(chosen[i]) - Double(referenceChosen[i]))
      let r = score(Double(rejected[i]) - Double(referenceRejected[i]))
      return Float(worked.formula(c, r, c / Double(chosenLengths[i]), r / Double(rejectedLengths[i])))
    }
    let loss = try #require(DivergencePreferenceLoss(worked.loss, divergence))
    let pairs = pairs(Tensor(chosen, shape: [5]), Tensor(rejected, shape: [5]))
    expectClose(loss(pairs), Tensor(expected, shape: [5]), relative: 2e-5, absolute: 1e-5)
  }

  @Test func `losses of each answer by itself take no divergence`() {
    for worked in WorkedLoss.all where !worked.loss.takesDivergence {
      #expect(DivergencePreferenceLoss(worked.loss, .forwardKL) == nil)
      #expect(DivergencePreferenceLoss(worked.loss, .reverseKL) != nil)
    }
    #expect(WorkedLoss.diverging.count == 8)
  }

  @Test func `β is the loss's own, in a mixture and under a divergence too`() {
    for worked in WorkedLoss.all { #expect(worked.loss.beta == 0.3) }
    #expect(StandardPreferenceLoss.discoPOP(beta: 0.2, temperature: 0.05).beta == 0.2)
    #expect(DivergencePreferenceLoss(.hinge(beta: 0.4), .forwardKL)?.beta == 0.4)
    let mixture = WeightedPreferenceLoss([
      (StandardPreferenceLoss.sft, 0.5), (StandardPreferenceLoss.ipo(beta: 0.3), 0.25),
    ])
    #expect(mixture.beta == 0.3)
    #expect(WeightedPreferenceLoss([(StandardPreferenceLoss.sft, 1)]).beta == nil)
  }

  @Test func `an exponent ends where Float32 does`() {
    #expect(PreferenceDivergence.alpha(3).scores(Tensor([1000], shape: [1])).scalars[0].isFinite)
  }

  @Test func `by hand: DPO at equal ratios is log 2, and its slope half of beta`() {
    let zero = Tensor([0], shape: [1])
    let variables = [zero.tracked(), zero.tracked()]
    let pairs = PreferencePairs(
      chosen: variables[0], rejected: variables[1], referenceChosen: zero, referenceRejected: zero, chosenLengths: [1],
      rejectedLengths: [1])
    let loss = StandardPreferenceLoss.sigmoid(beta: 0.5)(pairs)
    expectClose(loss, Tensor([0.6931472], shape: [1]))
    let gradients = loss.sum().gradients(at: variables)
    // -beta · σ(0) and its opposite.
    #expect(gradients.map(\.scalars) == [[-0.25], [0.25]])
  }

  @Test func `ratios beyond the range of an exponential give finite losses`() {
    let (low, zero) = (Tensor([-4000], shape: [1]), Tensor([0], shape: [1]))
    let pairs = PreferencePairs(
      chosen: low, rejected: zero, referenceChosen: zero, referenceRejected: zero, chosenLengths: [1],
      rejectedLengths: [1])
    // δ = -4000: -log σ(-400) = 400.
    expectClose(StandardPreferenceLoss.sigmoid(beta: 0.1)(pairs), Tensor([400], shape: [1]))
    for worked in WorkedLoss.all {
      let values = worked.loss(pairs).scalars
      #expect(values.allSatisfy { $0.isFinite }, "\(worked.loss): \(values)")
    }
  }

  @Test func `scores of different numbers of pairs are a bug of the caller`() async {
    await #expect(processExitsWith: .failure) {
      _ = PreferencePairs(
        chosen: .zeros([2]), rejected: .zeros([1]), referenceChosen: .zeros([2]), referenceRejected: .zeros([2]),
        chosenLengths: [1, 1], rejectedLengths: [1, 1])
    }
  }
}
