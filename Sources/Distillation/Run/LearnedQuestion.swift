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
}

extension DistillationRun {
  /// What the student learns to answer.
  ///
  /// - Throws: the error of the prompt or of the labels.
  package func learnedQuestion() throws -> LearnedQuestion {
    LearnedQuestion(
      name: configuration.questionName, prompt: try PromptTemplate(configuration.prompt),
      labels: try configuration.labelSet(), mapping: configuration.data.mapping,
      decoder: configuration.data.readPixels.decoder)
  }
}
