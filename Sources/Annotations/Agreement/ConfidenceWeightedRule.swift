internal import TeacherProtocol

/// Agreed where one label's votes together are surer than those of every other, by a lead.
///
/// A vote weighs its confidence. The lead of a label is its weight less the next label's, as a share of all weight: two
/// votes of 0.9 against one of 0.6 lead by (1.8 - 0.6) / 2.4 = 0.5. Votes for one label agree whatever their weights.
///
/// Confidences of different teachers are compared as they are. Where one teacher is always sure of itself, calibrate it
/// first, or it outvotes the others.
public struct ConfidenceWeightedRule: AgreementRule, Equatable {
  /// The least lead, above 0 and at most 1. The default is 0.5.
  package var lead: Double
  /// Fewer votes than this are no verdict. The default is 2.
  package var minimumVotes: Int
  /// What a vote without a confidence weighs, 0...1. The default is 0.5.
  package var unknownConfidence: Double

  /// The rule.
  ///
  /// - Precondition: the lead is above 0 and at most 1, `minimumVotes` is positive, the unknown confidence within 0...1.
  public init(lead: Double = 0.5, minimumVotes: Int = 2, unknownConfidence: Double = 0.5) {
    precondition(
      lead > 0 && lead <= 1 && minimumVotes > 0 && (0...1).contains(unknownConfidence),
      "ConfidenceWeightedRule: lead \(lead), minimumVotes \(minimumVotes) or confidence \(unknownConfidence) out of range"
    )
    self.lead = lead
    self.minimumVotes = minimumVotes
    self.unknownConfidence = unknownConfidence
  }

  /// Agreed where one label leads far enough.
  public func verdict(on votes: [Vote]) -> Verdict {
    guard let first = votes.first, votes.count >= minimumVotes else { return .noVote }
    if votes.allSatisfy({ $0.label == first.label }) { return .agreed(first.label) }
    // Sums are taken in the order of their terms' size, so that the order of the votes leaves no trace in them.
    let weights = Dictionary(grouping: votes, by: \.label)
      .mapValues { $0.map { $0.confidence?.value ?? unknownConfidence }.sorted().reduce(0, +) }
    let ranked = weights.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let total = ranked.reduce(0) { $0 + $1.value }
    // A lead worked out in decimals, such as 0.5, must not fail by a rounding of the last digit.
    return total > 0 && (ranked[0].value - ranked[1].value) / total >= lead - 1e-12 ? .agreed(ranked[0].key) : .conflict
  }
}
