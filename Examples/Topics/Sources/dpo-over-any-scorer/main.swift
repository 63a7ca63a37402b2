import DPO
import Layers
import Tensor

/// A scorer gives the log-probability of each answer token. This one is a table of next tokens, [tokens, tokens].
struct Bigrams: Module, SequenceScorer {
  var table = Embedding(weight: .zeros([5, 5]))

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) { table.visit(&visitor, at: path) }

  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    // The token from which each answer token is predicted, and its row of the table; the head is the identity.
    let hidden = table(packed.predictingRows.map { packed.tokens[$0] })
    let identity = Tensor((0..<25).map { $0 % 6 == 0 ? 1 : 0 }, shape: [5, 5])
    let scores = TokenScores(hidden: hidden, head: identity, targets: packed.targets)
    return AnswerScores(
      logProbabilities: scores.logProbabilities, ranges: packed.ranges, entropies: scores.entropies,
      isGreedy: scores.isGreedy)
  }
}

// After the prompt [0], the answer [1, 4] is preferred to [2, 4] and [3, 4].
let pairs = [
  PreferenceTree(tree: AnswerTree(prompt: [0], answers: [[1, 4], [2, 4], [3, 4]]), chosen: [0], rejected: [1, 2])
]
let trees = pairs.map(\.tree)
var model = Bigrams()
let reference = [ReferenceScores.totals(model.logProbabilities(of: trees).answerTotals().scalars)]
let objective = PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.5), supervisedWeight: 0)
let total = objective.weight(of: pairs)

var optimizer = AdamW()
var losses: [Float] = []
for _ in 0..<100 {
  let (loss, gradients) = model.valueAndGradients { model in
    objective(pairs, scores: model.logProbabilities(of: trees), reference: reference, total: total).loss
  }
  losses.append(loss.scalar)
  optimizer.update(&model, gradients: gradients, learningRate: 0.1)
}
let end = model.logProbabilities(of: trees).answerTotals().scalars
print("loss \(losses[0]) -> \(losses[99])")
print("probabilities of the answers: \(end.map { Tensor($0).exp().scalar })")
// Policy and reference are the same at first, so that the loss begins at log 2.
precondition(abs(losses[0] - Tensor(2).log().scalar) < 1e-6 && losses[99] < 0.1, "the preference was not learned")
precondition(end[0] > end[1] && end[0] > end[2])
