import Distillation
import DPO
import Foundation
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing

/// Thrown in place of a `kill -9`.
private struct Killed: Error {}

@Suite struct TrainerTests {
  private static let batch = 4

  /// A student with adapters, and trees whose answers it can learn.
  private func task() throws -> (student: SmolVLM, trees: [AnswerTree]) {
    var student = try TinyModels.student()
    var generator = Tensor.Generator(seed: 2)
    var lora = LoRAConfiguration()
    lora.rank = 4
    lora.dropout = 0.1
    try student.attachAdapters(lora, using: &generator)
    let trees = try (0..<10).map { number in
      try student.tree(
        question: "Item \(number)", images: [], answers: number % 2 == 0 ? ["Yes", "Yes, it is"] : ["No"])
    }
    return (student, trees)
  }

  private func options(epochs: Int = 2) -> TrainingOptions {
    var options = TrainingOptions()
    options.epochs = epochs
    options.batch = Self.batch
    options.learningRate = 5e-3
    options.warmup = 0.2
    options.weightDecay = 0.01
    options.checkpointEvery = 1
    return options
  }

  private func adapter(_ student: SmolVLM) -> [[UInt32]] {
    student.adapterParameters().map { $0.parameter.value.scalars.map(\.bitPattern) }
  }

  private static let dropping: @Sendable (SmolVLM, UInt64) -> SmolVLM = { $0.withDropout(seed: $1) { $0 } }

  @Test func `the loss falls, and only what is trainable changes`() throws {
    var (student, trees) = try task()
    let before = student
    var losses: [Double] = []
    var options = options(epochs: 12)
    options.checkpointEvery = 0
    try Trainer(stage: "s", options: options, seed: 1).train(&student, objective: SupervisedObjective(trees)) {
      losses.append($0.metrics.loss)
    }
    #expect(losses.count == 36)
    let (first, last): (Double, Double) = (losses.prefix(3).reduce(0, +), losses.suffix(3).reduce(0, +))
    #expect(last < 0.5 * first, "\(losses)")
    for (old, new) in zip(before.parameters(), student.parameters()) {
      let changed = !new.parameter.value.isIdentical(to: old.parameter.value)
      #expect(changed == old.parameter.isTrainable, "\(old.path)")
    }
  }

  @Test func `updates carry their number, pass, rate and TRL's names`() throws {
    var (student, trees) = try task()
    var updates: [TrainingUpdate] = []
    try Trainer(stage: "s", options: options(), seed: 1).train(&student, objective: SupervisedObjective(trees)) {
      updates.append($0)
    }
    #expect(updates.map(\.step) == Array(1...6) && updates.allSatisfy { $0.totalSteps == 6 })
    #expect(updates.map { ($0.epoch * 3).rounded() } == [1, 2, 3, 4, 5, 6])
    let names = updates[0].values.map(\.name)
    for name in ["loss", "mean_token_accuracy", "entropy", "grad_norm", "learning_rate", "num_tokens", "epoch"] {
      #expect(names.count { $0 == name } == 1, "\(name)")
    }
    #expect(updates.allSatisfy { $0.gradientNorm > 0 && $0.metrics.tokens > 0 })
    // The last batch of a pass over 10 examples has two.
    #expect(updates[2].metrics.tokens < updates[1].metrics.tokens)
    #expect(updates[5].learningRate < updates[3].learningRate)
  }

  /// A rate that begins at 0 teaches nothing where there is no second update: one alone has the peak, as transformers'
  /// schedules without warm-up give it. From two on they are those schedules, of ceil(share x updates) steps of warm-up.
  @Test(arguments: [LearningRateSchedule.Shape.cosine, .linear, .constant])
  func `a single update is made at the highest rate`(shape: LearningRateSchedule.Shape) throws {
    let (start, trees) = try task()
    func rates(updates: Int) throws -> [Float] {
      var (student, options, rates) = (start, options(), [Float]())
      (options.steps, options.schedule, options.warmup) = (updates, shape, 0.03)
      try Trainer(stage: "s", options: options, seed: 1).train(&student, objective: SupervisedObjective(trees)) {
        rates.append($0.learningRate)
      }
      #expect(adapter(student) != adapter(start))
      return rates
    }
    #expect(try rates(updates: 1) == [5e-3])
    #expect(try rates(updates: 2) == [0, 5e-3])
  }

