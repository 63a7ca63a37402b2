internal import DualChecker
internal import Foundation
internal import StudentModels
internal import TeacherProtocol
internal import Tokenization
internal import TwoStage
internal import DistillationConfiguration

extension LabelsAlike {
  /// Refuses answers that a model folder's tokenizer can't tell apart, before anything is loaded or asked: those that its
  /// normalizer makes one, or of which it knows no letter.
  ///
  /// - Throws: `StudentError.labelsAlike`.
  static func refuse(_ labels: LabelSet, in model: String) throws {
    // What is wrong with a tokenizer is said where the whole folder is read.
    guard let tokenizer = try? Tokenizer.ofModel(URL(filePath: model)) else { return }
    let answers = labels.labels.map(\.answer)
    // As they stand in an answer: behind other text, and with a mark behind them.
    let spelled = answers.map { tokenizer.encode(" \($0).", addingSpecialTokens: false) }
    for (second, tokens) in spelled.enumerated() {
      if let first = spelled[..<second].firstIndex(of: tokens) {
        throw StudentError.labelsAlike(answers[first], answers[second])
      }
    }
  }

  /// Refuses labels of a run whose student scores them as words.
  ///
  /// - Throws: `StudentError.labelsAlike`, or the error of the labels.
  static func refuse(_ run: RunConfiguration) throws {
    guard let path = run.student.model else { return }
    try refuse(run.labelSet(), in: path)
  }

  /// Refuses labels of a run of DualChecker whose student is a decoder, which scores them as words; encoders have a class
  /// for each, and spans are no answers.
  ///
  /// - Throws: `StudentError.labelsAlike`, or the error of the labels.
  static func refuse(_ run: DualCheckerConfiguration) throws {
    for teacher in [run.teacher, run.second].compactMap(\.self) where teacher.kind == .model {
      try refuse(run.task.task().labels, in: teacher.model.model)
    }
    guard run.student.kind == .decoder, run.task.kind != .spans, let path = run.student.model else { return }
    try refuse(run.task.task().labels, in: path)
  }
}
