internal import TeacherProtocol

/// Demonstrations with their vectors.
struct EncodedDemonstrations: Sendable {
  let demonstrations: [Demonstration]
  /// Axes (demonstration, dimension).
  private let vectors: [[Float]]
  private let encoder: KeptVectors

  init(_ demonstrations: [Demonstration], encoder: some SentenceEncoder) async throws {
    self.demonstrations = demonstrations
    // Items are asked about again, with more detail, and those of the pool with every template.
    self.encoder = KeptVectors(encoder)
    vectors = try await self.encoder.vectors(for: demonstrations.map(\.wholeText))
    precondition(
      vectors.count == demonstrations.count,
      "SentenceEncoder: \(vectors.count) vectors for \(demonstrations.count) texts")
  }

  /// The demonstrations by falling nearness, equally near ones in the order of their items' ids.
  func ranked(for item: Item) async throws -> [Demonstration] {
    try await scored(for: item).map { demonstrations[$0.index] }
  }

  /// Cosine and position, by falling cosine, without the item itself.
  func scored(for item: Item) async throws -> [(score: Float, index: Int)] {
    guard let query = try await encoder.vectors(for: [item.wholeText]).first else { return [] }
    let scored = zip(demonstrations, vectors).enumerated().compactMap { index, pair in
      // Same text under another id would give the answer away as much as the item itself.
      pair.0.item == item.id || pair.0.text == item.text
        ? nil : (score: dotProduct(pair.1, query), index: index)
    }
    return scored.sorted {
      ($1.score, demonstrations[$0.index].item, $0.index) < ($0.score, demonstrations[$1.index].item, $1.index)
    }
  }

  /// The cosine of two demonstrations.
  func product(_ a: Int, _ b: Int) -> Float { dotProduct(vectors[a], vectors[b]) }
}

/// The sum of products, in sixteen running sums.
func dotProduct(_ a: [Float], _ b: [Float]) -> Float {
  let (count, width) = (min(a.count, b.count), 16)
  return a.withUnsafeBytes { a in
    b.withUnsafeBytes { b in
      var sums = SIMD16<Float>.zero
      let (whole, stride) = (count - count % width, MemoryLayout<Float>.stride)
      for i in Swift.stride(from: 0, to: whole, by: width) {
        sums +=
          a.loadUnaligned(fromByteOffset: i * stride, as: SIMD16<Float>.self)
          * b.loadUnaligned(fromByteOffset: i * stride, as: SIMD16<Float>.self)
      }
      var sum = sums.sum()
      for i in whole..<count {
        sum += a.load(fromByteOffset: i * stride, as: Float.self) * b.load(fromByteOffset: i * stride, as: Float.self)
      }
      return sum
    }
  }
}