  @Test(arguments: 1...5) func `stopped after any update, training goes on to the same bytes`(stop: Int) throws {
    try withTemporaryFolder { folder in
      let (start, trees) = try task()
      let objective = SupervisedObjective<SmolVLM>(trees)
      func train(_ student: inout SmolVLM, every: Int, _ onUpdate: (TrainingUpdate) throws -> Void) throws {
        var options = options()
        options.checkpointEvery = every
        let checkpoint = Checkpoint(url: folder.appending(path: "c/\(every).safetensors"), key: "k")
        try Trainer(stage: "s", options: options, seed: 1, checkpoint: checkpoint)
          .train(&student, objective: objective, onUpdate: onUpdate, inTraining: Self.dropping)
      }
      var undisturbed = start
      try Trainer(stage: "s", options: options(), seed: 1)
        .train(&undisturbed, objective: objective, inTraining: Self.dropping)
      for every in [1, 2, 4] {
        var killed = start
        #expect(throws: Killed.self) { try train(&killed, every: every) { if $0.step == stop { throw Killed() } } }
        var resumed = start
        var steps: [Int] = []
        try train(&resumed, every: every) { steps.append($0.step) }
        // What was made before the throw was not yet checkpointed, so the update is made again.
        #expect(steps.first == (stop - 1) / every * every + 1)
        #expect(steps.last == 6)
        #expect(adapter(resumed) == adapter(undisturbed), "checkpoints every \(every)")
      }
    }
  }

  @Test func `a checkpoint of other inputs is not taken up`() throws {
    try withTemporaryFolder { folder in
      let (start, trees) = try task()
      let url = folder.appending(path: "c.safetensors")
      func train(_ student: inout SmolVLM, key: String, stop: Int = 0) throws -> [Int] {
        var steps: [Int] = []
        try Trainer(stage: "s", options: options(), seed: 1, checkpoint: Checkpoint(url: url, key: key))
          .train(&student, objective: SupervisedObjective(trees)) {
            steps.append($0.step)
            if $0.step == stop { throw Killed() }
          }
        return steps
      }
      var (a, b, c) = (start, start, start)
      #expect(throws: Killed.self) { try train(&a, key: "one", stop: 4) }
      #expect(try train(&b, key: "two") == Array(1...6))
      #expect(try train(&c, key: "two").first == 6, "the newest checkpoint is that of the second key")
      #expect(adapter(b) == adapter(c))
    }
  }

  @Test func `a damaged checkpoint is refused by its name`() throws {
    try withTemporaryFolder { folder in
      var (student, trees) = try task()
      let url = folder.appending(path: "c.safetensors")
      func train() throws {
        try Trainer(stage: "s", options: options(), seed: 1, checkpoint: Checkpoint(url: url, key: "k"))
          .train(&student, objective: SupervisedObjective(trees))
      }
      func expectRefusal(_ word: String, sourceLocation: SourceLocation = #_sourceLocation) {
        do {
          try train()
          Issue.record("taken up", sourceLocation: sourceLocation)
        } catch {
          #expect("\(error)".contains("c.safetensors") && "\(error)".contains(word), sourceLocation: sourceLocation)
        }
      }
      try Tensor.writeSafetensors(
        ["x": Tensor([1], shape: [1])], metadata: ["key": "k", "step": "2", "format": "pt"], to: url)
      expectRefusal("lacks")
      try Tensor.writeSafetensors(["x": Tensor([1], shape: [1])], metadata: ["key": "k", "format": "pt"], to: url)
      expectRefusal("updates were made")
      try Tensor.writeSafetensors(
        ["x": Tensor([1], shape: [1])], metadata: ["key": "k", "step": "-3", "format": "pt"], to: url)
      expectRefusal("updates were made")
      let paths = student.parameters().filter(\.parameter.isTrainable)
      var state = Dictionary(uniqueKeysWithValues: paths.map { ("model." + $0.path, $0.parameter.value) })
      for name in paths.flatMap({ ["first." + $0.path, "second." + $0.path] }) { state[name] = Tensor([1], shape: [1]) }
      try Tensor.writeSafetensors(state, metadata: ["key": "k", "step": "2", "format": "pt"], to: url)
      expectRefusal("moments")
      try FileManager.default.removeItem(at: url)
      try train()
      let whole = try Data(contentsOf: url)
      try whole.prefix(whole.count / 2).write(to: url)
      expectRefusal("safetensors")
    }
  }

