import Layers
import StudentModels
import Tensor

/// Attention alone, forward and backward: a prompt with several answers as one tree, and as separate sequences.
func benchmarkTreeAttention(rounds: Int, using generator: inout Tensor.Generator) {
  let (prompt, answer, heads, dimensions) = (256, 32, 8, 64)
  for answers in [2, 4] {
    let tree = AttentionLayout.trees([.init(prompt: prompt, answers: .init(repeating: answer, count: answers))])
    let separate = AttentionLayout.trees(
      .init(repeating: .init(prompt: prompt + answer, answers: []), count: answers))
    func inputs(_ rows: Int) -> [Tensor] {
      (0..<3).map { _ in Tensor.normal([rows, heads, dimensions], using: &generator).tracked() }
    }
    let (shared, apart) = (inputs(tree.queries), inputs(separate.queries))
    func step(_ layout: AttentionLayout, _ x: [Tensor]) {
      consume(layout.attention(queries: x[0], keys: x[1], values: x[2]).sum().gradients(at: x))
    }
    Comparison(
      name: "attention, prompt \(prompt), \(answers) answers of \(answer)", sides: ("tree", "separate sequences")
    ).run(rounds: rounds, new: { step(tree, shared) }, old: { step(separate, apart) })
  }
}

/// A whole training step of a small vision-language model: loss and gradients of all parameters.
func benchmarkTrainingStep(rounds: Int, using generator: inout Tensor.Generator) {
  let words = (0..<4000).map { _ in
    String((0..<6).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement(using: &generator)! })
  }
  guard
    var model = try? FreshStudent.smolVLM(
      hiddenSize: 192, intermediateSize: 512, textsForTokenizer: [words.joined(separator: " ")], using: &generator)
  else { fatalError("a student of these sizes exists") }
  // As in training: the tower is frozen and its features are given.
  model.setTrainable { !$0.contains("vision") }
  measure(model, hiddenSize: 192, rounds: rounds, using: &generator)
}

private func measure(
  _ model: some PretrainedStudent, hiddenSize: Int, rounds: Int, using generator: inout Tensor.Generator
) {
  let features = Tensor.normal([64, hiddenSize], using: &generator)
  let words = 0..<model.tokenizer.vocabularyCount
  func tokens(_ count: Int) -> [Int] {
    (0..<count).map { _ in
      var token = model.imageToken
      while token == model.imageToken { token = Int.random(in: words, using: &generator) }
      return token ?? 0
    }
  }
  let image = model.imageToken ?? 0
  let prompt = [Int](repeating: image, count: 64) + tokens(96)
  let trees = (0..<4).map { _ in
    AnswerTree(prompt: prompt, images: [.features(features)], answers: [tokens(24), tokens(24), tokens(24)])
  }
  let separate = trees.flatMap { tree in
    tree.answers.map { AnswerTree(prompt: tree.prompt, images: tree.images, answers: [$0]) }
  }
  func step(_ trees: [AnswerTree]) {
    let total = AnswerLoss().weight(of: trees)
    let step = model.valueAndGradients { AnswerLoss()($0.logProbabilities(of: trees), total: total) }
    consume(step.gradients.tensors)
  }
  Comparison(name: "training step, 4 prompts of 160, 3 answers of 24", sides: ("tree", "separate sequences"))
    .run(rounds: rounds, new: { step(trees) }, old: { step(separate) })
}
