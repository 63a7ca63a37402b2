public import DPO
public import DualChecker
public import Foundation
internal import LanguageModel
package import Layers
public import LoRA
public import StudentModels
public import TeacherProtocol
internal import Tensor
public import Training

/// A language model with an adapter as the student of DualChecker: where both methods of this package meet.
///
/// ```swift
/// var student = try DecoderStudent(task: task, base: base, instructions: ["Is it green?"], seed: 1)
/// try await student.fit(batch)                                         // as labels arrive
/// try student.save(to: runFolder.appending(path: "student"))           // a PEFT adapter
/// ```
///
/// It is asked the task's question without demonstrations and learns the teacher's answers, each by its weight; then, where
/// the teacher changed its mind when it was asked again, to prefer the later answer to the one given up (DPO against the
/// student as supervised training left it). Classes are decided by the probability of each class's whole answer, spans by
/// what it writes. The same calls give the same bytes, whatever the number of threads.
public struct DecoderStudent<Model: Student>: OnlineStudent {
  /// What it answers.
  package let task: LabellingTask
  /// How it learns.
  package let options: DecoderStudentOptions
  private var model: Model
  private var optimizer: AdamW
  private let prompts: PromptBuilder
  private let adapter: LoRAConfiguration
  private let seed: UInt64
  /// Among which the parts of an update are dealt out.
  package var ranks: any Ranks = OneRank()

  /// A student over a base model, with a fresh adapter or one that was trained before.
  ///
  /// - Parameters:
  ///   - base: stays as it is.
  ///   - adapter: a PEFT folder; nil begins anew.
  ///   - instructions: the question, line by line.
  /// - Throws: `LoRAError` for adapters that don't fit the base.
  public init(
    task: LabellingTask, base: Model, adapter: URL? = nil, instructions: [String],
    options: DecoderStudentOptions = DecoderStudentOptions(), seed: UInt64
  ) throws {
    (self.task, self.options, self.seed, model) = (task, options, seed, base)
    if let adapter {
      self.adapter = try model.loadAdapter(from: adapter)
    } else {
      self.adapter = options.adapter
      try model.attachAdapter(options.adapter, seed: seed)
    }
    prompts = PromptBuilder(
      task: task, template: LabellingTemplate(instructions: instructions),
      aligner: ContextAligner(pool: LabelledPool([]), selector: NoDemonstrations()))
    optimizer = options.supervised.optimizer
  }

  /// Makes a few updates over the batch at a constant rate.
  ///
  /// - Throws: `TrainingError/diverged(stage:step:loss:)`, or `TrainingError/unusableItem(_:_:)` for a text that is too long.
  public mutating func fit(_ batch: [TrainingExample]) async throws {
    let objective = try supervised(batch)
    guard objective.exampleCount > 0 else { return }
    self = try await onOwnThread { [self] in
      var student = self
      try student.fit(objective)
      return student
    }
  }

  private mutating func fit(_ objective: some TrainingObjective<Model>) throws {
    try trainer("online student", options.supervised).fit(
      &model, &optimizer, objective: objective, updates: options.updatesPerFit, rate: options.learningRate)
  }

  /// Trains for all epochs: on answers first, then on pairs of them.
  ///
  /// - Parameters:
  ///   - pairs: items whose answers a teacher has ranked; none leaves preferences out.
  ///   - onUpdate: called after each update with its number, the number of all, those on pairs too, and the loss.
  /// - Throws: `TrainingError`, or ``TrainingError/unusableItem(_:_:)`` for a text that is too long.
  package mutating func train(
    on examples: [TrainingExample], pairs: [AnswerPair] = [], checkpoint: Checkpoint? = nil,
    onUpdate: @escaping @Sendable (Int, Int, Double) -> Void = { _, _, _ in }
  ) async throws {
    let (objective, trees) = (try supervised(examples), try preferences(pairs))
    let first = options.supervised.totalSteps(examples: objective.exampleCount)
    let all = first + (trees.isEmpty ? 0 : options.preferences.totalSteps(examples: trees.count))
    self = try await onOwnThread { [self] in
      var student = self
      try student.train("final student", options.supervised, objective, checkpoint) { onUpdate($0, all, $1) }
      guard !trees.isEmpty, options.preferenceEpochs > 0 else { return student }
      let reference = try student.model.referenceScores(of: trees, ranks: ranks)
      try student.train(
        "final student preferences", options.preferences,
        PreferenceTrainingObjective<Model>(
          trees, reference: reference,
          objective: PreferenceObjective(loss: options.loss, supervisedWeight: options.supervisedWeight)),
        checkpoint
      ) { onUpdate(first + $0, all, $1) }
      return student
    }
  }

