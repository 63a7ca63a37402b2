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

/// Conflicts of all ways in which votes differ, each way by the square root of how many there are of it.
///
/// A way is who voted for what. Most conflicts are often of one way in which the teachers' majority is right, so that a fair
/// draw spends most labels on it; here the rare ways, in which the teachers are wrong more often, have more than their share,
/// and the frequent ones still most. Square roots are the allocation between shares and turns (Bankier 1988, "Power
/// allocations"). Within a way the order is a fair draw.
public struct VotePatternOrder: ReviewOrder, Equatable {
  /// Another seed is another draw.
  package var seed: UInt64

  /// The order with a draw of this seed.
  public init(seed: UInt64) { self.seed = seed }

  /// The conflicts: the k-th of a way with n of them stands at (k - 1/2) / sqrt(n), the lowest first.
  public func ordered(_ conflicts: [Conflict]) -> [Conflict] {
    var ways: [[String: String]: [Conflict]] = [:]
    for conflict in RandomOrder(seed: seed).ordered(conflicts) {
      ways[conflict.labelOfTeacher, default: []].append(conflict)
    }
    var places: [String: Double] = [:]
    for (_, way) in ways {
      for (place, conflict) in way.enumerated() {
        places[conflict.item.id] = (Double(place) + 0.5) / Double(way.count).squareRoot()
      }
    }
    return order(conflicts, seed: seed) { -places[$0.item.id, default: 0] }
  }
}

extension Conflict {
  /// Teacher -> the label of its vote.
  var labelOfTeacher: [String: String] {
    Dictionary(votes.map { ($0.teacher, $0.label) }) { first, _ in first }
  }
}
