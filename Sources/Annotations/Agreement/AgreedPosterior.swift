internal import Foundation
internal import TeacherProtocol

/// How probable each label is of an item on which the teachers agree, by their votes and by what people said of the conflicts.
///
/// Dawid and Skene's model (``DawidSkene``) takes teachers to err independently of each other. Real ones find the same items hard, so
/// that it is too sure of what they agree on: it expected one wrong label among 423 where one among 15 was wrong. Here some
/// items are hard, and votes on them are worth no more than chance:
///
///     p(label) = (1 - h) DawidSkene(label) + h / labels
///
/// The share h of hard items among the conflicts is the one that makes the labels that people gave there most probable. By chance
/// t votes for one of k labels are all the same in k^(1 - t) of the cases, so that the hard conflicts say how many agreed items are hard.
///
/// ```swift
/// let judgements = run.judgements(by: UnanimousRule())
/// let posterior = AgreedPosterior(judgements, truth: ["7": "pristine", "12": "falsified"])
/// posterior.probabilities(of: judgements[0])  // ["falsified": 0.03, "pristine": 0.97]
/// ```
///
/// Fewer than three teachers do not determine the model: then the label that they agree on is certain.
package struct AgreedPosterior: Sendable {
  private let fit: DawidSkene?
  /// The share of hard items among the agreed ones, in 0...1.
  package let hardShare: Double

  /// Learns from votes, and from the truth of some of the conflicts.
  ///
  /// - Parameter truth: item -> label, of items that people labelled; those on which the votes agree are passed over.
  package init(_ table: VoteTable, truth: [String: String]) {
    guard table.teachers.count > 2 else {
      (fit, hardShare) = (nil, 0)
      return
    }
    let fit = DawidSkene(table)
    self.fit = fit
    let labels = Double(fit.labels.count)
    var (agreed, chance) = (0.0, 0.0)
    var known: [Double] = []
    for (item, row) in zip(table.items, table.votes) {
      let votes = row.compactMap(\.self)
      guard votes.count > 1 else { continue }
      guard Set(votes).count > 1 else {
        agreed += 1
        continue
      }
      let alike = pow(labels, Double(1 - votes.count))
      chance += alike / (1 - alike)
      if let place = truth[item].flatMap(fit.labels.firstIndex), let posterior = fit.posterior(of: row) {
        known.append(posterior[place])
      }
    }
    let hard = Self.hardShare(known, chance: 1 / max(1, labels))
    hardShare = agreed > 0 ? min(1, hard * chance / agreed) : 0
  }

  /// The same from the votes among judgements.
  package init(_ judgements: [Judgement], truth: [String: String]) {
    self.init(VoteTable(judgements), truth: truth)
  }

  /// The probability of each label of an agreed item, which add up to 1; empty for an item without votes.
  package func probabilities(of judgement: Judgement) -> [String: Double] {
    guard let fit else { return judgement.label.map { [$0: 1] } ?? [:] }
    let votes = judgement.annotations.compactMap(\.vote)
    return probabilities(of: VoteTable(teachers: fit.teachers, items: [judgement.item.id], [votes]).votes[0])
  }

  /// The same of one vote or nil for each teacher; empty where fewer than three teachers are known.
  ///
  /// - Precondition: as many as there are teachers.
  package func probabilities(of votes: [String?]) -> [String: Double] {
    guard let fit, let posterior = fit.posterior(of: votes) else { return [:] }
    let chance = hardShare / Double(posterior.count)
    return Dictionary(uniqueKeysWithValues: zip(fit.labels, posterior.map { (1 - hardShare) * $0 + chance }))
  }

  /// The share of chance that makes the truth most probable.
  ///
  /// - Parameter known: the model's probability of the true label of each item.
  private static func hardShare(_ known: [Double], chance: Double) -> Double {
    // An order of their own, as sums depend on theirs in the last digits.
    let known = known.sorted()
    // The log-likelihood is concave, so that its slope changes its sign once at most: halve the interval.
    func slope(_ share: Double) -> Double {
      known.reduce(0) { $0 + (chance - $1) / max((1 - share) * $1 + share * chance, 1e-12) }
    }
    if known.isEmpty || slope(0) <= 0 { return 0 }
    if slope(1) >= 0 { return 1 }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if slope(middle) > 0 { low = middle } else { high = middle }
    }
    return low
  }
}