  private mutating func train(
    _ stage: String, _ training: TrainingOptions, _ objective: some TrainingObjective<Model>, _ checkpoint: Checkpoint?,
    _ onUpdate: (Int, Double) -> Void
  ) throws {
    let place = checkpoint.map {
      Checkpoint(url: $0.url.deletingPathExtension().appendingPathExtension("\(stage).safetensors"), key: $0.key)
    }
    try trainer(stage, training, place)
      .train(&model, objective: objective, adapter: adapter) {
        onUpdate($0.step, $0.metrics.loss)
      }
  }

  private func trainer(_ stage: String, _ training: TrainingOptions, _ checkpoint: Checkpoint? = nil) -> Trainer {
    var trainer = Trainer(stage: stage, options: training, seed: seed, checkpoint: checkpoint)
    trainer.ranks = ranks
    return trainer
  }

  /// Its answers, with the classes' probabilities; for spans with the mean probability of what it wrote.
  public func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    let trees = try questions(items)
    return try await onOwnThread { [self] in
      guard task.kind == .spans else { return try chosen(trees) }
      return try DealtAnswers.answers(items.count, among: ranks) { own in
        written(own.map { items[$0] }, own.map { trees[$0] })
      }
    }
  }

  private func chosen(_ trees: [AnswerTree]) throws -> [StudentPrediction] {
    try model.answerTotals(of: trees, batch: 16, ranks: ranks).map(softmax).map { probabilities in
      let best = probabilities.placeOfLargest
      return StudentPrediction(answer: .label(task.names[best]), probabilities: probabilities)
    }
  }

  private func written(_ items: [Item], _ trees: [AnswerTree]) -> [StudentPrediction] {
    let found: [Written] = mapInParallel(trees.batches(of: 16), written).flatMap(\.self)
    return zip(items, found).map { item, found in
      let answer = (try? task.answer(in: found.text, about: item.text)) ?? .spans([])
      return StudentPrediction(answer: answer, probabilities: [found.probability, 1 - found.probability])
    }
  }

  private struct Written {
    var text: String
    /// The geometric mean of its tokens' probabilities.
    var probability: Double
  }

  private func written(_ prompts: [AnswerTree]) -> [Written] {
    var generator = Tensor.Generator(seed: 0)
    let generations = model.generate(
      prompts, maximumTokens: options.maximumNewTokens, sampling: Sampling(), using: &generator)
    let answered = zip(prompts, generations).map { prompt, generation in
      // An empty answer has no probability to ask for; any token stands in for it.
      let tokens = generation.tokens.isEmpty ? Array(prompt.prompt.suffix(1)) : generation.tokens
      return AnswerTree(prompt: prompt.prompt, images: prompt.images, answers: [tokens])
    }
    let totals = model.answerTotals(of: answered, batch: 16)
    return zip(generations, totals).map { generation, total in
      let mean = total[0] / Double(max(1, generation.tokens.count))
      return Written(text: generation.text, probability: generation.tokens.isEmpty ? 0 : exp(mean))
    }
  }

  /// Writes the adapter as PEFT reads it.
  public func save(to folder: URL) throws {
    try model.saveAdapter(to: folder, configuration: adapter, baseModel: options.baseModel, taskType: "CAUSAL_LM")
  }

  package func saveState(to checkpoint: Checkpoint) throws {
    try checkpoint.save(model, optimizer, step: optimizer.step)
  }

  package mutating func restore(from checkpoint: Checkpoint) throws -> Bool {
    try checkpoint.restore(&model, &optimizer) != nil
  }

  package func check(_ items: [Item]) throws {
    _ = try questions(items)
  }

  /// What items are asked with: for classes the answer that each would be.
  private func questions(_ items: [Item]) throws -> [AnswerTree] {
    let answers = task.kind == .spans ? [] : try task.names.map { try task.written(.label($0), about: "") }
    return try trees(items.map { ($0, answers) })
  }

  private func supervised(_ examples: [TrainingExample]) throws -> any TrainingObjective<Model> {
    if options.targets == .soft, task.kind != .spans { return try soft(examples) }
    let counted = examples.filter { !options.weighs || $0.weight > 0 }
    let trees = try trees(
      counted.map { ($0.item, [try task.written($0.answer, about: $0.item.text)]) })
    return SupervisedObjective<Model>(trees, weights: options.weighs ? counted.map { Float($0.weight) } : nil)
  }

  /// The whole answer of every class, with the probability that the example's weight leaves it.
  private func soft(_ examples: [TrainingExample]) throws -> SoftTargetObjective<Model> {
    let targets = try zip(examples, questions(examples.map(\.item))).compactMap { example, tree -> SoftTarget? in
      guard case .label(let name) = example.answer, let place = task.names.firstIndex(of: name) else { return nil }
      let probability = task.probability(ofConfidence: example.weight)
      let rest = (1 - probability) / Double(max(1, task.names.count - 1))
      var own = tree
      own.answers = [tree.answers[place]]
      return SoftTarget(
        own, begins: [0],
        options: [tree.answers[place]] + tree.answers.enumerated().filter { $0.offset != place }.map(\.element),
        probabilities: [probability] + [Double](repeating: rest, count: task.names.count - 1))
    }
    return SoftTargetObjective(targets)
  }

  private func preferences(_ pairs: [AnswerPair]) throws -> [PreferenceTree] {
    let trees = try trees(
      pairs.map { pair in
        (pair.item, try ([pair.chosen] + pair.rejected).map { try task.written($0, about: pair.item.text) })
      })
    return trees.map { PreferenceTree(tree: $0, chosen: [0], rejected: Array($0.answers.indices.dropFirst())) }
  }

  private func trees(_ questions: [(item: Item, answers: [String])]) throws -> [AnswerTree] {
    var trees: [AnswerTree] = []
    for (item, answers) in questions {
      let question = try prompts.plainRequest(for: item).prompt
      trees.append(try naming(item.id) { try model.tree(question: question, images: [], answers: answers) })
    }
    return trees
  }
}

