package import DPO
package import Layers
package import TeacherProtocol

/// What a student learns of an item, as text and as tokens.
package struct WrittenTarget: Sendable {
  package let item: Item
  /// The question with its images.
  package let question: Prompt
  /// The answers, in the order of the tree's.
  package let answers: [String]
  package let tree: AnswerTree
}

/// The same where some answers are preferred over others.
package struct WrittenPreference: Sendable {
  package let target: WrittenTarget
  package let tree: PreferenceTree
}
