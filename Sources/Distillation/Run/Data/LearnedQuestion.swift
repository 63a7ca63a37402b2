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
  /// What the prompt says beside an item's fields.
  package var fixed = FixedSlots()
  /// The whole answer of each label, where the student's labels are compared by these; nil where they are by the answers'
  /// beginnings.
  package var wholeAnswers: [String]?
}

extension DistillationRun {
  /// What the student learns to answer.
  ///
  /// - Throws: the error of the prompt or of the labels; `RunFileError` for a calibration that can't be read, and
  ///   ``RunError/unusableFile(_:_:)`` for one of other labels or of another adapter, ``RunError/unfinished(_:lacks:)`` where
  ///   the student is not trained.
  package func learnedQuestion() throws -> LearnedQuestion {
    let labels = try configuration.labelSet()
    // A server's client sees no message.
    let calibration = try confidence(adapter: lastAdapter()).ownCalibration()
    return LearnedQuestion(
      name: configuration.questionName, prompt: try PromptTemplate(configuration.prompt), labels: labels,
      mapping: configuration.data.mapping, decoder: configuration.data.readPixels.decoder,
      calibration: calibration)
  }
}
