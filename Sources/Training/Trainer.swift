public import Layers
internal import Tensor

/// Trains the trainable parameters of a model, with checkpoints from which it goes on to the same bytes.
///
/// Which examples an update sees follows from the seed and the update's number alone, so a checkpoint is the parameters,
/// the optimiser and a number.
public struct Trainer: Sendable {
  /// The name of the stage, in messages and files.
  package var stage: String
  package var options: TrainingOptions
  /// Where order and dropout start.
  package var seed: UInt64
  /// Where the checkpoint is kept; nil keeps none.
  package var checkpoint: Checkpoint?
  /// Among which the parts of an update are dealt out. The default is one process.
  package var ranks: any Ranks = OneRank()

  /// A trainer.
  public init(stage: String, options: TrainingOptions, seed: UInt64, checkpoint: Checkpoint? = nil) {
    (self.stage, self.options, self.seed, self.checkpoint) = (stage, options, seed, checkpoint)
  }

  /// Trains the model in place.
  ///
  /// - Parameters:
  ///   - model: its trainable parameters change.
  ///   - objective: what is minimised.
  ///   - onUpdate: called after each update that is made now, not for those before a checkpoint.
  ///   - inTraining: gives the model as it is used in one part of an update, from a seed; for dropout.
  /// - Throws: ``TrainingError``, or what `onUpdate` throws; the checkpoint written last stays.
  public func train<Objective: TrainingObjective>(
    _ model: inout Objective.Model, objective: Objective,
    onUpdate: (TrainingUpdate) throws -> Void = { _ in },
    inTraining: @Sendable (Objective.Model, UInt64) -> Objective.Model = { model, _ in model }
  ) throws where Objective.Model: Module {
    var optimizer = options.optimizer
    try train(&model, &optimizer, objective: objective, onUpdate: onUpdate, inTraining: inTraining)
  }

  /// Trains the model in place, and leaves the optimiser as the last update left it.
  package func train<Objective: TrainingObjective>(
    _ model: inout Objective.Model, _ optimizer: inout AdamW, objective: Objective,
    onUpdate: (TrainingUpdate) throws -> Void = { _ in },
    inTraining: @Sendable (Objective.Model, UInt64) -> Objective.Model = { model, _ in model }
  ) throws where Objective.Model: Module {
    precondition(options.batch > 0 && options.parts > 0, "a batch of \(options.batch) in \(options.parts) parts")
    let examples = objective.exampleCount
    guard examples > 0 else { throw TrainingError.noExamples(stage: stage) }
    let total = options.totalSteps(examples: examples)
    let schedule = LearningRateSchedule(
      shape: options.schedule, peak: options.learningRate,
      warmupSteps: options.warmupSteps(of: total), totalSteps: total)
    let start = try checkpoint?.restore(&model, &optimizer) ?? 0
    try ranks.agree(
      [
        ("updates made", "\(start)"), ("updates", "\(total)"), ("examples", "\(examples)"),
        ("key", checkpoint?.key ?? ""),
      ],
      "the beginning of \(stage)")
    let perEpoch = (examples + options.batch - 1) / options.batch
    var order: (epoch: Int, examples: [Int]) = (-1, [])
    for step in start..<max(start, total) {
      let epoch = step / perEpoch
      if order.epoch != epoch { order = (epoch, shuffled(examples, epoch)) }
      let first = step % perEpoch * options.batch
      let chosen = Array(order.examples[first..<min(examples, first + options.batch)])
      let rate = schedule.rate(at: step)
      let (norm, metrics) = try update(
        &model, &optimizer, objective: objective, examples: chosen, rate: rate, step: step, inTraining: inTraining)
      try onUpdate(
        TrainingUpdate(
          stage: stage, step: step + 1, totalSteps: total, epoch: Double(step + 1) / Double(perEpoch),
          learningRate: rate,
          gradientNorm: norm, metrics: metrics))
      if options.checkpointEvery > 0, (step + 1) % options.checkpointEvery == 0, step + 1 < total {
        if ranks.isFirst { try checkpoint?.save(model, optimizer, step: step + 1) }
      }
    }
  }

  /// One update over these examples: the step of every training here, of one that goes on as examples arrive, too.
  ///
  /// - Parameters:
  ///   - optimizer: goes on from update to update.
  ///   - rate: the learning rate.
  ///   - step: the number of the update, from 0.
  /// - Returns: the norm of the gradients before clipping, and the sums over the examples.
  /// - Throws: `NonFiniteWeight` where a weight was no number before training; else
  ///   ``TrainingError/diverged(stage:step:loss:)``. Model and optimiser are then of no use.
  package func update<Objective: TrainingObjective>(
    _ model: inout Objective.Model, _ optimizer: inout AdamW, objective: Objective, examples: [Int], rate: Float,
    step: Int, inTraining: @Sendable (Objective.Model, UInt64) -> Objective.Model = { model, _ in model }
  ) throws -> (norm: Double, metrics: StepMetrics) where Objective.Model: Module {
    let each = options.examplesOfPart(of: examples.count)
    let (gradients, metrics) = try objective.gradients(of: examples, each: each, under: model, ranks: ranks) {
      model, part in
      inTraining(model, Tensor.Generator(seed: seed).fork("\(stage) dropout \(step) \(part)").state)
    }
    guard metrics.loss.isFinite else {
      // Of what was trained, nothing is known but before the first update.
      if let weight = NonFiniteWeight(in: model, where: { step == 0 || !$0.isTrainable }) { throw weight }
      throw TrainingError.diverged(stage: stage, step: step + 1, loss: metrics.loss)
    }
    let norm = optimizer.update(&model, gradients: gradients, learningRate: rate)
    guard norm.isFinite else {
      if let weight = NonFiniteWeight(in: model, where: { !$0.isTrainable }) { throw weight }
      throw TrainingError.diverged(stage: stage, step: step + 1, loss: norm)
    }
    return (norm, metrics)
  }

  /// As many updates over these examples as asked for, in their order and at one rate: what online training makes of a batch.
  ///
  /// - Parameters:
  ///   - optimizer: goes on from batch to batch.
  ///   - updates: among how many the examples are divided.
  ///   - rate: the learning rate.
  /// - Throws: as ``update(_:_:objective:examples:rate:step:inTraining:)``.
  package func fit<Objective: TrainingObjective>(
    _ model: inout Objective.Model, _ optimizer: inout AdamW, objective: Objective, updates: Int, rate: Float
  ) throws where Objective.Model: Module {
    let count = objective.exampleCount
    for part in Array(0..<count).batches(of: max(1, (count + updates - 1) / updates)) {
      _ = try update(
        &model, &optimizer, objective: objective, examples: part, rate: rate, step: optimizer.step)
    }
  }

  /// The order in which an epoch goes through so many examples.
  package func shuffled(_ count: Int, _ epoch: Int) -> [Int] {
    var generator = Tensor.Generator(seed: seed).fork("\(stage) order \(epoch)")
    return (0..<count).shuffled(using: &generator)
  }
}
