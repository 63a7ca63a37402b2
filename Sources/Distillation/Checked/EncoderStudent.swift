public import DualChecker
public import Foundation
public import LoRA
internal import Layers
internal import Student
public import TeacherProtocol
internal import Tensor

/// An encoder with a head that learns while items are being labelled: the student of DualChecker.
///
/// ```swift
/// var student = try EncoderStudent(task: task, encoderIn: folder, seed: 1)
/// try await student.fit(batch)                       // a few updates, as labels arrive
/// try await student.train(on: examples)              // or all epochs at once
/// try student.save(to: runFolder.appending(path: "student"))
/// ```
///
/// The encoder comes from any folder of the BERT, RoBERTa or XLM-R family, or from ``FreshEncoder``; classes are decided by
/// a sequence head, spans by a head over tokens. Every example counts by its weight. The same calls give the same bytes,
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

    /// The defaults.
    public init() {}
  }

  /// What it answers.
  public let task: LabellingTask
  /// How it learns.
  public let options: Options
  var network: TextNetwork
  var optimizer: AdamW
  private let seed: UInt64

  /// A student over the encoder of a model folder, with a fresh head.
  ///
  /// - Throws: `StudentError` or the error of the file that can't be used.
  public init(task: LabellingTask, encoderIn folder: URL, options: Options = Options(), seed: UInt64) throws {
    self.task = task
    self.options = options
    self.seed = seed
    var generator = Tensor.Generator(seed: seed).fork("student head")
    switch task.kind {
    case .binary, .multiclass:
      network = .classifier(try TextClassifier(encoderIn: folder, labels: task.names, using: &generator))
    case .spans: network = .tagger(try TokenTagger(encoderIn: folder, labels: task.tags, using: &generator))
    }
    if var adapter = options.adapter {
      adapter.savedModules.append("classifier")
      // The head is trained as a whole; adapters on it would be trained twice.
      adapter.excluded += ["classifier", "classifier.dense", "classifier.out_proj"]
      try network.attach(adapter, using: &generator)
    }
    optimizer = Self.optimizer(options)
  }

  private static func optimizer(_ options: Options) -> AdamW {
    AdamW(weightDecay: options.weightDecay, clippingNorm: 1)
  }

  /// The number of parameters that training changes.
  public var trainedParameters: Int { network.trainedParameters }

  /// Updates made so far.
  var updates: Int { optimizer.step }

  /// Makes a few updates over the batch at a constant rate.
  ///
  /// - Throws: ``TrainingError/diverged(stage:step:loss:)``.
  public mutating func fit(_ batch: [TrainingExample]) async throws {
    guard !batch.isEmpty else { return }
    self = try await onOwnThread { [self] in
      var student = self
      let prepared = try student.prepared(batch)
      let each = max(1, (prepared.count + options.updatesPerFit - 1) / options.updatesPerFit)
      for part in prepared.batches(of: each) {
        try student.update(part, rate: options.learningRate, stage: "online student")
      }
      return student
    }
  }

  /// Trains for all epochs, warm-up first, then down to 0 in a straight line.
  ///
  /// - Parameters:
  ///   - checkpoint: where every fiftieth update is kept, and from where training goes on to the same bytes; nil keeps none.
  ///   - onUpdate: called after each update with its number, the number of all, and the loss.
  /// - Throws: ``TrainingError``.
  public mutating func train(
    on examples: [TrainingExample], checkpoint: Checkpoint? = nil,
    onUpdate: @escaping @Sendable (Int, Int, Double) -> Void = { _, _, _ in }
  ) async throws {
    guard !examples.isEmpty else { throw TrainingError.noExamples(stage: "final student") }
    self = try await onOwnThread { [self] in
      var student = self
      student.optimizer = Self.optimizer(options)
      let prepared = try student.prepared(examples)
      let perEpoch = (prepared.count + options.batch - 1) / options.batch
      let total = perEpoch * options.epochs
      let schedule = LearningRateSchedule(
        shape: .linear, peak: options.learningRate, warmupSteps: Int((Double(total) * options.warmup).rounded(.up)),
        totalSteps: total)
      let done = try student.resume(from: checkpoint)
      for epoch in (done / perEpoch)..<max(done / perEpoch, options.epochs) {
        var generator = Tensor.Generator(seed: seed).fork("final student order \(epoch)")
        let order = prepared.indices.shuffled(using: &generator)
        for step in 0..<perEpoch {
          let chosen = order[(step * options.batch)..<min(order.count, (step + 1) * options.batch)]
          let number = epoch * perEpoch + step
          guard number >= done else { continue }
          let loss = try student.update(
            chosen.map { prepared[$0] }, rate: schedule.rate(at: number), stage: "final student")
          onUpdate(number + 1, total, loss)
          if (number + 1).isMultiple(of: Self.updatesBetweenCheckpoints), number + 1 < total {
            try checkpoint.map { try student.saveState(to: $0) }
          }
        }
      }
      return student
    }
  }

  private static var updatesBetweenCheckpoints: Int { 50 }

  /// Takes up a training that was stopped, and says how many updates it had made.
  private mutating func resume(from checkpoint: Checkpoint?) throws -> Int {
    guard let checkpoint, try restore(from: checkpoint) else { return 0 }
    return updates
  }

  /// Its answers, with the classes' probabilities, or for spans the means of each token's two best tags.
  public func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    let (network, task) = (network, task)
    return try await onOwnThread { try network.predictions(for: items.map(\.text), task: task) }
  }

  /// Writes a model folder that this package and transformers load; adapters are merged into it.
  public func save(to folder: URL) throws {
    var merged = network
    if options.adapter != nil { try merged.merge() }
    try merged.save(to: folder)
  }

  /// Writes what training changes and the optimiser's state, so that ``restore(from:)`` goes on to the same bytes.
  func saveState(to checkpoint: Checkpoint) throws {
    switch network {
    case .classifier(let model): try checkpoint.save(model, optimizer, step: optimizer.step)
    case .tagger(let model): try checkpoint.save(model, optimizer, step: optimizer.step)
    }
  }

  /// Takes up a state; false where there is none for these inputs.
  mutating func restore(from checkpoint: Checkpoint) throws -> Bool {
    switch network {
    case .classifier(var model):
      guard try checkpoint.restore(&model, &optimizer) != nil else { return false }
      network = .classifier(model)
    case .tagger(var model):
      guard try checkpoint.restore(&model, &optimizer) != nil else { return false }
      network = .tagger(model)
    }
    return true
  }

  private func prepared(_ examples: [TrainingExample]) throws -> [TextNetwork.Example] {
    try examples.compactMap { example in
      let weight = options.weighs ? Float(max(0, example.weight)) : 1
      // What counts for nothing would divide by nothing.
      return weight > 0 ? try network.example(example.item.text, example.answer, weight: weight, task: task) : nil
    }
  }

  @discardableResult
  private mutating func update(_ examples: [TextNetwork.Example], rate: Float, stage: String) throws -> Double {
    guard !examples.isEmpty else { return 0 }
    let (loss, norm) = network.update(examples, optimizer: &optimizer, rate: rate)
    guard loss.isFinite, norm.isFinite else {
      throw TrainingError.diverged(stage: stage, step: optimizer.step, loss: loss)
    }
    return loss
  }
}

extension EncoderStudent: CheckedStudent {
  /// Every text fits: longer ones are cut, as encoders are used.
  func check(_ items: [Item]) async throws {}

  /// Pairs are not for encoders.
  mutating func train(
    on examples: [TrainingExample], pairs: [AnswerPair], checkpoint: Checkpoint?,
    onUpdate: @escaping @Sendable (Int, Int, Double) -> Void
  ) async throws {
    try await train(on: examples, checkpoint: checkpoint, onUpdate: onUpdate)
  }
}
