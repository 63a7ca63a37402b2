import Distillation
import DPO
import Foundation
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing
import Training

/// Thrown in place of a `kill -9`.
private struct Killed: Error {}

/// Training by several ranks against training by one process, bit by bit.
@Suite struct RankedTrainingTests {
  private static let counts = [2, 3, 8]

  private func student() throws -> SmolVLM {
    var student = try TinyModels.student()
    var generator = Tensor.Generator(seed: 2)
    var lora = LoRAConfiguration()
    (lora.rank, lora.dropout) = (4, 0.1)
    try student.attachAdapters(lora, using: &generator)
    return student
  }

  /// The last update of a pass has fewer examples, and fewer parts.
  private func trees(_ student: SmolVLM) throws -> [AnswerTree] {
    try (0..<18).map { number in
      try student.tree(
        question: "Item \(number)", images: [], answers: number % 2 == 0 ? ["Yes", "Yes, it is"] : ["No"])
    }
  }

  private func options(parts: Int = 4) -> TrainingOptions {
    var options = TrainingOptions()
    (options.epochs, options.batch, options.learningRate, options.parts) = (2, 8, 5e-3, parts)
    (options.warmup, options.weightDecay, options.checkpointEvery) = (0.2, 0.01, 1)
    return options
  }

  private static let dropping: @Sendable (SmolVLM, UInt64) -> SmolVLM = { $0.withDropout(seed: $1) { $0 } }

  private func bits(_ model: some Module) -> [[UInt32]] {
    model.parameters().filter(\.parameter.isTrainable).map { $0.parameter.value.scalars.map(\.bitPattern) }
  }

  /// What training comes to on one process, and on every rank of each number of them, with the losses and norms.
  private func expectSame<Objective: TrainingObjective>(
    _ start: Objective.Model, _ objective: Objective, _ options: TrainingOptions,
    inTraining: @escaping @Sendable (Objective.Model, UInt64) -> Objective.Model = { model, _ in model }
  ) throws where Objective.Model: Module {
    let train: @Sendable (any Ranks) throws -> (weights: [[UInt32]], said: [String]) = { ranks in
      var model = start
      var said: [String] = []
      var trainer = Trainer(stage: "s", options: options, seed: 1)
      trainer.ranks = ranks
      try trainer.train(
        &model, objective: objective,
        onUpdate: { update in said.append("\(update.values.map { "\($0.name) \($0.value)" })") },
        inTraining: inTraining)
      return (bits(model), said)
    }
    let one = try train(OneRank())
    #expect(one.weights != bits(start) && one.said.count > 2)
    for count in Self.counts {
      for (rank, own) in try ThreadRanks.results(count, train).enumerated() {
        #expect(own.weights == one.weights, "rank \(rank) of \(count)")
        #expect(own.said == one.said, "rank \(rank) of \(count)")
      }
    }
  }

  @Test func `supervised training with dropout comes to the same bits on any number of ranks`() throws {
    let student = try student()
    try expectSame(student, SupervisedObjective(trees(student)), options(), inTraining: Self.dropping)
  }

  @Test func `training on soft targets comes to the same bits and metrics on any number of ranks`() throws {
    let student = try student()
    let options = try student.tree(question: "Item", images: [], beginnings: ["Yes", "No"]).answers
    let targets = try trees(student).enumerated().map { number, tree in
      SoftTarget(
        tree, begins: tree.answers.map { _ in number % 2 }, options: options,
        probabilities: [0.05 * Double(number), 1 - 0.05 * Double(number)])
    }
    try expectSame(student, SoftTargetObjective(targets), self.options(), inTraining: Self.dropping)
  }

