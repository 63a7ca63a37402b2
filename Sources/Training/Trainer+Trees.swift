public import DPO
public import Layers

extension Trainer {
  /// Supervised training on the answers of trees; the model may be of any type, such as `any PretrainedStudent`.
  ///
  /// ```swift
  /// var student = try StudentFamily.student(contentsOf: folder)   // attach adapters to it
  /// try Trainer(stage: "stage1", options: TrainingOptions(), seed: 1).train(&student, on: trees)
  /// ```
  ///
  /// - Parameters:
  ///   - model: its trainable parameters change.
  ///   - onUpdate: called after each update that is made now, not for those before a checkpoint.
  /// - Throws: ``TrainingError``, or what `onUpdate` throws; the checkpoint written last stays.
  public func train<Model: Module & SequenceScorer>(
    _ model: inout Model, on trees: [AnswerTree], onUpdate: (TrainingUpdate) throws -> Void = { _ in }
  ) throws {
    try train(&model, objective: SupervisedObjective<Model>(trees), onUpdate: onUpdate)
  }

  /// Preference training on trees; the model may be of any type, such as `any PretrainedStudent`.
  ///
  /// - Parameters:
  ///   - model: its trainable parameters change.
  ///   - reference: what the reference says of the trees, from `referenceScores(of:batch:)`; nil for no reference.
  ///   - onUpdate: called after each update that is made now, not for those before a checkpoint.
  /// - Throws: ``TrainingError``, or what `onUpdate` throws; the checkpoint written last stays.
  public func train<Model: Module & SequenceScorer>(
    _ model: inout Model, on pairs: [PreferenceTree], reference: [ReferenceScores]?, objective: PreferenceObjective,
    onUpdate: (TrainingUpdate) throws -> Void = { _ in }
  ) throws {
    let objective = PreferenceTrainingObjective<Model>(pairs, reference: reference, objective: objective)
    try train(&model, objective: objective, onUpdate: onUpdate)
  }
}
