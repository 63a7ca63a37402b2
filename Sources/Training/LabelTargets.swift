/// What is learned of the label that an answer begins with.
public enum LabelTargets: String, Sendable, CaseIterable {
  /// The label itself.
  case hard
  /// The probability of every label, by how sure the teachers are: ``SoftTarget``.
  case soft
}
