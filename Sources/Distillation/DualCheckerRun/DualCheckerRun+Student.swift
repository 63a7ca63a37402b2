internal import DualChecker
internal import Foundation
internal import StudentModels
internal import TextStudents

extension DualCheckerRun {
  /// The configuration's student as it begins, or with an adapter that was trained before.
  func student(_ task: LabellingTask, model: URL, adapter: URL? = nil) throws -> any DualCheckerStudent {
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
  ) throws -> any DualCheckerStudent {
    try DecoderStudent(
      task: task, base: base, adapter: adapter, instructions: configuration.task.instructions,
      options: configuration.student.decoderOptions, seed: UInt64(configuration.seed))
  }
}
