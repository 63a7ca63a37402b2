/// Decides whether teachers agree.
///
/// ```swift
/// struct MajorityWithVeto: AgreementRule {            // nothing is agreed against one teacher
///   let veto: String
///   func verdict(on votes: [Vote]) -> Verdict {
///     let verdict = MajorityRule().verdict(on: votes)
///     guard case .agreed(let label) = verdict, let vote = votes.first(where: { $0.teacher == veto }) else { return verdict }
///     return vote.label == label ? verdict : .conflict
///   }
/// }
/// ```
///
/// A rule is a function of the votes on one item and of what it was made with, such as reliabilities estimated over all
/// items. It must not depend on the order of the votes, and an agreed label is one that was voted for. ``AgreementCheck`` tries a conformer out.
public protocol AgreementRule: Sendable {
  /// The verdict on an item, from at most one vote of each teacher.
  func verdict(on votes: [Vote]) -> Verdict
}

/// Agreed where all votes are for one label.
public struct UnanimousRule: AgreementRule, Equatable {
  /// Fewer votes than this are no verdict. The default is 2: a single teacher agrees with itself alone, so its answer is
  /// no pseudo-label. Set 1 for runs with one teacher, or to trust the only one that did not abstain.
  package var minimumVotes: Int

  /// The rule.
  ///
  /// - Precondition: `minimumVotes` is positive.
  public init(minimumVotes: Int = 2) {
    precondition(minimumVotes > 0, "UnanimousRule: minimumVotes must be positive, got \(minimumVotes)")
    self.minimumVotes = minimumVotes
  }

  /// Agreed where all votes are for one label.
  public func verdict(on votes: [Vote]) -> Verdict {
    guard let first = votes.first, votes.count >= minimumVotes else { return .noVote }
    return votes.allSatisfy { $0.label == first.label } ? .agreed(first.label) : .conflict
  }
}

/// Agreed where one label leads every other by a margin of votes.
public struct MajorityRule: AgreementRule, Equatable {
  /// Votes by which the winner leads the next label. The default is 1; ties are conflicts.
  package var margin: Int
  /// Fewer votes than this are no verdict. The default is 2.
  package var minimumVotes: Int

  /// The rule.
  ///
  /// - Precondition: both are positive.
  public init(margin: Int = 1, minimumVotes: Int = 2) {
    precondition(
      margin > 0 && minimumVotes > 0, "MajorityRule: margin \(margin) and minimumVotes \(minimumVotes) must be positive"
    )
    self.margin = margin
    self.minimumVotes = minimumVotes
  }

  /// Agreed where one label leads by the margin.
  public func verdict(on votes: [Vote]) -> Verdict {
    guard votes.count >= minimumVotes else { return .noVote }
    // Equal counts are no lead at all, so the order of labels among them never decides.
    let ranked = votes.counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard let winner = ranked.first else { return .noVote }
    let next = ranked.count > 1 ? ranked[1].value : 0
    return winner.value - next >= margin ? .agreed(winner.key) : .conflict
  }
}
