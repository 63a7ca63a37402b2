internal import TeacherProtocol

/// Conflicts first of which the teachers' votes leave the true label most open, by Dawid and Skene's model.
///
/// A label in hand for an item corrects the most probable label by the votes as often as that is wrong: 1 less its
/// probability, the expected error. The model takes teachers to err independently of each other, and its probabilities are
/// too high where they don't; the order suffers less from it than the figures do.
public struct ExpectedErrorOrder: ReviewOrder {
  private let fit: DawidSkene

  /// The order by a fit to the votes on all items.
  public init(_ fit: DawidSkene) { self.fit = fit }

  /// The conflicts, that with the highest expected error first.
  public func ordered(_ conflicts: [Conflict]) -> [Conflict] { order(conflicts, seed: 0, by: score) }

  /// The expected error of one conflict, 0...1; 1 where the model knows none of its votes.
  package func score(_ conflict: Conflict) -> Double {
    let given = conflict.labelOfTeacher
    return 1 - (fit.label(of: fit.teachers.map { given[$0] })?.probability ?? 0)
  }
}

/// Conflicts by turns: one of each way in which the votes differ, then a second of each, and so on.
///
/// A way is who voted for what. Most conflicts are often of one way in which the teachers' majority is right, so that a fair
/// draw spends most labels on it; by turns the rare ways, in which the teachers are wrong more often, are all seen. Within a
/// turn and a way the order is a fair draw.
public struct VotePatternOrder: ReviewOrder, Equatable {
  /// Another seed is another draw.
  package var seed: UInt64

  /// The order with a draw of this seed.
  public init(seed: UInt64) { self.seed = seed }

  /// The conflicts by turns.
  public func ordered(_ conflicts: [Conflict]) -> [Conflict] {
    var turns: [[String: String]: Int] = [:]
    var turn: [String: Int] = [:]
    for conflict in RandomOrder(seed: seed).ordered(conflicts) {
      turn[conflict.item.id] = turns[conflict.labelOfTeacher, default: 0]
      turns[conflict.labelOfTeacher, default: 0] += 1
    }
    return order(conflicts, seed: seed) { Double(-turn[$0.item.id, default: 0]) }
  }
}

extension Conflict {
  /// Teacher -> the label of its vote.
  var labelOfTeacher: [String: String] {
    Dictionary(votes.map { ($0.teacher, $0.label) }) { first, _ in first }
  }
}
