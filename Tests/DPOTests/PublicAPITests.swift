import DPO
import Layers
import Tensor
import Testing

/// Somebody else's loss: the plain difference.
private struct Difference: PreferenceLoss {
  func callAsFunction(_ pairs: PreferencePairs) -> Tensor { pairs.rejectedRatios - pairs.chosenRatios }
}

/// Somebody else's scorer: every token is worth minus its number.
private struct Counter: SequenceScorer {
  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    let values = packed.targets.map { -Float($0) }
    return AnswerScores(
      logProbabilities: Tensor(values, shape: [values.count]), ranges: packed.ranges, entropies: values,
      isGreedy: values.map { _ in false })
  }
}

@Suite struct PublicAPITests {
  @Test func `a client trains on preferences with a loss and a scorer of its own`() {
    var objective = PreferenceObjective(loss: Difference(), supervisedWeight: 0)
    let trees = [
      PreferenceTree(
        tree: AnswerTree(prompt: [1], answers: [[1, 2], [4]]), chosen: [0], rejected: [1], pairing: .best)
    ]
    var total = objective.weight(of: trees)
    let scores = Counter().logProbabilities(of: trees.map(\.tree))
    let (loss, metrics) = objective(trees, scores: scores, reference: [[-1, -1]], total: total)
    // Ratios -2 and -3.
    #expect(loss.scalar == -1)
    #expect(metrics.values(beta: 1).map(\.name).count == 6)
    objective.loss = StandardPreferenceLoss.hinge(beta: 1)
    objective.supervisedWeight = 1
    total.trees = 2
    total.chosenTokens = 2
    // Half of max(0, 1 - 1), and 3 nats over two tokens.
    #expect(objective(trees, scores: scores, reference: [[-1, -1]], total: total).loss.scalar == 1.5)
    var pairs = PreferencePairs(
      chosen: .ones([1]), rejected: .zeros([1]), referenceChosen: .zeros([1]), referenceRejected: .zeros([1]),
      chosenLengths: [1], rejectedLengths: [2])
    pairs.chosen = .zeros([1])
    #expect(pairs.chosenRatios.scalars == pairs.rejectedRatios.scalars)
    let mix = WeightedPreferenceLoss([(Difference(), 2), (StandardPreferenceLoss.hinge(beta: 1), 0.5)])
    #expect(mix(pairs).scalars == [0.5] && mix.parts.count == 2)
    let diverged = DivergencePreferenceLoss(.hinge(beta: 1), .forwardKL)
    #expect(diverged?.loss == .hinge(beta: 1) && diverged?.divergence == .forwardKL)
    #expect(ReferenceScores.totals([1]) == [1] && ReferenceScores.tokens([[1]]) != [1])
    objective.tailWeight = 0.5
    #expect(objective.tailWeight == 0.5)
    #expect(PreferenceTree.Pairing(rawValue: "all") == .all && PreferenceTree.Pairing(rawValue: "best") == .best)
  }
}
