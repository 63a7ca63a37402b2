internal import Layers
internal import Synchronization
internal import Tensor

/// The vectors of a sentence model that is never trained: each text is read once and its vector kept, for all copies of a
/// student.
final class SentenceVectors: Sendable {
  let embedder: SentenceEmbedder
  private let kept = Mutex<[[Int]: [Float]]>([:])

  init(_ embedder: SentenceEmbedder) { self.embedder = embedder }

  /// One vector of length 1 a text, given as tokens, [texts, dimensions].
  ///
  /// - Precondition: the tokens are the embedder's.
  func vectors(_ texts: [[Int]]) -> Tensor {
    let known = kept.withLock { kept in texts.map { kept[$0] } }
    let missing = Set(zip(texts, known).filter { $0.1 == nil }.map(\.0)).sorted { $0.lexicographicallyPrecedes($1) }
    var found: [[Int]: [Float]] = [:]
    if !missing.isEmpty {
      // Rows of tokens are checked where texts become tokens, so that nothing is left that could be refused.
      let vectors = (try? embedder.vectors(ofTokens: missing)) ?? []
      precondition(vectors.count == missing.count, "SentenceVectors: tokens that are not the sentence model's")
      found = Dictionary(uniqueKeysWithValues: zip(missing, vectors))
      kept.withLock { $0.merge(found) { own, _ in own } }
    }
    let rows = zip(texts, known).flatMap { $1 ?? found[$0] ?? [] }
    return Tensor(rows, shape: [texts.count, embedder.dimensions])
  }
}
