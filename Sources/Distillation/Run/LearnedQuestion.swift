package import Evaluation
internal import Foundation
package import ImageDecoding
package import TeacherProtocol
internal import DistillationConfiguration

/// What a run's student learns to answer, and how it is asked.
package struct LearnedQuestion: Sendable {
  /// What clients call it: see `RunConfiguration.questionName`.
  package let name: String
  package let prompt: PromptTemplate
  package let labels: LabelSet
  /// Which field of an item is which.
  package let mapping: FieldMapping
  /// Makes pixels of the images.
  package let decoder: ImageDecoder
  /// What corrects the student's probabilities; nil where the run has none.
  package let calibration: StudentCalibration?
}

extension DistillationRun {
  /// What the student learns to answer.
  ///
  /// - Throws: the error of the prompt or of the labels; `RunFileError` for a calibration that can't be read, and
  ///   ``RunError/notARun(_:_:)`` for one of other labels or of another adapter.
  package func learnedQuestion() throws -> LearnedQuestion {
    let labels = try configuration.labelSet()
    let file = folder.appending(path: "calibration.json")
    let calibration =
      FileManager.default.fileExists(atPath: file.path) ? try StudentCalibration(contentsOf: file) : nil
    if let calibration, calibration.labels != labels.names {
      throw RunError.notARun(
        folder.path,
        "its calibration.json is for the labels \(calibration.labels.joined(separator: ", ")), and the run has "
          + "\(labels.names.joined(separator: ", "))")
    }
    if let known = calibration?.adapter, let adapter = try? lastAdapter(),
      try known != digest(of: adapter.appending(path: "adapter_model.safetensors"))
    {
      throw RunError.notARun(
        folder.path, "its calibration.json was learned from another student; carry the run's step evaluate out again")
    }
    return LearnedQuestion(
      name: configuration.questionName, prompt: try PromptTemplate(configuration.prompt), labels: labels,
      mapping: configuration.data.mapping, decoder: configuration.data.readPixels.decoder, calibration: calibration)
  }
}
