internal import TeacherProtocol

/// Agreed where all votes lie within a distance of each other, for labels that are levels.
///
/// ```swift
/// let rule = LevelDistanceRule(levels: ["low", "middle", "high"], distance: 1)
/// rule.verdict(on: [Vote(teacher: "a", label: "low"), Vote(teacher: "b", label: "high")])   // .conflict
/// ```
///
/// The agreed label is the median of the votes. Of an even number of votes with two levels in the middle, the half that is
/// surer decides: the sum of its confidences, where a vote without one counts as `unknownConfidence`; of equally sure halves
/// the lower level counts. Votes for one label agree, whether or not it is a level; other votes for what is no level conflict.
public struct LevelDistanceRule: AgreementRule, Equatable {
  /// The labels from the lowest level to the highest.
  package let levels: [String]
  /// The largest distance between two votes on an agreed item, in levels. The default is 1: adjacent levels agree.
  package var distance: Int
  /// Fewer votes than this are no verdict. The default is 2.
  package var minimumVotes: Int
  /// What a vote without a confidence counts as, 0...1. The default is 0.5.
  package var unknownConfidence: Double
  private let places: [String: Int]

  /// The rule.
  ///
  /// - Precondition: no level comes twice, the distance is not negative, `minimumVotes` is positive, the unknown confidence
  ///   within 0...1.
  public init(levels: [String], distance: Int = 1, minimumVotes: Int = 2, unknownConfidence: Double = 0.5) {
    precondition(Set(levels).count == levels.count, "LevelDistanceRule: \(levels) name a level twice")
    precondition(
      distance >= 0 && minimumVotes > 0 && (0...1).contains(unknownConfidence),
      "LevelDistanceRule: distance \(distance), minimumVotes \(minimumVotes) or confidence \(unknownConfidence) out of range"
    )
    (self.levels, self.distance, self.minimumVotes) = (levels, distance, minimumVotes)
    self.unknownConfidence = unknownConfidence
    places = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1, $0) })
  }

  /// Agreed on the median where the lowest and the highest vote are near enough.
  public func verdict(on votes: [Vote]) -> Verdict {
    guard let first = votes.first, votes.count >= minimumVotes else { return .noVote }
    if votes.allSatisfy({ $0.label == first.label }) { return .agreed(first.label) }
    let placed = votes.compactMap { vote in
      places[vote.label].map { (level: $0, confidence: vote.confidence?.value ?? unknownConfidence) }
    }.sorted { ($0.level, $0.confidence) < ($1.level, $1.confidence) }
    guard placed.count == votes.count, placed[placed.count - 1].level - placed[0].level <= distance else {
      return .conflict
    }
    let half = placed.count / 2
    let upper = placed[half].level
    guard placed.count.isMultiple(of: 2), placed[half - 1].level != upper else { return .agreed(levels[upper]) }
    // Both sums have their terms in an order of their own, so that the order of the votes leaves no trace.
    let sureness = [placed[..<half], placed[half...]].map { part in part.reduce(0) { $0 + $1.confidence } }
    return .agreed(levels[sureness[1] - sureness[0] > 1e-12 ? upper : placed[half - 1].level])
  }
}
