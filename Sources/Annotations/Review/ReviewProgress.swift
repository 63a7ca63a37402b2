/// How far several people have come with a queue of items.
package struct ReviewProgress: Sendable {
  /// Labels that were given, for no item more than are wanted.
  package let labels: Int
  /// Items with fewer labels than are wanted.
  package let open: Int
  /// The agreement of those who gave a label to the same items; nil where there is none.
  package let agreement: ReviewerAgreement?
  private let wanting: Set<String>
  private let entries: [ReviewEntry]
  private let claims: [ReviewClaim]

  /// - Parameters:
  ///   - items: the queue.
  ///   - opinions: how many people decide each item.
  ///   - entries: the decisions that stand.
  ///   - claims: who has what before them.
  package init(items: [String], opinions: Int, entries: [ReviewEntry], claims: [ReviewClaim]) {
    let given = entries.opinions
    wanting = Set(items.filter { given[$0, default: 0] < opinions })
    labels = items.reduce(0) { $0 + min(given[$1, default: 0], opinions) }
    open = wanting.count
    agreement = ReviewerAgreement(entries, items: Set(items))
    (self.entries, self.claims) = (entries, claims)
  }

  /// The others who have items before them that this person could decide if they let them go, and how many each.
  package func others(than reviewer: String) -> [(reviewer: String, items: Int)] {
    let own = Set(entries.filter { $0.reviewer == reviewer }.map(\.item))
    let held = claims.filter { $0.reviewer != reviewer && wanting.contains($0.item) && !own.contains($0.item) }
    return Dictionary(held.map { ($0.reviewer, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
      .map { (reviewer: $0.key, items: $0.value) }
  }
}
