import Foundation
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing
import Training

/// Predicts each token from the one before it: row t of the logits is what follows token t.
private struct Bigrams: SequenceScorer, Module {
  var logits: Parameter

  init(_ logits: Tensor) { self.logits = Parameter(logits) }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&logits, at: path.isEmpty ? "logits" : path + ".logits")
  }

  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    let rows = logits.value.logSoftmax()
    let places = zip(packed.predictingRows, packed.targets).map { packed.tokens[$0] * rows.shape[1] + $1 }
    let nothing = [Float](repeating: 0, count: places.count)
    return AnswerScores(
      logProbabilities: rows.reshaped([-1, 1]).gathered(places).reshaped([-1]), ranges: packed.ranges,
      entropies: nothing, isGreedy: nothing.map { _ in true })
  }
}

@Suite struct SoftTargetTests {
  /// Twelve tokens that follow each other by chance.
  private var bigrams: Bigrams {
    var generator = Tensor.Generator(seed: 4)
    return Bigrams(Tensor.uniform([12, 12], from: -1, to: 1, using: &generator))
  }

  /// Options of two tokens, of one and of two that begin alike; two answers with the first, one with the second.
  private let options = [[3, 4], [5], [3, 6]]
  private let answers = [[3, 4, 7, 8, 1], [5, 9, 1], [3, 4, 1]]

  private func target(_ probabilities: [Double]) -> SoftTarget {
    SoftTarget(
      AnswerTree(prompt: [0, 2], answers: answers), begins: [0, 1, 0], options: options, probabilities: probabilities)
  }

  /// The log-probability of tokens after a prompt's last one, in Float64 from the logits.
  private func logProbability(_ tokens: [Int], after last: Int, _ model: Bigrams) -> Double {
    let rows = model.logits.value.scalars.map(Double.init)
    return zip([last] + tokens, tokens).reduce(0) { sum, pair in
      let row = rows[(pair.0 * 12)..<(pair.0 * 12 + 12)]
      return sum + row[row.startIndex + pair.1] - log(row.reduce(0) { $0 + exp($1) })
    }
  }

  private func loss<Model: SequenceScorer>(_ targets: [SoftTarget], _ model: Model) -> Tensor {
    let objective = SoftTargetObjective<Model>(targets)
    let all = Array(targets.indices)
    return objective.loss(of: all, under: model, total: objective.weight(of: all)).loss
  }

  @Test func `the loss is what its formula says, the options' cross-entropy with what answers go on with`() {
    let q = [0.5, 0.2, 0.3]
    let model = bigrams
    let label = zip(q, options).reduce(0) { $0 - $1.0 * logProbability($1.1, after: 2, model) }
    let rest =
      -logProbability([7, 8, 1], after: 4, model) - logProbability([9, 1], after: 5, model)
      - logProbability([1], after: 4, model)
    // Each of the three answers has an option's tokens: 2, 1 or 2 of them.
    let tokens = 3 * (0.5 * 2 + 0.2 * 1 + 0.3 * 2) + 6
    let expected = (3 * label + rest) / tokens
    #expect(abs(Double(loss([target(q)], model).scalar) - expected) < 1e-6)
    // The third option, with which no answer begins, is read after the same prompt.
    #expect(target(q).tree.answers == answers + [[3, 6]] && target([0.6, 0.4, 0]).tree.answers == answers)
  }

  @Test func `it is the options' cross-entropy against each other less the logarithm of their share of all texts`() {
    let q = [0.5, 0.2, 0.3]
    let model = bigrams
    let totals = options.map { logProbability($0, after: 2, model) }
    let share = log(totals.reduce(0) { $0 + exp($1) })
    let against = zip(q, totals).reduce(0) { $0 - $1.0 * ($1.1 - share) }
    // One answer that is its option alone, so that nothing else is learned.
    let bare = SoftTarget(
      AnswerTree(prompt: [0, 2], answers: [[5]]), begins: [1], options: options, probabilities: q)
    #expect(abs(Double(loss([bare], model).scalar) * 1.8 - (against - share)) < 1e-6)
  }

  @Test func `what a logit at the answer moves the loss by is its probability less the target`() {
    let model = bigrams
    let singles = [[3], [5], [6]]
    let q = [0.5, 0.2, 0.3]
    let bare = SoftTarget(AnswerTree(prompt: [2], answers: [[5]]), begins: [1], options: singles, probabilities: q)
    let (_, gradients) = model.valueAndGradients { loss([bare], $0) }
    let slopes = gradients.tensors[0].scalars
    for token in 0..<12 {
      let wanted = singles.firstIndex(of: [token]).map { q[$0] } ?? 0
      #expect(abs(Double(slopes[2 * 12 + token]) - (exp(logProbability([token], after: 2, model)) - wanted)) < 1e-6)
    }
  }

