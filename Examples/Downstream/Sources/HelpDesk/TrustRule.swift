import Annotations

/// An agreement rule of our own: some teachers are trusted more than others.
///
/// The teachers agree where the trust behind one label is at least `ratio` times the trust behind all others together.
public struct TrustRule: AgreementRule {
  private let trust: [String: Double]
  private let ratio: Double

  /// A rule.
  ///
  /// - Parameters:
  ///   - trust: weight of each teacher's vote; who is not named weighs 1.
  ///   - ratio: how much stronger than the others together a label must be, above 1. The default is 2.
  public init(trust: [String: Double], ratio: Double = 2) {
    precondition(ratio > 1, "TrustRule: a ratio of \(ratio) would let two labels win")
    self.trust = trust
    self.ratio = ratio
  }

  /// The verdict on an item.
  public func verdict(on votes: [Vote]) -> Verdict {
    // Added up in the teachers' order, not that of the votes: sums of floating-point numbers depend on theirs.
    let ordered = votes.sorted { $0.teacher < $1.teacher }
    let weights = ordered.map { (label: $0.label, weight: trust[$0.teacher] ?? 1) }
    guard !weights.isEmpty else { return .noVote }
    for label in Set(weights.map(\.label)).sorted() {
      let forIt = weights.reduce(0) { $0 + ($1.label == label ? $1.weight : 0) }
      let against = weights.reduce(0) { $0 + ($1.label == label ? 0 : $1.weight) }
      if forIt >= ratio * against { return .agreed(label) }
    }
    return .conflict
  }
}
