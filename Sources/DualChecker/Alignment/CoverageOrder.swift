internal import ContentDigest
package import TeacherProtocol

/// Orders items by how many others they stand for, so that few labels cover much: what people should label first.
///
/// ```swift
/// let order = try await CoverageOrder(encoder: encoder).order(of: items, count: 80)
/// let asked = order.map { items[$0] }
/// ```
///
/// An item is covered as well as the nearest chosen one is like it (cosine, at least 0); each further choice adds the most to
/// the sum over all items (facility location, greedily: at least 1 - 1/e of what any choice of that size reaches, Nemhauser
/// et al. 1978). No label is looked at.
///
/// Such a choice is no random sample: rates that are counted on it, such as how often a teacher is right, are those of unusual
/// items.
///
/// Items are gone through in the order of a hash of ``seed`` and id, so the choice does not depend on the order in which they
/// come.
///
/// - Complexity: two vectors' product for each pair of at most ``limit`` items.
package struct CoverageOrder: Sendable {
  /// What says how alike texts are.
  package let encoder: any SentenceEncoder
  /// Decides between items that cover alike, and which are compared where there are more than ``limit``.
  package let seed: UInt64
  /// The most items that are compared. The default is 3,000.
  package var limit = 3_000

  /// An order by this encoder.
  package init(encoder: any SentenceEncoder, seed: UInt64 = 0) {
    self.encoder = encoder
    self.seed = seed
  }

  /// Positions of the items to label, the most telling first.
  ///
  /// - Parameter count: how many; at most as many as there are items to compare.
  /// - Throws: an error of the encoder.
  package func order(of items: [Item], count: Int) async throws -> [Int] {
    guard count > 0 else { return [] }
    let places = items.indices.map { (ContentDigest.of(fields: ["pool", "\(seed)", items[$0].id]), $0) }
      .sorted { $0 < $1 }.prefix(limit).map(\.1)
    let vectors = try await encoder.vectors(for: places.map { items[$0].wholeText })
    let size = vectors.count
    var likeness = [Float](repeating: 0, count: size * size)
    for a in 0..<size {
      for b in 0...a {
        let value = max(0, dotProduct(vectors[a], vectors[b]))
        likeness[a * size + b] = value
        likeness[b * size + a] = value
      }
    }
    var covered = [Float](repeating: 0, count: size)
    func gain(_ candidate: Int) -> Float {
      var sum: Float = 0
      for item in 0..<size { sum += max(0, likeness[candidate * size + item] - covered[item]) }
      return sum
    }
    // A gain never rises as more is covered: a candidate whose gain is still the largest after it was looked at again is the
    // best of all.
    var bounds = (0..<size).map { (gain: gain($0), candidate: $0, at: 0) }
    var chosen: [Int] = []
    while chosen.count < count, !bounds.isEmpty {
      var best = bounds.indices.reduce(0) { bounds[$1].gain > bounds[$0].gain ? $1 : $0 }
      while bounds[best].at < chosen.count {
        bounds[best].gain = gain(bounds[best].candidate)
        bounds[best].at = chosen.count
        best = bounds.indices.reduce(0) { bounds[$1].gain > bounds[$0].gain ? $1 : $0 }
      }
      let found = bounds.remove(at: best).candidate
      for item in 0..<size { covered[item] = max(covered[item], likeness[found * size + item]) }
      chosen.append(found)
    }
    return chosen.map { places[$0] }
  }
}