  @Test func `gradients are those of finite differences`() {
    let targets = [target([0.5, 0.2, 0.3]), target([0.1, 0.9, 0])]
    expectGradientsMatchFiniteDifferences(at: [bigrams.logits.value]) { loss(targets, Bigrams($0[0])) }
  }

  @Test func `a label that is certain is learned as a hard one, to the bit`() throws {
    let student = try student()
    let trees = try trees(student)
    let options = try student.tree(question: "Item", images: [], beginnings: ["Yes", "No"]).answers
    let soft = trees.enumerated().map { number, tree in
      let label = number % 2
      return SoftTarget(
        tree, begins: tree.answers.map { _ in label }, options: options, probabilities: label == 0 ? [1, 0] : [0, 1])
    }
    let hard: SmolVLM = try trained(student, SupervisedObjective(trees))
    #expect(try bits(trained(student, SoftTargetObjective(soft))) == bits(hard))
    #expect(bits(hard) != bits(student))
  }

  @Test func `an option that an answer spells with other tokens counts by those that both begin with`() {
    let spelled = SoftTarget(
      AnswerTree(prompt: [2], answers: [[3, 6, 1], [9, 1]]), begins: [0, 1], options: [[3, 4], [5]],
      probabilities: [0.75, 0.25])
    // The second begins otherwise at once: it is learned as it stands, and its option beside it.
    #expect(spelled.weights == [[1.5, 1, 1], [1, 1], [0.5]] && spelled.tree.answers == [[3, 6, 1], [9, 1], [5]])
  }

  @Test func `a model that has learned holds each option as probable as its targets say`() throws {
    var model = bigrams
    let q = [0.5, 0.2, 0.3]
    var training = TrainingOptions()
    (training.steps, training.learningRate) = (400, 0.1)
    try Trainer(stage: "s", options: training, seed: 1).train(&model, objective: SoftTargetObjective([target(q)]))
    for (option, wanted) in zip(options, q) {
      let found = exp(logProbability(option, after: 2, model))
      #expect(abs(found - wanted) < 0.01, "\(found), not \(wanted)")
    }
  }

  @Test func `parts of a step add up to it, and the bytes do not depend on the number of threads`() throws {
    let student = try student()
    let objective = try SoftTargetObjective<SmolVLM>(targets(student))
    let all = Array(0..<objective.exampleCount)
    let total = objective.weight(of: all)
    let whole = objective.loss(of: all, under: student, total: total).loss.scalar
    let parts = all.batches(of: 3).map { objective.loss(of: $0, under: student, total: total).loss.scalar }
    #expect(abs(parts.reduce(0, +) - whole) < 1e-5)
    let threads = Tensor.Compute.threads
    defer { Tensor.Compute.threads = threads }
    let results = try [1, 2, 5].map { count in
      Tensor.Compute.threads = count
      return try bits(trained(student, objective))
    }
    #expect(results[0] == results[1] && results[0] == results[2] && results[0] != bits(student))
  }

  @Test func `a prompt that is shared gives what separate sequences give`() throws {
    let student = try student()
    let targets = try targets(student)
    let (shared, separate) = (loss(targets, student).scalar, loss(targets, SeparateSequences(student)).scalar)
    #expect(abs(shared - separate) < 1e-5 * abs(separate))
  }

  private func student() throws -> SmolVLM {
    var student = try TinyModels.student()
    var lora = LoRAConfiguration()
    lora.rank = 4
    var generator = Tensor.Generator(seed: 2)
    try student.attachAdapters(lora, using: &generator)
    return student
  }

  private func trees(_ student: SmolVLM) throws -> [AnswerTree] {
    try (0..<10).map { number in
      try student.tree(
        question: "Item \(number)", images: [], answers: number % 2 == 0 ? ["Yes", "Yes, it is"] : ["No"])
    }
  }

  private func targets(_ student: SmolVLM) throws -> [SoftTarget] {
    let options = try student.tree(question: "Item", images: [], beginnings: ["Yes", "No"]).answers
    return try trees(student).enumerated().map { number, tree in
      SoftTarget(
        tree, begins: tree.answers.map { _ in number % 2 }, options: options,
        probabilities: [0.1 * Double(number), 1 - 0.1 * Double(number)])
    }
  }

  private func trained(_ start: SmolVLM, _ objective: some TrainingObjective<SmolVLM>) throws -> SmolVLM {
    var student = start
    var training = TrainingOptions()
    (training.epochs, training.batch, training.learningRate) = (2, 4, 5e-3)
    try Trainer(stage: "s", options: training, seed: 1).train(&student, objective: objective)
    return student
  }

  private func bits(_ student: SmolVLM) -> [[UInt32]] {
    student.adapterParameters().map { $0.parameter.value.scalars.map(\.bitPattern) }
  }
}
