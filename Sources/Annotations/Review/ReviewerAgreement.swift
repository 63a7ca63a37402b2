internal import Wording

/// How far people agree on the items to which two or more of them gave a label.
///
/// `ReviewerAgreement(entries)?.text` is "people agree in 75.0 % of the pairs of labels on 4 items with two or more, ...".
package struct ReviewerAgreement: Sendable, Equatable, Codable {
  /// Items with two labels or more, by different people.
  package var items: Int
  /// The share of equal ones among all pairs of labels of one item, 0...1.
  package var share: Double
  /// Krippendorff's alpha for labels without an order: agreement beyond what chance gives, 1 for all of it. Nil where all gave
  /// one label.
  package var alpha: Double?

  /// The agreement of decisions that stand; nil where no item has two labels.
  ///
  /// - Parameter items: the items that count; nil for all. The default is nil.
  package init?(_ entries: [ReviewEntry], items counted: Set<String>? = nil) {
    let labelled = entries.filter { $0.label != nil && counted?.contains($0.item) ?? true }
    let votes = Dictionary(grouping: labelled, by: \.item).filter { $0.value.count > 1 }
      .sorted { $0.key < $1.key }.map { $0.value.map(\.label) }
    guard !votes.isEmpty else { return nil }
    var (pairs, equal) = (0, 0)
    for row in votes {
      pairs += row.count * (row.count - 1) / 2
      equal += Dictionary(row.map { ($0, 1) }, uniquingKeysWith: +).values.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
    }
    (items, share) = (votes.count, Double(equal) / Double(pairs))
    alpha = AgreementBeyondChance.krippendorffAlpha(votes)
  }

  /// The figures in a clause.
  package var text: String {
    let beyond = alpha.map { "Krippendorff's alpha \(NumberText.fixed($0, digits: 2))" } ?? "one label alone was given"
    return "people agree in \(NumberText.fixed(100 * share, digits: 1)) % of the pairs of labels on "
      + "\(NumberText.counted(items, "item")) with two or more (\(beyond))"
  }
}
