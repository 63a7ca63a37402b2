import Layers
import Tensor
import TestSupport
import Testing

/// A scorer whose log-probabilities say which tokens came before: -(token + 0.5 · sum of what it sees), scaled.
private struct SumScorer: SequenceScorer {
  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    let values = zip(packed.predictingRows, packed.targets).map { row, target -> Float in
      let seen = packed.tokens.indices.filter { packed.layout.sees(query: row, key: $0) }
      return -0.01 * (Float(target) + 0.5 * Float(seen.reduce(0) { $0 + packed.tokens[$1] }))
    }
    return AnswerScores(
      logProbabilities: Tensor(values, shape: [values.count]), ranges: packed.ranges,
      entropies: values.map { -$0 }, isGreedy: values.map { $0 > -1 })
  }
}

@Suite struct AnswerTreeTests {
  let trees = [
    AnswerTree(prompt: [10, 11, 12], answers: [[20, 21, 22], [], [30], [40, 41]]),
    AnswerTree(prompt: [50], answers: [[60]]), AnswerTree(prompt: [70, 71], answers: []),
  ]

  @Test func `rows are the prompt and each answer but its last token, positions go on after the prompt`() {
    let packed = PackedTrees(trees)
    //                       prompt      |answer | last | tree 2, 3
    #expect(packed.tokens == [10, 11, 12, 20, 21, 40, 50, 70, 71])
    #expect(packed.positions == [0, 1, 2, 3, 4, 3, 0, 0, 1])
    // An answer's first token is predicted from the prompt's last row, the others from the row before them.
    #expect(packed.targets == [20, 21, 22, 30, 40, 41, 60])
    #expect(packed.predictingRows == [2, 3, 4, 2, 2, 5, 6])
    #expect(packed.ranges == [[0..<3, 3..<3, 3..<4, 4..<6], [6..<7], []])
    #expect(packed.layout.queries == 9)
    #expect(!packed.layout.sees(query: 5, key: 3) && packed.layout.sees(query: 5, key: 2))
  }

  @Test func `answers go on after the largest position of the prompt`() {
    let tree = AnswerTree(prompt: [1, 2, 3], answers: [[4, 5, 6], [7, 8]])
    let image = TokenPosition(time: 1, row: 1, column: 6)
    let packed = PackedTrees([tree]) { _ in [0, image, 2] }
    #expect(packed.positions == [0, image, 2, 7, 8, 7])
    #expect([TokenPosition]().next == 0 && [image].next == 7)
  }

  @Test func `tokens that are given are read, and have no scores`() {
    var tree = AnswerTree(prompt: [10, 11], answers: [[20, 21, 22], [30], [40, 41]])
    tree.given = [2, 0, 1]
    let packed = PackedTrees([tree])
    #expect(packed.tokens == [10, 11, 20, 21, 40])
    #expect(packed.targets == [22, 30, 41] && packed.predictingRows == [3, 1, 4])
    #expect(packed.ranges == [[0..<1, 1..<2, 2..<3]])
    let (shared, separate) = (SumScorer(), SeparateSequences(SumScorer()))
    let (a, b) = (shared.logProbabilities(of: [tree]), separate.logProbabilities(of: [tree]))
    expectClose(a.logProbabilities, b.logProbabilities)
    #expect(a.ranges == b.ranges)
    // Those of the whole answers without the first ones.
    let whole = shared.logProbabilities(of: [AnswerTree(prompt: tree.prompt, answers: tree.answers)])
    expectClose(a.logProbabilities, whole.logProbabilities.gathered([2, 3, 5]))
  }

  @Test func `rows that predict several answers' first tokens are told once`() {
    let (rows, places) = PackedTrees(trees).differentPredictingRows
    #expect(rows == [2, 3, 4, 5, 6] && places == [0, 1, 2, 0, 0, 3, 4])
    let none = PackedTrees([trees[2]]).differentPredictingRows
    #expect(none.rows.isEmpty && none.places.isEmpty)
  }

  @Test func `separate sequences have the scores of the tree`() {
    let (shared, separate) = (SumScorer(), SeparateSequences(SumScorer()))
    let (a, b) = (shared.logProbabilities(of: trees), separate.logProbabilities(of: trees))
    expectClose(a.logProbabilities, b.logProbabilities)
    #expect(a.ranges == b.ranges && a.isGreedy == b.isGreedy)
    #expect(a.entropies == b.entropies)
  }

  @Test func `trees without answers have no scores`() {
    let none = SeparateSequences(SumScorer()).logProbabilities(of: [trees[2]])
    #expect(none.logProbabilities.shape == [0] && none.ranges == [[]])
    #expect(SumScorer().logProbabilities(of: []).answerTotals().shape == [0])
  }

  @Test func `an answer's total is the sum over its tokens, gradients included`() {
    let scores = AnswerScores(
      logProbabilities: Tensor([1, 2, 4, 8, 16, 32, 64], shape: [7]), ranges: PackedTrees(trees).ranges, entropies: [],
      isGreedy: [])
    #expect(scores.answerTotals().scalars == [7, 0, 8, 48, 64])
    expectGradientsMatchFiniteDifferences(at: [randomTensor([7], seed: 1)]) {
      AnswerScores(
        logProbabilities: $0[0], ranges: scores.ranges, entropies: [], isGreedy: []
      ).answerTotals()
    }
  }

  @Test func `the loss is the mean over tokens, or over answers of their mean`() {
    let scores = AnswerScores(
      logProbabilities: Tensor([-1, -2, -4, -8, -16, -32], shape: [6]), ranges: [[0..<3, 3..<4], [4..<6]],
      entropies: [], isGreedy: [])
    let trees = [AnswerTree(prompt: [1], answers: [[1, 2, 3], [4]]), AnswerTree(prompt: [1], answers: [[5, 6]])]
    let (tokens, answers) = (AnswerLoss(), AnswerLoss(reduction: .answerMean))
    #expect(tokens.weight(of: trees) == 6 && answers.weight(of: trees) == 3)
    // 63 / 6; (7/3 + 8 + 24) / 3.
    expectClose(tokens(scores, total: 6), Tensor(10.5))
    expectClose(answers(scores, total: 3), Tensor((7.0 / 3 + 8 + 24) / 3))
  }

  @Test(arguments: AnswerLoss.Reduction.allCases) func `parts of a step add up to the step`(
    reduction: AnswerLoss.Reduction
  ) {
    let loss = AnswerLoss(reduction: reduction)
    let trees = Array(self.trees[..<2])
    let total = loss.weight(of: trees)
    let whole = loss(SumScorer().logProbabilities(of: trees), total: total)
    let parts = trees.map { loss(SumScorer().logProbabilities(of: [$0]), total: total) }
    expectClose(parts[0] + parts[1], whole)
  }

  @Test func `an empty prompt is a bug of the caller`() async {
    await #expect(processExitsWith: .failure) { _ = AnswerTree(prompt: [], answers: [[1]]) }
  }
}