extension DecoderStudent: DualCheckerStudent {
  /// None: a text that is too long is an error.
  package func readParts(of items: [Item]) -> ReadParts? { nil }
}

/// How a ``DecoderStudent`` learns.
public struct DecoderStudentOptions: Sendable {
  /// The adapter that is trained. The default is that of `LoRAConfiguration`.
  public var adapter = LoRAConfiguration()
  /// The name of the base model that the adapter's files give. The default is `base`.
  public var baseModel = "base"
  /// The learning rate of ``DecoderStudent/fit(_:)``, and the highest of supervised training. The default is 1e-4.
  public var learningRate: Float = 1e-4
  /// Passes of supervised training. The default is 3.
  public var epochs = 3
  /// Texts of an update. The default is 16.
  public var batch = 16
  /// Updates that ``DecoderStudent/fit(_:)`` makes over its batch. The default is 2.
  public var updatesPerFit = 2
  /// Decay of matrices. The default is 0.
  public var weightDecay: Float = 0
  /// Whether examples count by their weights; without it all count the same. The default is true.
  public var weighs = true
  /// What is learned of a class: its answer, by its weight, or softly, with all examples counting the same: its weight is then
  /// its probability, and the other classes' answers have what is left. Spans are always learned as they are. The default is
  /// `hard`.
  public var targets = LabelTargets.hard
  /// The most tokens of an answer with spans. The default is 128.
  public var maximumNewTokens = 128
  /// The loss of a pair. The default is DPO's own.
  public var loss: any PreferenceLoss = StandardPreferenceLoss.sigmoid(beta: StandardPreferenceLoss.defaultBeta)
  /// The weight of the supervised loss beside the preference loss. The default is 1.
  public var supervisedWeight: Float = 1
  /// Passes over the pairs; 0 leaves preferences out. The default is 3.
  public var preferenceEpochs = 3
  /// The highest learning rate over the pairs. The default is 1e-5.
  public var preferenceRate: Float = 1e-5

  /// The defaults.
  public init() {}

  var supervised: TrainingOptions {
    var training = TrainingOptions()
    (training.epochs, training.batch, training.learningRate) = (epochs, batch, learningRate)
    training.weightDecay = weightDecay
    return training
  }

  var preferences: TrainingOptions {
    var training = supervised
    (training.epochs, training.learningRate) = (preferenceEpochs, preferenceRate)
    return training
  }
}