  @Test func `preference training comes to the same bits and metrics on any number of ranks`() throws {
    let student = try student()
    let pairs = try (0..<12).map { number in
      PreferenceTree(
        tree: try student.tree(question: "Item \(number)", images: [], answers: ["Yes", "No, not at all"]),
        chosen: [number % 2], rejected: [1 - number % 2])
    }
    let objective = PreferenceTrainingObjective<SmolVLM>(
      pairs, reference: student.referenceScores(of: pairs),
      objective: PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.1), supervisedWeight: 0.5))
    try expectSame(student, objective, options(), inTraining: Self.dropping)
  }

  // A table of 320 rows, of which each part reads a few: its gradients are those rows alone, and the sum is a whole table.
  @Test(arguments: [1, 4])
  func `a model trained as a whole comes to the same bits, its table's gradients of few rows too`(parts: Int) throws {
    var sizes = LlamaConfiguration()
    (sizes.hiddenSize, sizes.intermediateSize, sizes.layers, sizes.heads, sizes.keyHeads) = (32, 48, 2, 4, 2)
    (sizes.maxPositions, sizes.vocabularySize, sizes.tiesEmbeddings) = (256, 320, false)
    var generator = Tensor.Generator(seed: 1)
    let model = TextDecoderModel(TextDecoderConfiguration(sizes), using: &generator)
    let trees = (0..<18).map { AnswerTree(prompt: [$0, 300 - 7 * $0, 5], images: [], answers: [[$0 % 3, 9], [4]]) }
    let (_, gradients) = model.valueAndGradients { model in
      SupervisedObjective([trees[0]]).loss(of: [0], under: model, total: 1).loss
    }
    try #require(gradients.tensors.contains { $0.withRows { _, _, _ in true } == true }, "no gradient of few rows")
    try expectSame(model, SupervisedObjective(trees), options(parts: parts))
  }

  @Test func `a checkpoint of two ranks goes on on three and on one to the same bits`() throws {
    try withTemporaryFolder { folder in
      let start = try student()
      let objective = try SupervisedObjective<SmolVLM>(trees(start))
      let options = options()
      @Sendable func train(_ ranks: any Ranks, _ name: String, killedAt: Int? = nil) throws -> [[UInt32]] {
        var model = start
        var trainer = Trainer(
          stage: "s", options: options, seed: 1,
          checkpoint: Checkpoint(url: folder.appending(path: "\(name).safetensors"), key: "k"))
        trainer.ranks = ranks
        try trainer.train(
          &model, objective: objective, onUpdate: { if $0.step == killedAt { throw Killed() } },
          inTraining: Self.dropping)
        return bits(model)
      }
      let whole = try train(OneRank(), "whole")
      #expect(throws: (any Error).self) {
        _ = try ThreadRanks.results(2) { try train($0, "killed", killedAt: 4) }
      }
      let file = folder.appending(path: "killed.safetensors")
      #expect(try Checkpoint(url: file, key: "k").steps() == 3)
      for ranks in [3, 1] {
        let name = "taken up by \(ranks)"
        try FileManager.default.copyItem(at: file, to: folder.appending(path: "\(name).safetensors"))
        for own in try ThreadRanks.results(ranks, { try train($0, name) }) { #expect(own == whole, "\(ranks)") }
      }
    }
  }

  @Test func `with a part a rank, an update sends twice the gradients' size and little more`() throws {
    let student = try student()
    let objective = try SupervisedObjective<SmolVLM>(trees(student))
    var options = options(parts: 4)
    options.steps = 1
    let sent = try ThreadRanks.results(4) { [options] ranks in
      var model = student
      var trainer = Trainer(stage: "s", options: options, seed: 1)
      trainer.ranks = ranks
      try trainer.train(&model, objective: objective)
      _ = try ranks.gathered([], "the end")
      return (ranks as? ThreadRanks)?.sent ?? 0
    }
    let size = student.parameterCount(trainableOnly: true) * MemoryLayout<Float>.size
    // Each of four ranks sends three quarters of its part, and its quarter of the sum to three.
    #expect(sent[0] >= 4 * 2 * size * 3 / 4 && sent[0] < 4 * 2 * size * 3 / 4 + 16_384, "\(sent) of \(size)")
  }

  @Test func `ranks that would train something else are stopped and told apart`() throws {
    let student = try student()
    let trees = try trees(student)
    let error = #expect(throws: RanksError.self) {
      _ = try ThreadRanks.results(2) { ranks in
        var model = student
        var trainer = Trainer(stage: "s", options: options(), seed: 1)
        trainer.ranks = ranks
        let own = ranks.isFirst ? trees : Array(trees.dropLast())
        try trainer.train(&model, objective: SupervisedObjective<SmolVLM>(own))
      }
    }
    #expect(
      error?.description.contains("examples of rank 1: 17; of rank 0: 18") == true, "\(String(describing: error))")
  }
}
