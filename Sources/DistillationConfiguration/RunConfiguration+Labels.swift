internal import ConfigurationFiles
package import TeacherProtocol

extension RunConfiguration {
  /// What clients of the served or exported student call its question: the key `question`, else the label's column, else
  /// `label`.
  package var questionName: String { question ?? data.fields.label ?? "label" }

  /// The labels as the words side takes them: answers and meanings without their full stop, which templates set.
  package func labelSet() throws -> LabelSet {
    try LabelSet(spelledLabels, positive: positive, ordered: ordered ?? false)
  }

  /// The names of the labels from the lowest level to the highest; nil where they have no order.
  package var levels: [String]? { ordered == true ? labels.map(\.name) : nil }

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
