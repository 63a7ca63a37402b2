internal import ConfigurationFiles
package import TeacherProtocol

extension RunConfiguration {
  /// The labels as the words side takes them: answers and meanings without their full stop, which templates set.
  package func labelSet() throws -> LabelSet { try LabelSet(spelledLabels, positive: positive) }

  /// The labels with sentences that may go on.
  var spelledLabels: [LabelSet.Label] {
    func open(_ sentence: String) -> String {
      sentence.count > 1 && sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
    }
    return labels.map {
      .init(name: $0.name, answer: open($0.answer), meaning: open($0.meaning), aliases: $0.aliases)
    }
  }
}
