package import ConfigurationFiles
package import Layers
internal import Training
internal import Wording

private let library = TrainingOptions()

/// How a training stage goes: length, steps, optimiser. Its keys stand directly in `stage1`, `stage2` and `pretrain`.
/// Defaults are the library's.
package struct TrainingConfiguration: DefaultedSection {
  package var epochs = library.epochs
  package var batch = library.batch
  package var learningRate = library.learningRate.decimal
  package var schedule = library.schedule
  package var warmup = library.warmup
  package var weightDecay = library.weightDecay.decimal
  /// The largest norm of the gradient; longer ones are scaled down to it. The default is 1.
  package var clip = library.clippingNorm?.decimal ?? 0
  package var betas = [library.beta1.decimal, library.beta2.decimal]
  package var epsilon = library.epsilon.decimal
  package var checkpointEvery = library.checkpointEvery
  /// Parts of an update, which threads and ranks share; nil for 4, and for 2 in pre-training. Results depend on it.
  package var parts: Int?

  /// Three epochs of AdamW at 1e-4.
  package init() {}

  /// Training with another length and step size than the default's.
  package init(epochs: Int, batch: Int, learningRate: Double) {
    (self.epochs, self.batch, self.learningRate) = (epochs, batch, learningRate)
  }

  /// The keys of every training stage.
  package static let keys: [ConfigurationKey<TrainingConfiguration>] = [
    ConfigurationKey("epochs", \.epochs, "Passes over the items.", range: .from(1, through: 100_000)),
    ConfigurationKey("batch", \.batch, "Items of one optimiser step.", range: .from(1, through: 1_000_000)),
    ConfigurationKey("learning_rate", \.learningRate, "Peak step size.", range: .above(0, through: 100)),
    ConfigurationKey("schedule", \.schedule, "Course of the step size after warm-up."),
    ConfigurationKey(
      "warmup", \.warmup, "Part of all steps in which the step size rises; a single step has the full size.",
      range: .from(0, through: 1)),
    ConfigurationKey("weight_decay", \.weightDecay, "Decoupled weight decay.", range: .from(0, through: 1000)),
    ConfigurationKey("clip", \.clip, "Largest norm of the gradient.", range: .above(0, through: 1e9)),
    ConfigurationKey(
      "betas", \.betas, "AdamW's decay rates of both moments.",
      range: ConfigurationRange("two of them at least 0 and below 1") { betas in
        betas.count == 2 && betas.allSatisfy { $0 >= 0 && $0 < 1 }
      }),
    ConfigurationKey("epsilon", \.epsilon, "AdamW's addend in the denominator.", range: .above(0, through: 1)),
    ConfigurationKey(
      "checkpoint_every", \.checkpointEvery, "Steps between checkpoints.", range: .from(1, through: 1_000_000_000)),
    ConfigurationKey(
      "parts", \.parts,
      "Parts of an optimiser step, shared by threads and by the ranks of mpirun; results depend on it. Without it 4, and 2 in pretrain.",
      range: .ifGiven(.from(1, through: 4096)), sample: "4"),
  ]
}
