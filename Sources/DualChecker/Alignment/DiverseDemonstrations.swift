public import TeacherProtocol

/// Demonstrations that are near to the item and unlike each other: maximal marginal relevance (Carbonell and Goldstein
/// 1998).
///
/// The first is the nearest one. Each further one has the highest `relevance * cos(item, d) - (1 - relevance) * max cos(d,
/// chosen)`, so that two texts that say the same do not take two places.
public struct DiverseDemonstrations: DemonstrationSelector {
  /// Weight of nearness against variety, 0...1. The default is 0.7.
  package let relevance: Float
  private let pool: EncodedDemonstrations

  /// Encodes a pool.
  ///
  /// - Throws: an error of the encoder.
  /// - Precondition: the relevance is within 0...1.
  public init(_ demonstrations: [Demonstration], encoder: some SentenceEncoder, relevance: Float = 0.7) async throws {
    precondition((0...1).contains(relevance), "DiverseDemonstrations: a relevance of \(relevance)")
    self.relevance = relevance
    pool = try await EncodedDemonstrations(demonstrations, encoder: encoder)
  }

  /// The nearest, then those that add most.
  public func demonstrations(for item: Item, count: Int) async throws -> [Demonstration] {
    var open = try await pool.scored(for: item)
    var chosen: [(score: Float, index: Int)] = []
    while chosen.count < count, !open.isEmpty {
      func gain(_ candidate: (score: Float, index: Int)) -> Float {
        let nearest = chosen.map { pool.product(candidate.index, $0.index) }.max() ?? 0
        return relevance * candidate.score - (1 - relevance) * nearest
      }
      let gains = open.map(gain)
      // The first of equals, which is the nearest.
      let best = gains.indices.reduce(0) { gains[$1] > gains[$0] ? $1 : $0 }
      chosen.append(open.remove(at: best))
    }
    return chosen.map { pool.demonstrations[$0.index] }
  }
}

/// The same demonstrations for every item: fixed few-shot prompting.
public struct FixedDemonstrations: DemonstrationSelector {
  private let all: [Demonstration]

  /// These demonstrations, in this order.
  public init(_ demonstrations: [Demonstration]) { all = demonstrations }

  /// The first ones, without the item itself.
  public func demonstrations(for item: Item, count: Int) async throws -> [Demonstration] {
    Array(all.filter { $0.item != item.id && $0.text != item.text }.prefix(max(0, count)))
  }
}
