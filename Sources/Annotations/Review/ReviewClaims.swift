/// Who has which items before them, in this process.
struct ReviewClaims {
  private let lease: Duration
  private var held: [ReviewClaim: ContinuousClock.Instant] = [:]

  /// - Parameter lease: how long a claim stands that is not renewed.
  init(lease: Duration) { self.lease = lease }

  /// As ``DecisionLog/claim(firstOf:for:opinions:)`` over these decisions.
  mutating func claim(
    firstOf items: [String], for reviewer: String, opinions: Int, over entries: [ReviewEntry],
    at now: ContinuousClock.Instant
  ) -> String? {
    var others: [String: Set<String>] = [:]
    for entry in entries where entry.label != nil && entry.reviewer != reviewer {
      others[entry.item, default: []].insert(entry.reviewer)
    }
    for claim in standing(at: now) where claim.reviewer != reviewer {
      others[claim.item, default: []].insert(claim.reviewer)
    }
    guard let item = items.first(where: { (others[$0]?.count ?? 0) < opinions }) else { return nil }
    held[ReviewClaim(item: item, reviewer: reviewer)] = now + lease
    return item
  }

  /// Ends a claim.
  mutating func release(_ item: String, by reviewer: String) {
    held[ReviewClaim(item: item, reviewer: reviewer)] = nil
  }

  /// The claims that have not expired.
  mutating func standing(at now: ContinuousClock.Instant) -> [ReviewClaim] {
    held = held.filter { $0.value > now }
    return held.keys.sorted { ($0.item, $0.reviewer) < ($1.item, $1.reviewer) }
  }
}
