internal import DPO
internal import DistillationConfiguration
internal import Layers
internal import LoRA
internal import Training
internal import TwoStage

extension RunConfiguration {
  /// The settings of both stages in the library's form. Stage 2's reference may be another adapter, which the run loads.
  var twoStageOptions: TwoStageOptions {
    var options = TwoStageOptions()
    options.adapter = student.lora.asLoRA
    options.stage1 = stage1.training.options
    options.conflicts =
      switch stage1.conflicts {
      case .exclude: .exclude
      case .both: .all
      case .majority: .majority
      }
    options.answers = if case .teacher(let name) = stage1.answers { .teacher(name) } else { .all }
    options.learnsRationales = stage1.rationales
    options.answersByLabel = student.answer == .label
    options.stage2 = stage2.training.options
    options.loss = stage2.preferenceLoss
    options.supervisedWeight = Float(stage2.sftWeight)
    options.tailWeight = Float(stage2.tailWeight)
    options.pairing = stage2.pairs == .all ? .all : .best
    options.whenAllWrong = stage2.whenAllWrong == .template ? .template : .skip
    options.replay = stage2.replay
    options.isStrict = strict
    options.seed = UInt64(seed)
    return options
  }
}

extension TrainingConfiguration {
  /// The trainer's form.
  var options: TrainingOptions {
    var result = TrainingOptions()
    result.epochs = epochs
    result.batch = batch
    result.learningRate = Float(learningRate)
    result.schedule = LearningRateSchedule.Shape(rawValue: schedule.rawValue) ?? .cosine
    result.warmup = warmup
    result.weightDecay = Float(weightDecay)
    result.clippingNorm = clip > 0 ? Float(clip) : nil
    result.beta1 = Float(betas[0])
    result.beta2 = Float(betas[1])
    result.epsilon = Float(epsilon)
    result.checkpointEvery = checkpointEvery
    return result
  }
}
