public import DualChecker
public import Foundation
public import LoRA
package import Layers
internal import StudentModels
public import TeacherProtocol
internal import Tensor
public import Training

/// An encoder with a head that learns while items are being labelled: the student of DualChecker.
///
/// ```swift
/// var student = try EncoderStudent(task: task, encoderIn: folder, seed: 1)
/// try await student.fit(batch)                       // a few updates, as labels arrive
/// try await student.train(on: examples)              // or all epochs at once
/// try student.save(to: runFolder.appending(path: "student"))
/// ```
///
/// The encoder comes from any folder of an encoder, from BERT to ModernBERT, or from `FreshEncoder`; classes are decided
/// by a sequence head, spans by a head over tokens. Every example counts by its weight. The same calls give the same bytes,
/// whatever the number of threads.
public struct EncoderStudent: OnlineStudent {
  /// How it learns.
  public struct Options: Sendable, Equatable {
    /// The learning rate of ``EncoderStudent/fit(_:)``, and the highest of
    /// ``EncoderStudent/train(on:checkpoint:onUpdate:)``. The default is 2e-5.
    public var learningRate: Float = 2e-5
    /// Passes of ``EncoderStudent/train(on:checkpoint:onUpdate:)``. The default is 10.
    public var epochs = 10
    /// Texts of an update. The default is 16.
    public var batch = 16
    /// Updates that ``EncoderStudent/fit(_:)`` makes over its batch. The default is 2.
    public var updatesPerFit = 2
    /// Decay of matrices. The default is 0.1.
    public var weightDecay: Float = 0.1
    /// The share of updates over which the rate of ``EncoderStudent/train(on:checkpoint:onUpdate:)`` rises. The default is
    /// 0.1.
    public var warmup = 0.1
    /// Adapters, beside which the head is trained as a whole; nil trains everything. The default is nil.
    public var adapter: LoRAConfiguration?
    /// Whether examples count by their weights; without it all count the same. The default is true.
    public var weighs = true
    /// What is learned of a class: itself, by its weight, or softly, with all examples counting the same: its weight is then its
    /// probability, and the other classes have what is left. Spans are always learned as they are. The default is `hard`.
    public var targets = LabelTargets.hard
    /// The share of a text's tokens that ``EncoderStudent/train(on:checkpoint:onUpdate:)`` hides, others at every look, so that a
    /// wrong label is not learned by heart; 0 or more and below 1. The default is 0.
    public var tokenDropout = 0.0

    /// The defaults.
    public init() {}
  }

  /// What it answers.
  package let task: LabellingTask
  /// How it learns.
  package let options: Options
  var network: any TextNetwork
  var optimizer: AdamW
  private let seed: UInt64
  /// Among which the parts of an update are dealt out.
  package var ranks: any Ranks = OneRank()

  /// A student over the encoder of a model folder, with a fresh head.
  ///
  /// - Throws: `StudentError` or the error of the file that can't be used.
  public init(task: LabellingTask, encoderIn folder: URL, options: Options = Options(), seed: UInt64) throws {
    (self.task, self.options, self.seed) = (task, options, seed)
    var generator = Tensor.Generator(seed: seed).fork("student head")
    network =
      switch task.kind {
      case .binary, .multiclass: try TextClassifier(encoderIn: folder, labels: task.names, using: &generator)
      case .spans: try TokenTagger(encoderIn: folder, labels: task.tags, using: &generator)
      }
    optimizer = options.training.optimizer
    try network.refuseNonFiniteWeights(of: folder)
    guard options.tokenDropout == 0 || network.hidingToken != nil else {
      throw StudentError.unusableFile(
        folder.appending(path: "tokenizer_config.json").path,
        expected: "a mask_token or unk_token to hide tokens with, or student.token_dropout of 0", found: "neither")
    }
    if var adapter = options.adapter {
      // The head is trained as a whole, and so has no adapters.
      adapter.savedModules += network.headPaths
      try network.attachAdapters(adapter, using: &generator)
    }
  }

  /// The number of parameters that training changes.
  package var trainedParameters: Int { network.parameterCount(trainableOnly: true) }

  /// Updates made so far.
  var updates: Int { optimizer.step }

  /// Makes a few updates over the batch at a constant rate.
  ///
  /// - Throws: `TrainingError/diverged(stage:step:loss:)`.
  public mutating func fit(_ batch: [TrainingExample]) async throws {
    guard !batch.isEmpty else { return }
    self = try await onOwnThread { [self] in
      var student = self
      try student.fit(network, prepared(batch))
      return student
    }
  }

  private mutating func fit<Model: TextNetwork>(_ start: Model, _ examples: [TextExample]) throws {
    var model = start
    try trainer("online student").fit(
      &model, &optimizer, objective: ClassificationObjective<Model>(examples: examples),
      updates: options.updatesPerFit, rate: options.learningRate)
    network = model
  }

