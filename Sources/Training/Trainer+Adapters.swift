public import Layers
public import LoRA
internal import Tensor

extension Trainer {
  /// Trains a model whose adapters drop inputs as their configuration says.
  ///
  /// - Parameters:
  ///   - model: its trainable parameters change.
  ///   - objective: what is minimised.
  ///   - adapter: what the model's adapters are like.
  ///   - onUpdate: called after each update that is made now, not for those before a checkpoint.
  /// - Throws: ``TrainingError``, or what `onUpdate` throws; the checkpoint written last stays.
  public func train<Objective: TrainingObjective>(
    _ model: inout Objective.Model, objective: Objective, adapter: LoRAConfiguration,
    onUpdate: (TrainingUpdate) throws -> Void = { _ in }
  ) throws where Objective.Model: Module {
    let drops = adapter.dropout > 0
    try train(&model, objective: objective, onUpdate: onUpdate) { model, seed in
      drops ? model.withDropout(seed: seed) { $0 } : model
    }
  }
}

extension Module {
  /// Attaches a fresh adapter, whose numbers are those of the seed for every training that begins with one.
  ///
  /// - Throws: `LoRAError` for an adapter that does not fit.
  package mutating func attachAdapter(_ configuration: LoRAConfiguration, seed: UInt64) throws {
    var generator = Tensor.Generator(seed: seed).fork("adapter")
    try attachAdapters(configuration, using: &generator)
  }
}
