internal import DistillationConfiguration
internal import Foundation
package import ImageDecoding
package import Layers
internal import LoRA
package import StudentModels
package import TeacherProtocol
internal import Tensor
internal import TwoStage

/// A finished student for those who ask it one item at a time.
package enum ServedStudent: Sendable {
  /// A language model with its adapter.
  case model(any PretrainedStudent)
  /// What gives probabilities and writes nothing: from an item and its images, whose paths are their numbers, to the labels'
  /// probabilities, with the number of tokens read.
  case classifier(@Sendable (Item, [RGBImage]) throws -> (probabilities: [Double], tokens: Int))
}

extension DistillationRun {
  /// The student as far as the run has trained it, whether it writes or compares.
  ///
  /// - Parameter form: of a language model's own weights; nil for the run's.
  /// - Throws: as ``trainedStudent(in:)``, or the error of the prompt or of the labels.
  package func servedStudent(in form: WeightFormat? = nil) throws -> ServedStudent {
    guard plugins.student == nil, try ImageTextMatcher.isFolder(basePath()) else {
      return .model(try trainedStudent(in: form))
    }
    let adapter = try lastAdapter()
    guard var matcher = try loadBase() as? ImageTextMatcher else { throw RunError.noStudent }
    try matcher.loadAdapter(from: adapter)
    let (prompt, labels) = try (PromptTemplate(configuration.prompt), configuration.labelSet())
    return .classifier { [matcher] item, pictures in
      let asked = try prompt.prompt(for: item, labels: labels)
      let images = try asked.images.map { image in
        try matcher.image(pictures[Int(image.path) ?? 0]).at(image.place)
      }
      let question = try matcher.labelQuestion(asked.text, images: images, labels: labels.labels.map(\.answer))
      let answer = try matcher.labelAnswers([question], rationaleTokens: 0)[0]
      return (answer.probabilities, question.tree.prompt.count)
    }
  }
}
