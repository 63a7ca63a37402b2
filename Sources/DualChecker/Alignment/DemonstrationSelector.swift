public import TeacherProtocol

/// Chooses the examples for an item's prompt from a labelled pool of stated size.
///
/// The gold labels of the pool are the only ones that it knows. ``DemonstrationSelectorCheck`` tries a conformer out.
public protocol DemonstrationSelector: Sendable {
  /// At most `count` different demonstrations, the most useful first, none of the item itself.
  func demonstrations(for item: Item, count: Int) async throws -> [Demonstration]
}

/// No demonstrations: the zero-shot baseline.
public struct NoDemonstrations: DemonstrationSelector {
  /// The baseline.
  public init() {}

  /// None.
  public func demonstrations(for item: Item, count: Int) async throws -> [Demonstration] { [] }
}

/// The demonstrations whose texts are nearest to the item's, by cosine.
public struct NearestDemonstrations: DemonstrationSelector {
  private let pool: EncodedDemonstrations

  /// Encodes a pool.
  ///
  /// - Throws: an error of the encoder.
  public init(_ demonstrations: [Demonstration], encoder: some SentenceEncoder) async throws {
    pool = try await EncodedDemonstrations(demonstrations, encoder: encoder)
  }

  /// The nearest ones, the nearest first; equally near ones in the order of their items' ids.
  public func demonstrations(for item: Item, count: Int) async throws -> [Demonstration] {
    Array(try await pool.ranked(for: item).prefix(max(0, count)))
  }
}

/// The nearest demonstrations of each label in turn, so that no label is missing from the prompt.
///
/// The label of the nearest demonstration comes first, then that of the nearest one with another label, and so on; then
/// the second of each.
public struct LabelBalancedDemonstrations: DemonstrationSelector {
  private let pool: EncodedDemonstrations

  /// Encodes a pool.
  ///
  /// - Throws: an error of the encoder.
  public init(_ demonstrations: [Demonstration], encoder: some SentenceEncoder) async throws {
    pool = try await EncodedDemonstrations(demonstrations, encoder: encoder)
  }

  /// The nearest of each label in turn.
  public func demonstrations(for item: Item, count: Int) async throws -> [Demonstration] {
    var round: [String: Int] = [:]
    let turns = try await pool.ranked(for: item).enumerated().map { rank, demonstration in
      defer { round[demonstration.label, default: 0] += 1 }
      return (turn: round[demonstration.label, default: 0], rank: rank, demonstration: demonstration)
    }
    return turns.sorted { ($0.turn, $0.rank) < ($1.turn, $1.rank) }.prefix(max(0, count)).map(\.demonstration)
  }
}

/// Tries a selector out: what every conformer of ``DemonstrationSelector`` must keep, checked from outside.
public struct DemonstrationSelectorCheck: Sendable {
  /// The items that demonstrations are chosen for.
  package let items: [Item]

  /// A check with these items, some of which should be in the pool.
  public init(items: [Item]) { self.items = items }

  /// The selector's faults: too many, one twice, the item itself, another choice the second time, fewer wanted
  /// ones that are not the first of more.
  public func problems(of selector: some DemonstrationSelector) async throws -> [String] {
    var problems: [String] = []
    for item in items {
      let four = try await selector.demonstrations(for: item, count: 4)
      if four.count > 4 { problems.append("'\(item.id)' has \(four.count) demonstrations where 4 were asked for") }
      if Set(four.map(\.item)).count < four.count { problems.append("'\(item.id)' has a demonstration twice") }
      if four.contains(where: { $0.item == item.id }) { problems.append("'\(item.id)' demonstrates itself") }
      if try await selector.demonstrations(for: item, count: 4) != four {
        problems.append("'\(item.id)' has others the second time")
      }
      if try await selector.demonstrations(for: item, count: 2) != Array(four.prefix(2)) {
        problems.append("'\(item.id)': two are not the first two of four")
      }
      if try await !selector.demonstrations(for: item, count: 0).isEmpty {
        problems.append("'\(item.id)' has some where none were asked for")
      }
    }
    return problems
  }
}
