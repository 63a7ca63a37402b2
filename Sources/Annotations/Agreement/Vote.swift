public import TeacherProtocol

/// One teacher's label on one item. A teacher that abstained, refused or can't be read has no vote.
public struct Vote: Sendable, Equatable, Codable {
  /// The teacher's name.
  public var teacher: String
  /// The name of the label.
  public var label: String
  /// The teacher's confidence; nil if unknown.
  public var confidence: Confidence?

  /// A vote.
  public init(teacher: String, label: String, confidence: Confidence? = nil) {
    self.teacher = teacher
    self.label = label
    self.confidence = confidence
  }
}

extension [Vote] {
  /// How many there are for each label.
  var counts: [String: Int] { Dictionary(map { ($0.label, 1) }, uniquingKeysWith: +) }
}

/// The verdict of an agreement rule on the votes on one item.
public enum Verdict: Sendable, Equatable {
  /// The teachers agree on a label, which becomes the item's pseudo-label.
  case agreed(String)
  /// The teachers do not agree: a candidate for a human label.
  case conflict
  /// Too few votes for either.
  case noVote
}
