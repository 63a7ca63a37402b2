package import ConfigurationFiles

/// How a training stage goes: length, steps, optimiser. Its keys stand directly in `stage1`, `stage2` and `pretrain`.
package struct TrainingConfiguration: ConfigurationSection {
  /// Passes over the items, at least 1. The default is 3.
  package var epochs = 3
  /// Items of one optimiser step. The default is 16.
  package var batch = 16
  /// Peak step size. The default is 1e-4.
  package var learningRate = 1e-4
  /// How the step size goes after warm-up. The default is `cosine`.
  package var schedule = Schedule.cosine
  /// The part of all steps over which the step size rises from 0, from 0 to 1. The default is 0.03.
  package var warmup = 0.03
  /// Decoupled weight decay. The default is 0.
  package var weightDecay = 0.0
  /// The largest norm of the gradient; longer ones are scaled down to it. The default is 1.
  package var clip = 1.0
  /// AdamW's decay rates of the first and second moment. The default is 0.9 and 0.999.
  package var betas = [0.9, 0.999]
  /// AdamW's addend in the denominator. The default is 1e-8.
  package var epsilon = 1e-8
  /// Steps between checkpoints. The default is 50.
  package var checkpointEvery = 50

  /// The course of the step size after warm-up.
  package enum Schedule: String, ConfigurationChoice {
    /// Half a cosine down to 0.
    case cosine
    /// A straight line down to 0.
    case linear
    /// No change.
    case constant
  }

  /// Three epochs of AdamW at 1e-4.
  package init() {}

  /// Training with another length and step size than the default's.
  package init(epochs: Int, batch: Int, learningRate: Double) {
    self.epochs = epochs
    self.batch = batch
    self.learningRate = learningRate
  }

  /// The training of ``init()``.
  package static let blank = TrainingConfiguration()

  /// The keys of every training stage.
  package static let keys: [ConfigurationKey<TrainingConfiguration>] = [
    ConfigurationKey("epochs", \.epochs, "Passes over the items.", range: .atLeast(1)),
    ConfigurationKey("batch", \.batch, "Items of one optimiser step.", range: .atLeast(1)),
    ConfigurationKey("learning_rate", \.learningRate, "Peak step size.", range: .above(0)),
    ConfigurationKey("schedule", \.schedule, "Course of the step size after warm-up."),
    ConfigurationKey(
      "warmup", \.warmup, "Part of all steps in which the step size rises.", range: .from(0, through: 1)),
    ConfigurationKey("weight_decay", \.weightDecay, "Decoupled weight decay.", range: .atLeast(0)),
    ConfigurationKey("clip", \.clip, "Largest norm of the gradient.", range: .above(0)),
    ConfigurationKey(
      "betas", \.betas, "AdamW's decay rates of both moments.",
      range: ConfigurationRange("two of them at least 0 and below 1") { betas in
        betas.count == 2 && betas.allSatisfy { $0 >= 0 && $0 < 1 }
      }),
    ConfigurationKey("epsilon", \.epsilon, "AdamW's addend in the denominator.", range: .above(0)),
    ConfigurationKey("checkpoint_every", \.checkpointEvery, "Steps between checkpoints.", range: .atLeast(1)),
  ]
}
