internal import TeacherProtocol

/// Demonstrations with their vectors.
struct EncodedDemonstrations: Sendable {
  let demonstrations: [Demonstration]
  /// Axes (demonstration, dimension).
  private let vectors: [[Float]]
  private let encoder: any SentenceEncoder

  init(_ demonstrations: [Demonstration], encoder: some SentenceEncoder) async throws {
    self.demonstrations = demonstrations
    self.encoder = encoder
    vectors = try await encoder.vectors(for: demonstrations.map(\.text))
    precondition(
      vectors.count == demonstrations.count,
      "SentenceEncoder: \(vectors.count) vectors for \(demonstrations.count) texts")
  }

  /// The demonstrations by falling nearness, equally near ones in the pool's order.
  func ranked(for item: Item) async throws -> [Demonstration] {
    try await scored(for: item).map { demonstrations[$0.index] }
  }

  /// Cosine and position, by falling cosine, without the item itself.
  func scored(for item: Item) async throws -> [(score: Float, index: Int)] {
    guard let query = try await encoder.vectors(for: [item.text]).first else { return [] }
    let scored = zip(demonstrations, vectors).enumerated().compactMap { index, pair in
      // Same text under another id would give the answer away as much as the item itself.
      pair.0.item == item.id || pair.0.text == item.text
        ? nil : (score: dotProduct(pair.1, query), index: index)
    }
    return scored.sorted { ($1.score, $0.index) < ($0.score, $1.index) }
  }

  /// The cosine of two demonstrations.
  func product(_ a: Int, _ b: Int) -> Float { dotProduct(vectors[a], vectors[b]) }
}

/// The sum of products, in order.
func dotProduct(_ a: [Float], _ b: [Float]) -> Float {
  var sum: Float = 0
  for i in 0..<min(a.count, b.count) { sum += a[i] * b[i] }
  return sum
}
