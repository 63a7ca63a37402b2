internal import DistillationConfiguration
internal import Foundation
internal import LoRA
internal import Training
internal import TwoStage

extension RunConfiguration {
  /// Whether the student is asked about development items, and their labels are read.
  var readsDev: Bool { evaluation.readsDev || stage2.choose == .dev }

  /// The settings of both stages in the library's form. Stage 2's reference may be another adapter, which the run loads.
  var twoStageOptions: TwoStageOptions {
    var options = TwoStageOptions()
    options.adapter = student.lora.asLoRA
    options.stage1 = stage1.training.options
    options.conflicts = stage1.conflicts
    options.answers = stage1.answers
    options.targets = stage1.targets
    options.learnsRationales = stage1.rationales
    options.answersByLabel = student.answer == .label
    options.stage2 = stage2.training.options
    options.loss = stage2.preferenceLoss
    options.supervisedWeight = Float(stage2.sftWeight)
    options.tailWeight = Float(stage2.tailWeight)
    options.pairing = stage2.pairs
    options.whenAllWrong = stage2.whenAllWrong
    options.replay = stage2.replay ?? Stage2Configuration.usualReplay
    options.isStrict = strict
    options.seed = UInt64(seed)
    return options
  }
}

extension RunConfiguration {
  /// The configuration of a run in this folder with `stage2.replay` said: what is given, or else the default. Runs that were begun
  /// when nothing was replayed go on as they began.
  func sayingReplay(in folder: URL) -> RunConfiguration {
    guard stage2.replay == nil else { return self }
    var copy = self
    // A damaged record is told of where the run reads it.
    let isOld = (try? RunRules(of: folder))?.ending == .asConfigured
    copy.stage2.replay = isOld ? 0 : Stage2Configuration.usualReplay
    return copy
  }
}

extension TrainingConfiguration {
  /// The trainer's form.
  var options: TrainingOptions {
    var result = TrainingOptions()
    result.epochs = epochs
    result.batch = batch
    result.learningRate = Float(learningRate)
    result.schedule = schedule
    result.warmup = warmup
    result.weightDecay = Float(weightDecay)
    result.clippingNorm = clip > 0 ? Float(clip) : nil
    result.beta1 = Float(betas[0])
    result.beta2 = Float(betas[1])
    result.epsilon = Float(epsilon)
    result.checkpointEvery = checkpointEvery
    result.parts = parts ?? result.parts
    return result
  }
}
