internal import ContentDigest
internal import DualChecker
internal import DistillationConfiguration
internal import Foundation
internal import ImageDecoding
internal import TeacherProtocol

/// A student of spans was asked for what it has not: a probability for each label.
package struct NoLabelProbabilities: Error, Sendable, Equatable, CustomStringConvertible {
  /// The run's folder.
  package let folder: String

  /// The fault with what is there.
  package var description: String {
    "\(folder): the run's student marks spans (task.kind: spans) and gives no probability for each label, so it has no typed "
      + "question, no calibration, no threshold and no decision rows; distill predict gives its spans"
  }
}

extension DualCheckerRun {
  /// The task of a run whose student has a probability for each label.
  ///
  /// - Throws: ``NoLabelProbabilities`` for a task of spans.
  func taskOfClasses() throws -> LabellingTask {
    let task = try configuration.task.task()
    guard task.kind != .spans else { throw NoLabelProbabilities(folder: folder.path) }
    return task
  }

  /// Refuses a run whose student has no probability for each label.
  ///
  /// - Throws: ``NoLabelProbabilities`` for a task of spans.
  package func refuseSpans() throws { _ = try taskOfClasses() }

  /// What the student learns to answer. An encoder reads the text alone; a decoder is asked the question as it stands in the
  /// configuration.
  ///
  /// - Throws: ``NoLabelProbabilities`` for a task of spans; `RunFileError` for a calibration that can't be read, and
  ///   ``RunError/unusableFile(_:_:)`` for one of another student or of another question.
  package func learnedQuestion() throws -> LearnedQuestion {
    let task = try taskOfClasses()
    let template = LabellingTemplate(instructions: configuration.task.instructions)
    let isDecoder = configuration.student.kind == .decoder
    var slots = template.plainSlots(for: task)
    if !isDecoder { slots = FixedSlots(["instructions": slots.fields["instructions"] ?? ""]) }
    return LearnedQuestion(
      name: configuration.questionName,
      prompt: try PromptTemplate(isDecoder ? template.layout : "{instructions}\n\n{text}"),
      labels: task.labels, mapping: readMapping, decoder: ImageDecoder(),
      calibration: try confidence(task).ownCalibration(),
      fixed: slots,
      wholeAnswers: isDecoder ? try task.names.map { try task.written(.label($0), about: "") } : nil)
  }

  /// What the run knows of its student's probabilities.
  func confidence(_ task: LabellingTask) -> ConfidenceFiles {
    ConfidenceFiles(
      folder: folder, weights: studentWeights, findBase: findBase, question: questionDigest(task), labels: task.names,
      reporter: reporter)
  }

  /// The digest of the decoder that the adapter is put on; nil for an encoder, which is trained whole.
  private func findBase() throws -> String? {
    guard configuration.student.kind == .decoder, let path = configuration.student.model,
      FileManager.default.fileExists(atPath: path)
    else { return nil }
    return try FileDigests(cache: nil).digest(ofModel: URL(filePath: path))
  }

  /// The digest of what the student is asked with, beside an item's text.
  private func questionDigest(_ task: LabellingTask) -> String {
    let isDecoder = configuration.student.kind == .decoder
    let thinking = configuration.student.thinking.map { ["thinking \($0)"] } ?? []
    let asked = isDecoder ? configuration.task.instructions + task.labels.labels.map(\.answer) + thinking : []
    return ContentDigest.of(fields: ["question", configuration.student.kind.rawValue] + task.names + asked)
  }
}
