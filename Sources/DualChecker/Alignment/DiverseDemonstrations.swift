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
  /// The cosines of all pairs, for pools of which they are few; else they are computed where they are wanted.
  private let products: [Float]
  private static let largestTable = 512

  /// Encodes a pool.
  ///
  /// - Throws: an error of the encoder.
  /// - Precondition: the relevance is within 0...1.
  public init(_ demonstrations: [Demonstration], encoder: some SentenceEncoder, relevance: Float = 0.7) async throws {
    precondition((0...1).contains(relevance), "DiverseDemonstrations: a relevance of \(relevance)")
    self.relevance = relevance
    let pool = try await EncodedDemonstrations(demonstrations, encoder: encoder)
    self.pool = pool
    let places = demonstrations.count <= Self.largestTable ? demonstrations.indices : 0..<0
    products = places.flatMap { a in places.map { pool.product(a, $0) } }
  }

  private func product(_ a: Int, _ b: Int) -> Float {
    products.isEmpty ? pool.product(a, b) : products[a * pool.demonstrations.count + b]
  }

  /// The nearest, then those that add most.
  public func demonstrations(for item: Item, count: Int) async throws -> [Demonstration] {
    // With the cosine to the nearest of those chosen: each choice changes it by one product a candidate.
    var open = try await pool.scored(for: item).map { (score: $0.score, index: $0.index, nearest: Float?.none) }
    var chosen: [Int] = []
    while chosen.count < count, !open.isEmpty {
      if let last = chosen.last {
        for i in open.indices {
          let cosine = product(open[i].index, last)
          open[i].nearest = open[i].nearest.map { max($0, cosine) } ?? cosine
        }
      }
      let gains = open.map { relevance * $0.score - (1 - relevance) * ($0.nearest ?? 0) }
      // The first of equals, which is the nearest.
      let best = gains.placeOfLargest
      chosen.append(open.remove(at: best).index)
    }
    return chosen.map { pool.demonstrations[$0] }
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
