import DPO
import Foundation
import Layers
import Tensor
import TestSupport
import Testing

@Suite struct PreferenceTreeTests {
  private let tree = AnswerTree(prompt: [1], answers: [[1], [2, 3], [4], [5, 6, 7]])

  @Test func `all pairs are made, or the best of each`() {
    func pairs(_ chosen: [Int], _ rejected: [Int], _ pairing: PreferenceTree.Pairing) -> [[Int]] {
      PreferenceTree(tree: tree, chosen: chosen, rejected: rejected, pairing: pairing).pairs.map {
        [$0.chosen, $0.rejected]
      }
    }
    #expect(pairs([0, 2], [1, 3], .all) == [[0, 1], [0, 3], [2, 1], [2, 3]])
    #expect(pairs([2, 0], [3, 1], .best) == [[2, 3]])
    for pairing in PreferenceTree.Pairing.allCases {
      #expect(pairs([0], [], pairing) == [] && pairs([], [0], pairing) == [])
    }
    #expect(PreferenceTree(tree: tree, chosen: [0, 2], rejected: [1]).pairs.count == 2)
    #expect(PreferenceTree(tree: tree, chosen: [2], rejected: []).chosenAnswers == [2])
  }

  @Test func `an answer that the tree has not is a bug of the caller`() async {
    await #expect(processExitsWith: .failure) {
      _ = PreferenceTree(tree: AnswerTree(prompt: [1], answers: [[1]]), chosen: [0], rejected: [1])
    }
  }

  // Log-probabilities of each token: answers of tree 1 sum to -1, -5, -4, -18; of tree 2 to -2 and -7; of tree 3 to -3.
  private let logProbabilities = Tensor([-1, -2, -3, -4, -5, -6, -7, -2, -3, -4, -3], shape: [11])
  private var trees: [PreferenceTree] {
    [
      PreferenceTree(tree: tree, chosen: [0, 2], rejected: [1, 3]),
      PreferenceTree(tree: AnswerTree(prompt: [1], answers: [[1], [2, 3]]), chosen: [1], rejected: [0]),
      PreferenceTree(tree: AnswerTree(prompt: [1], answers: [[1]]), chosen: [0], rejected: []),
    ]
  }
  private let reference: [ReferenceScores] = [[-2, -4, -4, -20], [-1, -8], [-9]]
  private func scores(_ logProbabilities: Tensor, _ range: Range<Int>) -> AnswerScores {
    AnswerScores(
      logProbabilities: logProbabilities, ranges: PackedTrees(trees[range].map(\.tree)).ranges, entropies: [],
      isGreedy: [])
  }

  @Test func `the objective is the mean over trees of the mean over pairs, plus the chosen tokens' mean`() {
    let objective = PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.5), supervisedWeight: 0.25)
    let total = objective.weight(of: trees)
    // Chosen answers have 1 + 1, 2 and 1 tokens; the third tree has no pair.
    #expect(total.trees == 2 && total.chosenTokens == 5)
    let (loss, metrics) = objective(trees, scores: scores(logProbabilities, 0..<3), reference: reference, total: total)
    func pair(_ c: Double, _ r: Double) -> Double { log(1 + exp(-0.5 * (c - r))) }
    // Ratios: tree 1: 1, -1, 0, 2; tree 2: -1 and 1, the second answer chosen.
    let first = (pair(1, -1) + pair(1, 2) + pair(0, -1) + pair(0, 2)) / 4
    let second = pair(1, -1)
    let supervised = (1.0 + 4 + 7 + 3) / 5
    expectClose(loss, Tensor(Float((first + second) / 2 + 0.25 * supervised)))
    let values = Dictionary(uniqueKeysWithValues: metrics.values(beta: 0.5).map { ($0.name, $0.value) })
    // Over five pairs: chosen ratios 1, 1, 0, 0, 1 and rejected ratios -1, 2, -1, 2, -1.
    let expected: [String: Double] = [
      "rewards/chosen": 0.5 * 0.6, "rewards/rejected": 0.5 * 0.2, "rewards/margins": 0.5 * 0.4,
      // 1 over -1, 0 over -1 and 1 over -1 are right.
      "rewards/accuracies": 0.6, "logps/chosen": -17.0 / 5, "logps/rejected": -48.0 / 5,
    ]
    #expect(metrics.pairs == 5 && values.keys.sorted() == expected.keys.sorted())
    for (name, value) in expected { #expect(abs((values[name] ?? .nan) - value) < 1e-6, "\(name)") }
  }

  @Test func `without a reference the ratios are the scores`() {
    let objective = PreferenceObjective(loss: StandardPreferenceLoss.hinge(beta: 1), supervisedWeight: 0)
    let tree = [trees[1]]
    let (loss, metrics) = objective(
      tree, scores: scores(Tensor([-2, -3, -4], shape: [3]), 1..<2), reference: nil, total: objective.weight(of: tree))
    // c - r = -7 - -2.
    expectClose(loss, Tensor(1 + 5))
    #expect(metrics.values(beta: 1).first { $0.name == "rewards/margins" }?.value == -5)
  }

  @Test(arguments: WorkedLoss.all) func `parts of a step add up to the step, value, gradients and metrics`(
    worked: WorkedLoss
  ) {
    let objective = PreferenceObjective(loss: worked.loss, supervisedWeight: 0.7)
    let total = objective.weight(of: trees)
    let x = logProbabilities.tracked()
    let (loss, metrics) = objective(trees, scores: scores(x, 0..<3), reference: reference, total: total)
    let gradient = loss.gradients(at: [x])[0]
    var (sum, slopes, counted) = (Tensor(0), Tensor.zeros([11]), PreferenceMetrics())
    for (part, tokens) in [(0..<1, 0..<7), (1..<2, 7..<10), (2..<3, 10..<11)] {
      let (loss, metrics) = objective(
        Array(trees[part]), scores: scores(x.rows(tokens), part), reference: Array(reference[part]), total: total)
      sum.add(loss.detached())
      slopes.add(loss.gradients(at: [x])[0])
      counted.add(metrics)
    }
    expectClose(sum, loss.detached())
    expectClose(slopes, gradient)
    #expect(counted.pairs == metrics.pairs)
    for (a, b) in zip(counted.values(beta: 0.1), metrics.values(beta: 0.1)) {
      #expect(a.name == b.name && abs(a.value - b.value) < 1e-9)
    }
  }

  @Test func `tokens beyond the shorter answer of a pair weigh less, under policy and reference`() {
    // Tree 1: answers of 1, 2, 1 and 3 tokens, [-1], [-2, -3], [-4], [-5, -6, -7].
    let policy: [[Double]] = [[-1], [-2, -3], [-4], [-5, -6, -7]]
    let reference: [[Float]] = [[-2], [-1, -1], [-3], [-4, -8, -6]]
    var objective = PreferenceObjective(
      loss: StandardPreferenceLoss.sigmoid(beta: 0.5), supervisedWeight: 0.25, tailWeight: 0.5)
    let tree = [trees[0]]
    func weighed(_ tokens: [Double], _ head: Int) -> Double {
      tokens.enumerated().reduce(0) { $0 + ($1.offset < head ? 1 : 0.5) * $1.element }
    }
    var expected = 0.0
    for (c, r) in [(0, 1), (0, 3), (2, 1), (2, 3)] {
      let head = min(policy[c].count, policy[r].count)
      let delta =
        weighed(policy[c], head) - weighed(reference[c].map(Double.init), head)
        - weighed(policy[r], head) + weighed(reference[r].map(Double.init), head)
      expected += log(1 + exp(-0.5 * delta)) / 4
    }
    let loss = objective(
      tree, scores: scores(logProbabilities.rows(0..<7), 0..<1), reference: [.tokens(reference)],
      total: objective.weight(of: tree)
    ).loss
    // The supervised part takes every token whole: answers 1 and 3 with -1 and -4, over two tokens.
    expectClose(loss, Tensor(Float(expected + 0.25 * 5 / 2)))
    // At weight 1 tokens and totals say the same.
    objective.tailWeight = 1
    let totals = reference.map { $0.reduce(0, +) }
    let losses = [ReferenceScores.tokens(reference), .totals(totals)].map {
      objective(
        tree, scores: scores(logProbabilities.rows(0..<7), 0..<1), reference: [$0], total: objective.weight(of: tree)
      ).loss
    }
    expectClose(losses[0], losses[1])
    objective.tailWeight = 0.25
    expectGradientsMatchFiniteDifferences(at: [logProbabilities.rows(0..<7)]) {
      objective(
        tree, scores: scores($0[0], 0..<1), reference: [.tokens(reference)], total: objective.weight(of: tree)
      ).loss
    }
  }

  @Test func `gradients of the objective match finite differences`() {
    let objective = PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.1))
    expectGradientsMatchFiniteDifferences(at: [logProbabilities]) {
      objective(trees, scores: scores($0[0], 0..<3), reference: reference, total: objective.weight(of: trees)).loss
    }
  }

  @Test func `trees without pairs or without answers have a supervised loss alone, or none`() {
    let objective = PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.1), supervisedWeight: 2)
    let lone = [trees[2]]
    let (loss, metrics) = objective(
      lone, scores: scores(Tensor([-3], shape: [1]), 2..<3), reference: [[-9]], total: objective.weight(of: lone))
    expectClose(loss, Tensor(6))
    #expect(metrics == PreferenceMetrics() && metrics.values(beta: 1).isEmpty)
    let empty = [PreferenceTree(tree: AnswerTree(prompt: [1], answers: []), chosen: [], rejected: [])]
    let none = AnswerScores(logProbabilities: .zeros([0]), ranges: [[]], entropies: [], isGreedy: [])
    let nothing = objective(empty, scores: none, reference: nil, total: objective.weight(of: empty))
    #expect(nothing.loss.scalar == 0 && nothing.metrics.pairs == 0)
  }
}