  @Test func `parts of an update add up to the whole`() throws {
    let (start, trees) = try task()
    func train(parts: Int) throws -> (SmolVLM, [Double]) {
      var student = start
      var options = options()
      options.parts = parts
      var losses: [Double] = []
      try Trainer(stage: "s", options: options, seed: 1).train(&student, objective: SupervisedObjective(trees)) {
        losses.append($0.metrics.loss)
      }
      return (student, losses)
    }
    let (one, oneLosses) = try train(parts: 1)
    for parts in [2, 3, 4, 9] {
      let (several, losses) = try train(parts: parts)
      for (a, b) in zip(oneLosses, losses) { #expect(abs(a - b) < 1e-5 * max(1, abs(a))) }
      for (a, b) in zip(one.adapterParameters(), several.adapterParameters()) {
        // Adam divides by the gradient's own size, so rounding in the smallest gradients shows; it stays far below a step.
        expectClose(b.parameter.value, a.parameter.value, relative: 1e-3, absolute: 3e-4)
      }
    }
  }

  @Test func `the first update's loss and gradients agree to 1e-5 for any number of parts`() throws {
    let (student, trees) = try task()
    let objective = SupervisedObjective<SmolVLM>(trees)
    let all = Array(trees.indices)
    let weight = objective.weight(of: all)
    let whole = student.valueAndGradients { objective.loss(of: all, under: $0, total: weight).loss }
    for parts in [[0..<5, 5..<10], [0..<1, 1..<4, 4..<10]] {
      var sum = Float(0)
      var gradients: Gradients?
      for part in parts {
        let (value, own) = student.valueAndGradients { objective.loss(of: Array(part), under: $0, total: weight).loss }
        sum += value.scalar
        if gradients == nil { gradients = own } else { gradients?.add([own]) }
      }
      #expect(abs(sum - whole.value.scalar) < 1e-5)
      for (a, b) in zip(gradients?.tensors ?? [], whole.gradients.tensors) {
        expectClose(a, b, relative: 1e-4, absolute: 1e-5)
      }
    }
  }

  @Test(arguments: AnswerLoss.Reduction.allCases)
  func `a tree that weighs two counts as two trees, one that weighs nothing as none`(reduction: AnswerLoss.Reduction)
    throws
  {
    let (student, trees) = try task()
    let loss = AnswerLoss(reduction: reduction)
    func gradients(_ objective: SupervisedObjective<SmolVLM>) -> (Float, [Tensor]) {
      let all = Array(objective.trees.indices)
      let weight = objective.weight(of: all)
      let (value, gradients) = student.valueAndGradients {
        objective.loss(of: all, under: $0, total: weight).loss
      }
      return (value.scalar, gradients.tensors)
    }
    let weighed = gradients(SupervisedObjective(trees, weights: [2, 1, 0, 1, 1, 1, 1, 1, 1, 0], loss: loss))
    let spelled = gradients(SupervisedObjective([trees[0]] + trees[..<2] + trees[3..<9], loss: loss))
    #expect(abs(weighed.0 - spelled.0) < 1e-5)
    for (a, b) in zip(weighed.1, spelled.1) { expectClose(a, b, relative: 1e-4, absolute: 1e-6) }
  }

  @Test func `the bytes do not depend on the number of threads`() throws {
    let threads = Tensor.Compute.threads
    defer { Tensor.Compute.threads = threads }
    let (start, trees) = try task()
    let results = try [1, 2, 5].map { count in
      Tensor.Compute.threads = count
      var student = start
      try Trainer(stage: "s", options: options(), seed: 1)
        .train(&student, objective: SupervisedObjective(trees), inTraining: Self.dropping)
      return adapter(student)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func `seed, stage name and dropout change what is learnt`() throws {
    let (start, trees) = try task()
    func train(_ stage: String, _ seed: UInt64, drops: Bool = false) throws -> [[UInt32]] {
      var student = start
      let trainer = Trainer(stage: stage, options: options(), seed: seed)
      if drops {
        try trainer.train(&student, objective: SupervisedObjective(trees), inTraining: Self.dropping)
      } else {
        try trainer.train(&student, objective: SupervisedObjective(trees))
      }
      // Dropout ends with training: the same question has the same answer twice.
      #expect(student.answerProbabilities(trees) == student.answerProbabilities(trees))
      return adapter(student)
    }
    let plain = try train("s", 1)
    #expect(try train("s", 1) == plain)
    #expect(try train("s", 2) != plain)
    #expect(try train("t", 1) != plain)
    let dropped = try train("s", 1, drops: true)
    #expect(dropped != plain)
    #expect(try train("s", 1, drops: true) == dropped)
  }

  @Test func `a weight that was no number before training is named, and not the learning rate`() throws {
    let (start, trees) = try task()
    var student = start
    var breaker = Breaker()
    student.visit(&breaker, at: "")
    let error = #expect(throws: NonFiniteWeight.self) {
      try Trainer(stage: "stage1", options: options(), seed: 1).train(&student, objective: SupervisedObjective(trees))
    }
    let broken = try #require(student.parameters().first { $0.path.hasSuffix("norm.weight") })
    #expect(error?.path == broken.path && error?.element == 0 && error?.value == "nan")
    #expect(error?.description.contains("the weight \(broken.path) is nan at its element 0") == true)
  }

  @Test func `a loss that is no number stops the stage with its update`() throws {
    let (start, trees) = try task()
    var (student, options) = (start, options())
    (options.learningRate, options.warmup) = (1e30, 0)
    do {
      try Trainer(stage: "stage1", options: options, seed: 1).train(&student, objective: SupervisedObjective(trees))
      Issue.record("trained on")
    } catch TrainingError.diverged(let stage, let step, let loss) {
      #expect(stage == "stage1" && step == 2 && !loss.isFinite)
    }
  }

  @Test func `a stage without examples is refused`() throws {
    var (student, _) = try task()
    #expect(throws: TrainingError.noExamples(stage: "stage1")) {
      try Trainer(stage: "stage1", options: options(), seed: 1).train(&student, objective: SupervisedObjective([]))
    }
    #expect(TrainingError.noExamples(stage: "stage1").description.contains("stage1"))
  }

  @Test func `steps take the place of epochs and pass over the examples again`() throws {
    var (student, trees) = try task()
    var options = options()
    options.steps = 8
    #expect(options.totalSteps(examples: 10) == 8)
    options.steps = nil
    #expect(options.totalSteps(examples: 10) == 6)
    options.steps = 8
    var epochs: [Double] = []
    try Trainer(stage: "s", options: options, seed: 1).train(&student, objective: SupervisedObjective(trees)) {
      epochs.append($0.epoch)
    }
    #expect(epochs.count == 8 && abs((epochs.last ?? 0) - 8.0 / 3) < 1e-12)
  }

  @Test func `preference training raises the chosen answers over the rejected ones`() throws {
    var (student, trees) = try task()
    let preferences = try (0..<6).map { number in
      PreferenceTree(
        tree: try student.tree(question: "Item \(number)", images: [], answers: ["Yes", "No", "No, never"]),
        chosen: [number % 3], rejected: [0, 1, 2].filter { $0 != number % 3 })
    }
    let reference = student.referenceScores(of: preferences, batch: 4)
    #expect(
      reference.count == 6
        && reference.allSatisfy { if case .tokens(let answers) = $0 { answers.count == 3 } else { false } })
    let objective = PreferenceTrainingObjective<SmolVLM>(
      preferences, reference: reference,
      objective: PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.1), supervisedWeight: 0.5))
    var values: [[String: Double]] = []
    try Trainer(stage: "s", options: options(epochs: 15), seed: 1).train(&student, objective: objective) {
      values.append(Dictionary(uniqueKeysWithValues: $0.values.map { ($0.name, $0.value) }))
    }
    let margins = values.compactMap { $0["rewards/margins"] }
    #expect(margins.count == 30 && abs(margins[0]) < 1e-4)
    #expect(margins.suffix(3).min() ?? 0 > 0.1, "\(margins)")
    trees.removeAll()
  }

  @Test func `a student of whatever family is trained by both objectives as one whose type is known`() throws {
    let (known, trees) = try task()
    let pairs =
      trees.map { PreferenceTree(tree: $0, chosen: [0], rejected: []) }
      + [
        PreferenceTree(
          tree: try known.tree(question: "Item", images: [], answers: ["Yes", "No"]), chosen: [1], rejected: [0])
      ]
    let trainer = Trainer(stage: "s", options: options(), seed: 1)
    let objective = PreferenceObjective(loss: StandardPreferenceLoss.hinge(beta: 0.3))
    var typed = known
    try trainer.train(&typed, objective: SupervisedObjective(trees))
    let preferences = PreferenceTrainingObjective<SmolVLM>(
      pairs, reference: typed.referenceScores(of: pairs), objective: objective)
    try trainer.train(&typed, objective: preferences)
    var student: any PretrainedStudent = known
    try trainer.train(&student, on: trees)
    try trainer.train(&student, on: pairs, reference: student.referenceScores(of: pairs), objective: objective)
    let opened = try #require(student as? SmolVLM)
    #expect(adapter(opened) == adapter(typed))
    #expect(adapter(opened) != adapter(known))

    // Rewards in the metrics have the loss's own β, as the decimal number that it was given.
    let all = Array(pairs.indices)
    #expect(preferences.loss(of: all, under: typed, total: preferences.weight(of: all)).metrics.beta == 0.3)
  }
}

private struct Breaker: ModuleVisitor {
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    if path.hasSuffix("norm.weight") { parameter.value = parameter.value * .nan }
  }
}
