internal import DualChecker
internal import Foundation
internal import LoRA
internal import Student
internal import TeacherProtocol

/// A student that a DualChecker run trains: online while labels arrive, then anew on all of them.
protocol CheckedStudent: OnlineStudent {
  /// Looks at items before anything is spent on them.
  ///
  /// - Throws: `RunError.unusableItem` for one that the student can't take.
  func check(_ items: [Item]) async throws

  /// Trains for all epochs, from a checkpoint on where there is one for these inputs.
  ///
  /// - Parameters:
  ///   - pairs: items whose answers a teacher has ranked, for students that learn from preferences.
  ///   - onUpdate: called after each update with its number, the number of all, and the loss.
  mutating func train(
    on examples: [TrainingExample], pairs: [AnswerPair], checkpoint: Checkpoint?,
    onUpdate: @escaping @Sendable (Int, Int, Double) -> Void
  ) async throws

  /// Writes what others load: a model folder, or an adapter.
  func save(to folder: URL) throws

  /// Writes what training changes and the optimiser's state, so that ``restore(from:)`` goes on to the same bytes.
  func saveState(to checkpoint: Checkpoint) throws

  /// Takes up a state; false where there is none for these inputs.
  mutating func restore(from checkpoint: Checkpoint) throws -> Bool
}

extension CheckedRun {
  /// The configuration's student as it begins, or with an adapter that was trained before.
  func student(_ task: LabellingTask, model: URL, adapter: URL? = nil) throws -> any CheckedStudent {
    let seed = UInt64(configuration.seed)
    switch configuration.student.kind {
    case .encoder:
      return try EncoderStudent(task: task, encoderIn: model, options: configuration.student.encoderOptions, seed: seed)
    case .decoder:
      var base = try StudentFamily.student(contentsOf: model)
      base.promptBeginning = try RunRules(of: folder).beginning
      return try decoder(base, task: task, adapter: adapter)
    }
  }

  private func decoder(
    _ base: some PretrainedStudent, task: LabellingTask, adapter: URL?
  ) throws -> any CheckedStudent {
    try DecoderStudent(
      task: task, base: base, adapter: adapter, instructions: configuration.task.instructions,
      options: configuration.student.decoderOptions, seed: UInt64(configuration.seed))
  }
}
