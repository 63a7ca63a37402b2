public import Layers
internal import Student
internal import TeacherProtocol
internal import Tensor

/// The settings of a training stage.
public struct TrainingOptions: Sendable, Equatable {
  /// Passes over the examples. The default is 3.
  public var epochs = 3
  /// Examples of an update. The default is 16.
  public var batch = 16
  /// The highest learning rate. The default is 1e-4.
  public var learningRate: Float = 1e-4
  /// How the rate falls after the warm-up. The default is cosine.
  public var schedule = LearningRateSchedule.Shape.cosine
  /// The share of updates over which the rate rises. The default is 0.03.
  public var warmup = 0.03
  /// Decay of matrices. The default is 0.
  public var weightDecay: Float = 0
  /// The largest gradient norm; nil does not limit. The default is 1.
  public var clippingNorm: Float? = 1
  /// Decay of Adam's first moment. The default is 0.9.
  public var beta1: Float = 0.9
  /// Decay of Adam's second moment. The default is 0.999.
  public var beta2: Float = 0.999
  /// Added to the root of Adam's second moment. The default is 1e-8.
  public var epsilon: Float = 1e-8
  /// Updates instead of epochs; nil counts epochs.
  public var steps: Int?
  /// Updates between checkpoints; 0 writes none. The default is 50.
  public var checkpointEvery = 50
  /// Parts into which an update is cut for the threads; results depend on it, never on the number of threads. The default is 4.
  public var parts = 4

  /// The defaults.
  public init() {}

  /// Updates over this many examples.
  public func totalSteps(examples: Int) -> Int { steps ?? epochs * ((examples + batch - 1) / max(1, batch)) }
}

/// Faults of training.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A stage without examples.
  case noExamples(stage: String)
  /// The loss is no number any more.
  case diverged(stage: String, step: Int, loss: Double)
  /// A checkpoint that can't be used.
  case unusableCheckpoint(String, String)

  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .noExamples(let stage): "\(stage): there is no example to train on"
    case .diverged(let stage, let step, let loss):
      "\(stage): the loss is \(loss) at update \(step); lower the learning rate or raise the warm-up"
    case .unusableCheckpoint(let path, let why):
      "\(path): \(why.withoutFullStop); delete it to start the stage again"
    }
  }
}

/// One update as it was made.
public struct TrainingUpdate: Sendable {
  /// Counted from 1.
  public let step: Int
  /// Updates of the stage.
  public let totalSteps: Int
  /// Passes over the examples so far.
  public let epoch: Double
  /// Of this update.
  public let learningRate: Float
  /// Norm of the gradients before clipping.
  public let gradientNorm: Double
  /// Sums over the update's examples.
  public let metrics: StepMetrics

  /// All metrics under TRL's names.
  public var values: [(name: String, value: Double)] {
    metrics.values + [
      ("grad_norm", gradientNorm), ("learning_rate", Double(learningRate)), ("num_tokens", Double(metrics.tokens)),
      ("epoch", epoch),
    ]
  }
}

/// Trains the trainable parameters of a model, with checkpoints from which it goes on to the same bytes.
///
/// Which examples an update sees follows from the seed and the update's number alone, so a checkpoint is the parameters,
/// the optimiser and a number.
public struct Trainer: Sendable {
  /// The name of the stage, in messages and files.
  public var stage: String
  /// The settings.
  public var options: TrainingOptions
  /// Where order and dropout start.
  public var seed: UInt64
  /// Where the checkpoint is kept; nil keeps none.
  public var checkpoint: Checkpoint?

  /// A trainer.
  public init(stage: String, options: TrainingOptions, seed: UInt64, checkpoint: Checkpoint? = nil) {
    self.stage = stage
    self.options = options
    self.seed = seed
    self.checkpoint = checkpoint
  }

  /// Trains the model in place.
  ///
  /// - Parameters:
  ///   - model: its trainable parameters change.
  ///   - objective: what is minimised.
  ///   - onUpdate: called after each update that is made now, not for those before a checkpoint.
  ///   - inTraining: gives the model as it is used in one part of an update, from a seed; for dropout.
  /// - Throws: ``TrainingError``, or what `onUpdate` throws; the checkpoint written last stays.
  public func train<Model: Module & SequenceScorer>(
    _ model: inout Model, objective: some TrainingObjective,
    onUpdate: (TrainingUpdate) throws -> Void = { _ in },
    inTraining: @Sendable (Model, UInt64) -> Model = { model, _ in model }
  ) throws {
    precondition(options.batch > 0 && options.parts > 0, "a batch of \(options.batch) in \(options.parts) parts")
    let examples = objective.exampleCount
    guard examples > 0 else { throw TrainingError.noExamples(stage: stage) }
    var optimizer = AdamW(
      beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon, weightDecay: options.weightDecay,
      clippingNorm: options.clippingNorm)
    let total = options.totalSteps(examples: examples)
    let schedule = LearningRateSchedule(
      shape: options.schedule, peak: options.learningRate,
      warmupSteps: Int((Double(total) * options.warmup).rounded(.up)),
      totalSteps: total)
    let start = try checkpoint?.restore(&model, &optimizer) ?? 0
    let perEpoch = (examples + options.batch - 1) / options.batch
    var order: (epoch: Int, examples: [Int]) = (-1, [])
    for step in start..<max(start, total) {
      let epoch = step / perEpoch
      if order.epoch != epoch { order = (epoch, shuffled(examples, epoch)) }
      let first = step % perEpoch * options.batch
      let chosen = Array(order.examples[first..<min(examples, first + options.batch)])
      let (gradients, metrics) = objective.gradients(of: chosen, parts: options.parts, under: model) { model, part in
        inTraining(model, Tensor.Generator(seed: seed).fork("\(stage) dropout \(step) \(part)").state)
      }
      guard metrics.loss.isFinite else {
        throw TrainingError.diverged(stage: stage, step: step + 1, loss: metrics.loss)
      }
      let rate = schedule.rate(at: step)
      let norm = optimizer.update(&model, gradients: gradients, learningRate: rate)
      guard norm.isFinite else { throw TrainingError.diverged(stage: stage, step: step + 1, loss: norm) }
      try onUpdate(
        TrainingUpdate(
          step: step + 1, totalSteps: total, epoch: Double(step + 1) / Double(perEpoch), learningRate: rate,
          gradientNorm: norm, metrics: metrics))
      if options.checkpointEvery > 0, (step + 1) % options.checkpointEvery == 0, step + 1 < total {
        try checkpoint?.save(model, optimizer, step: step + 1)
      }
    }
  }

  private func shuffled(_ count: Int, _ epoch: Int) -> [Int] {
    var generator = Tensor.Generator(seed: seed).fork("\(stage) order \(epoch)")
    return (0..<count).shuffled(using: &generator)
  }
}
