import Foundation
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct TokenScoresTests {
  /// Rows, width and vocabulary. Of 262,144 tokens, 64 rows are one run, 65 two of unequal length.
  static let sizes = [(1, 3, 1), (3, 5, 7), (33, 6, 101), (64, 2, 262_144), (65, 2, 262_144)]

  @Test(arguments: sizes, [nil, 3]) func `scores and gradients equal those of the naive twin`(
    size: (rows: Int, width: Int, vocabulary: Int), cap: Float?
  ) {
    let (rows, width, vocabulary) = size
    let targets = (0..<rows).map { ($0 * 7919) % vocabulary }
    let (h, w) = (randomTensor([rows, width], seed: 1), randomTensor([vocabulary, width], seed: 2, from: -2, to: 2))
    let weights = randomTensor([rows], seed: 3)
    func valueAndGradients(_ f: (Tensor, Tensor) -> Tensor) -> [Tensor] {
      let variables = [h.tracked(), w.tracked()]
      let value = f(variables[0], variables[1])
      return [value.detached()] + (value * weights).sum().gradients(at: variables)
    }
    let fast = valueAndGradients { TokenScores(hidden: $0, head: $1, cap: cap, targets: targets).logProbabilities }
    let naive = valueAndGradients { TokenScores.naive(hidden: $0, head: $1, cap: cap, targets: targets) }
    for (fast, naive) in zip(fast, naive) { expectClose(fast, naive, relative: 1e-5, absolute: 1e-5) }
  }

  @Test func `gradients match finite differences`() {
    expectGradientsMatchFiniteDifferences(at: [randomTensor([5, 3], seed: 1), randomTensor([7, 3], seed: 2)]) {
      TokenScores(hidden: $0[0], head: $0[1], targets: [0, 6, 3, 3, 1]).logProbabilities
    }
    let head = randomTensor([7, 3], seed: 2)
    for head in [head, head.tracked()] {
      expectGradientsMatchFiniteDifferences(at: [randomTensor([5, 3], seed: 1, from: -3, to: 3)]) {
        TokenScores(hidden: $0[0], head: head, cap: 1.5, targets: [0, 6, 3, 3, 1]).logProbabilities
      }
    }
  }

  @Test func `a capped logit is cap · tanh(logit / cap)`() {
    let scores = TokenScores(
      hidden: Tensor([2, -4], shape: [1, 2]), head: Tensor([1, 0, 0, 1], shape: [2, 2]), cap: 2, targets: [1])
    let (a, b) = (2 * tanh(1.0), 2 * tanh(-2.0))
    expectClose(scores.logProbabilities, Tensor([Float(b - log(exp(a) + exp(b)))], shape: [1]))
  }

  @Test func `entropy and greedy choice are those of the distribution`() {
    // Logits are the hidden rows themselves.
    let identity = Tensor([1, 0, 0, 1], shape: [2, 2])
    let scores = TokenScores(
      hidden: Tensor([Float(log(3.0)), 0, 2, 2, -1, 5], shape: [3, 2]), head: identity, targets: [0, 1, 0])
    // Probabilities 3/4 and 1/4; 1/2 and 1/2; 1 / (1 + e^6) and the rest.
    let p = 1 / (1 + exp(6.0))
    expectClose(
      scores.logProbabilities, Tensor([Float(log(0.75)), Float(log(0.5)), Float(log(p))], shape: [3]))
    func entropy(_ p: Double) -> Float { Float(-p * log(p) - (1 - p) * log(1 - p)) }
    expectClose(
      Tensor(scores.entropies, shape: [3]), Tensor([entropy(0.75), entropy(0.5), entropy(p)], shape: [3]))
    #expect(scores.isGreedy == [true, true, false])
  }

  @Test func `a token whose probability is far below Float32 keeps its logarithm`() {
    let scores = TokenScores(
      hidden: Tensor([1000, -1000], shape: [1, 2]), head: Tensor([1, 0, 0, 1], shape: [2, 2]), targets: [1])
    #expect(scores.logProbabilities.scalars == [-2000])
    #expect(scores.entropies[0] < 1e-30 && !scores.isGreedy[0])
  }

  @Test func `no rows are no scores, and their gradient is zero`() {
    let (h, w) = (Tensor.zeros([0, 3]).tracked(), randomTensor([5, 3], seed: 1).tracked())
    let scores = TokenScores(hidden: h, head: w, targets: [])
    #expect(scores.logProbabilities.shape == [0] && scores.entropies.isEmpty)
    let gradients = scores.logProbabilities.sum().gradients(at: [h, w])
    #expect(gradients[0].shape == [0, 3])
    #expect(gradients[1].isIdentical(to: .zeros([5, 3])))
  }

  @Test func `a frozen head gets no gradient, frozen rows none either`() {
    let (h, w) = (randomTensor([3, 2], seed: 1), randomTensor([5, 2], seed: 2))
    #expect(!TokenScores(hidden: h, head: w, targets: [0, 1, 2]).logProbabilities.isTracked)
    let head = w.tracked()
    let gradient = TokenScores(hidden: h, head: head, targets: [0, 1, 2]).logProbabilities.sum().gradients(at: [head])
    let naive = TokenScores.naive(hidden: h, head: head, targets: [0, 1, 2]).sum().gradients(at: [head])
    expectClose(gradient[0], naive[0], absolute: 1e-5)
  }

  @Test func `a token outside the vocabulary is a bug of the caller`() async {
    await #expect(processExitsWith: .failure) {
      _ = TokenScores(hidden: .zeros([1, 2]), head: .zeros([3, 2]), targets: [3])
    }
  }
}
