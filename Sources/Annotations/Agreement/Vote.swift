public import TeacherProtocol

/// One teacher's label on one item. Who abstained, refused or can't be read has no vote.
public struct Vote: Sendable, Equatable, Codable {
  /// Who votes.
  public var teacher: String
  /// For which label.
  public var label: String
  /// How sure.
  public var confidence: Confidence?

  /// A vote.
  public init(teacher: String, label: String, confidence: Confidence? = nil) {
    self.teacher = teacher
    self.label = label
    self.confidence = confidence
  }
}

/// What the votes on one item amount to.
public enum Verdict: Sendable, Equatable {
  /// The teachers agree on a label, which becomes the item's pseudo-label.
  case agreed(String)
  /// They do not: a candidate for a human label.
  case conflict
  /// Too few voted to say either.
  case noVote
}
