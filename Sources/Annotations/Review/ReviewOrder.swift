import ContentDigest
import Foundation
import TeacherProtocol

/// Which conflicts a person should see first, where the budget does not reach for all.
///
/// An order returns every conflict once, and the same order for the same conflicts in whichever order they come.
/// ``ReviewOrderCheck`` tries a conformer out.
public protocol ReviewOrder: Sendable {
  /// The conflicts, the one to label first in front.
  func ordered(_ conflicts: [Conflict]) -> [Conflict]
}

/// A fair draw.
public struct RandomOrder: ReviewOrder, Equatable {
  /// Another seed is another draw.
  package var seed: UInt64

  /// A draw. It orders by a hash of seed and id, so it does not depend on the order in which conflicts come.
  public init(seed: UInt64) { self.seed = seed }

  /// The conflicts in the order of the draw.
  public func ordered(_ conflicts: [Conflict]) -> [Conflict] {
    order(conflicts, seed: seed) { _ in 0 }
  }
}

/// Conflicts first where teachers are divided and sure of it: disagreement x confidence.
///
/// Disagreement is the entropy of the vote shares in bits divided by that of as many votes all different (0...1), so two
/// against two comes before three against one. Confidence is the mean over the votes; a vote without one counts as
/// `unknownConfidence`. Sure teachers that contradict each other leave one of them surely wrong, and the item has
/// something to teach; unsure ones may both have guessed. Equals come in the order of a hash of their id.
///
/// Of labels that are levels the disagreement is their spread: the mean distance between two votes, as a share of that of as
/// many votes of which one half is for the lowest level and the other for the highest. So the conflict of a low and a high
/// vote comes before that of two neighbours.
public struct DisagreementConfidenceOrder: ReviewOrder, Equatable {
  /// What a vote without a confidence counts as, 0...1. The default is 0.5.
  package var unknownConfidence: Double
  /// The labels from the lowest level to the highest; nil for labels without an order.
  package var levels: [String]?

  /// The order.
  ///
  /// - Parameter levels: the labels from the lowest level to the highest. The default is nil: they have no order.
  /// - Precondition: `unknownConfidence` is within 0...1, no level comes twice.
  public init(unknownConfidence: Double = 0.5, levels: [String]? = nil) {
    precondition((0...1).contains(unknownConfidence), "DisagreementConfidenceOrder: \(unknownConfidence) not in 0...1")
    precondition(
      levels.map { Set($0).count == $0.count } ?? true, "DisagreementConfidenceOrder: a level twice in \(levels ?? [])")
    (self.unknownConfidence, self.levels) = (unknownConfidence, levels)
  }

  /// The conflicts, the most divided and surest first.
  public func ordered(_ conflicts: [Conflict]) -> [Conflict] { order(conflicts, seed: 0, by: score) }

  /// Disagreement x confidence of one conflict, 0...1.
  package func score(_ conflict: Conflict) -> Double {
    let votes = conflict.votes
    guard votes.count > 1 else { return 0 }
    let confidence = votes.map { $0.confidence?.value ?? unknownConfidence }.reduce(0, +) / Double(votes.count)
    return (spread(of: votes) ?? division(of: votes)) * confidence
  }

  /// The entropy of the vote shares, as a share of the largest.
  private func division(of votes: [Vote]) -> Double {
    entropy(votes.counts.values.sorted().map { Double($0) / Double(votes.count) }) / log2(Double(votes.count))
  }

  /// The sum of the distances between any two votes, as a share of the largest; nil for labels without an order, and for a
  /// vote that is no level.
  private func spread(of votes: [Vote]) -> Double? {
    guard let levels, levels.count > 1 else { return nil }
    let places = votes.compactMap { levels.firstIndex(of: $0.label) }.sorted()
    guard places.count == votes.count else { return nil }
    // In order, the vote at place i is farther than i votes and nearer than the others.
    let apart = places.enumerated().reduce(0) { $0 + $1.element * (2 * $1.offset + 1 - places.count) }
    return Double(apart) / Double((levels.count - 1) * (places.count / 2) * ((places.count + 1) / 2))
  }
}

/// Conflicts first on which the student is undecided.
package struct UncertaintyOrder: ReviewOrder {
  /// Item -> label -> probability given by the student; items that are not there come last.
  package var probabilities: [String: [String: Double]]

  /// The order by these probabilities.
  package init(probabilities: [String: [String: Double]]) { self.probabilities = probabilities }

  /// The conflicts, the highest entropy of the student's probabilities first.
  package func ordered(_ conflicts: [Conflict]) -> [Conflict] {
    order(conflicts, seed: 0) { conflict in
      probabilities[conflict.item.id].map { entropy($0.values.sorted()) } ?? -1
    }
  }
}

/// Entropy in bits of shares that add up to 1, summed in the order given.
private func entropy(_ shares: [Double]) -> Double {
  shares.reduce(0) { $1 > 0 ? $0 - $1 * log2($1) : $0 }
}

/// The highest score first; equals by a hash of seed and id.
func order(_ conflicts: [Conflict], seed: UInt64, by score: (Conflict) -> Double) -> [Conflict] {
  conflicts.map { (score: score($0), tie: ContentDigest.of(fields: ["\(seed)", $0.item.id]), conflict: $0) }
    .sorted { ($1.score, $0.tie) < ($0.score, $1.tie) }
    .map(\.conflict)
}

/// Tries a review order out: what every conformer of ``ReviewOrder`` must keep, checked from outside.
public struct ReviewOrderCheck: Sendable {
  /// The conflicts that are ordered.
  package let conflicts: [Conflict]

  /// A check with these conflicts.
  public init(conflicts: [Conflict]) { self.conflicts = conflicts }

  /// The order's faults: it loses or doubles a conflict, changes one, or depends on the order in which they come.
  public func problems(of order: some ReviewOrder) -> [String] {
    let ordered = order.ordered(conflicts)
    var problems: [String] = []
    if ordered.map(\.item.id).sorted() != conflicts.map(\.item.id).sorted() {
      problems.append("\(conflicts.count) conflicts came back as \(ordered.count), or as others")
    } else if ordered.contains(where: { !conflicts.contains($0) }) {
      problems.append("a conflict was changed")
    }
    if order.ordered(conflicts.reversed()) != ordered { problems.append("it depends on the order of the conflicts") }
    if !order.ordered([]).isEmpty { problems.append("no conflicts become some") }
    return problems
  }
}
