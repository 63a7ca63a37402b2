/// Agreed where the votes, weighed by how reliable each teacher was found to be, make one label probable enough.
///
/// ```swift
/// let rule = DawidSkeneRule(DawidSkene(run.votes), minimumProbability: 0.9)
/// run.judgements(by: rule)
/// ```
///
/// The reliabilities come from all votes together, so the rule is made after the teachers have answered; it is then a
/// function of the votes on one item like any other. Votes for one label agree whatever their probability. Votes of
/// teachers that were not fitted, and for labels without a vote then, have no weight.
public struct DawidSkeneRule: AgreementRule, Equatable {
  /// What is known of the teachers.
  package let fit: DawidSkene
  /// The least probability of the label, above 0 and at most 1. The default is 0.9.
  package var minimumProbability: Double
  /// Fewer votes than this are no verdict. The default is 2.
  package var minimumVotes: Int
  private let columns: [String: Int]

  /// The rule.
  ///
  /// - Precondition: the probability is above 0 and at most 1, `minimumVotes` is positive.
  public init(_ fit: DawidSkene, minimumProbability: Double = 0.9, minimumVotes: Int = 2) {
    precondition(
      minimumProbability > 0 && minimumProbability <= 1 && minimumVotes > 0,
      "DawidSkeneRule: probability \(minimumProbability) or minimumVotes \(minimumVotes) out of range")
    self.fit = fit
    self.minimumProbability = minimumProbability
    self.minimumVotes = minimumVotes
    columns = Dictionary(fit.teachers.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Agreed where the most probable label that was voted for is probable enough.
  public func verdict(on votes: [Vote]) -> Verdict {
    guard let first = votes.first, votes.count >= minimumVotes else { return .noVote }
    if votes.allSatisfy({ $0.label == first.label }) { return .agreed(first.label) }
    var row = [String?](repeating: nil, count: fit.teachers.count)
    for vote in votes {
      if let column = columns[vote.teacher] { row[column] = vote.label }
    }
    guard let posterior = fit.posterior(of: row) else { return .conflict }
    let cast = Set(votes.map(\.label))
    // The first of equals, so that the order of the votes does not matter.
    var best: (label: String, probability: Double)?
    for (label, probability) in zip(fit.labels, posterior) where cast.contains(label) {
      if probability > best?.probability ?? 0 { best = (label, probability) }
    }
    guard let best, best.probability >= minimumProbability else { return .conflict }
    return .agreed(best.label)
  }
}