  /// Trains for all epochs, warm-up first, then down to 0 in a straight line.
  ///
  /// - Parameters:
  ///   - checkpoint: where every fiftieth update is kept, and from where training goes on to the same bytes; nil keeps none.
  ///   - onUpdate: called after each update with its number, the number of all, and the loss.
  /// - Throws: `TrainingError`.
  public mutating func train(
    on examples: [TrainingExample], checkpoint: Checkpoint? = nil,
    onUpdate: @escaping @Sendable (Int, Int, Double) -> Void = { _, _, _ in }
  ) async throws {
    self = try await onOwnThread { [self] in
      var student = self
      student.optimizer = options.training.optimizer
      try student.train(network, prepared(examples), checkpoint, onUpdate)
      return student
    }
  }

  private mutating func train<Model: TextNetwork>(
    _ start: Model, _ examples: [TextExample], _ checkpoint: Checkpoint?, _ onUpdate: (Int, Int, Double) -> Void
  ) throws {
    var model = TokenDropout(network: start, share: options.tokenDropout, hidden: start.hidingToken ?? 0)
    try trainer("final student", checkpoint)
      .train(
        &model, &optimizer, objective: ClassificationObjective<TokenDropout<Model>>(examples: examples),
        onUpdate: { onUpdate($0.step, $0.totalSteps, $0.metrics.loss) },
        inTraining: { model, seed in
          var model = model
          model.seed = seed
          return model
        })
    network = model.network
  }

  private func trainer(_ stage: String, _ checkpoint: Checkpoint? = nil) -> Trainer {
    var trainer = Trainer(stage: stage, options: options.training, seed: seed, checkpoint: checkpoint)
    trainer.ranks = ranks
    return trainer
  }

  /// Its answers, with the classes' probabilities, or for spans the means of each token's two best tags.
  public func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    let (network, task, ranks) = (network, task, ranks)
    return try await onOwnThread {
      try DealtAnswers.answers(items.count, among: ranks) { own in
        try network.predictions(for: own.map { items[$0].text }, task: task)
      }
    }
  }

  /// Writes a model folder that this package and transformers load; adapters are merged into it.
  public func save(to folder: URL) throws {
    var merged = network
    if options.adapter != nil { try merged.mergeAdapters() }
    try merged.save(to: folder)
  }

  /// Writes what training changes and the optimiser's state, so that ``restore(from:)`` goes on to the same bytes.
  package func saveState(to checkpoint: Checkpoint) throws {
    try checkpoint.save(network, optimizer, step: optimizer.step)
  }

  /// Takes up a state; false where there is none for these inputs.
  package mutating func restore(from checkpoint: Checkpoint) throws -> Bool {
    try checkpoint.restore(&network, &optimizer) != nil
  }

  private func prepared(_ examples: [TrainingExample]) throws -> [TextExample] {
    let isSoft = options.targets == .soft && task.kind != .spans
    return try examples.compactMap { example in
      let weight = isSoft || !options.weighs ? 1 : Float(max(0, example.weight))
      // What counts for nothing would divide by nothing.
      guard weight > 0, var learned = try network.example(example, weight: weight, task: task) else { return nil }
      // Alternatives have probabilities of their own.
      if isSoft, example.alternatives.isEmpty {
        let probability = Float(task.probability(ofConfidence: example.weight))
        learned.targets = learned.targets.map { target in
          target.map { ClassTarget($0.shares[0].place, probability: probability, of: task.names.count) }
        }
      }
      return learned
    }
  }
}

extension EncoderStudent.Options {
  /// The trainer's form. Parts of four texts, whatever the batch: results depend on how an update is cut.
  var training: TrainingOptions {
    var training = TrainingOptions()
    (training.epochs, training.batch, training.learningRate) = (epochs, batch, learningRate)
    (training.schedule, training.warmup, training.weightDecay) = (.linear, warmup, weightDecay)
    training.partSize = 4
    return training
  }
}

extension EncoderStudent: DualCheckerStudent {
  /// Every text fits: longer ones are cut, as encoders are used; see ``readParts(of:)``.
  package func check(_ items: [Item]) {}

  package func readParts(of items: [Item]) -> ReadParts? { network.readParts(of: items) }

  /// Pairs are not for encoders.
  package mutating func train(
    on examples: [TrainingExample], pairs: [AnswerPair], checkpoint: Checkpoint?,
    onUpdate: @escaping @Sendable (Int, Int, Double) -> Void
  ) async throws {
    try await train(on: examples, checkpoint: checkpoint, onUpdate: onUpdate)
  }
}
