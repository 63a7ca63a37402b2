internal import ContentDigest
internal import Foundation

/// Turns texts into vectors whose dot products measure the similarity of the texts.
public protocol SentenceEncoder: Sendable {
  /// One vector of length 1 per text, axes (text, dimension), in order. The vector of an empty text is all zeros.
  func vectors(for texts: [String]) async throws -> [[Float]]
}

/// Character n-grams hashed into a fixed number of dimensions: no model, no download, any language.
///
/// ```swift
/// let vectors = try await HashedNGramEncoder().vectors(for: ["solar cells", "a solar cell", "harbour"])
/// // the first two are near to each other, the third to neither
/// ```
///
/// Each n-gram of the lower-cased text, a space at either end, adds +1 or -1 to one dimension by its hash, so that
/// collisions cancel in the mean (Weinberger et al. 2009, arXiv:0902.2206); counts enter by their square root.
///
/// - Complexity: n-grams of the text; `dimensions` floats per text.
public struct HashedNGramEncoder: SentenceEncoder, Equatable {
  /// Length of a vector. The default is 2048.
  package let dimensions: Int
  /// Lengths of the n-grams in characters. The default is 2...4.
  package let lengths: ClosedRange<Int>
  /// The weight of each dimension, the squared inverse document frequency; empty if all weights are equal.
  private var weights: [Float] = []

  /// An encoder.
  ///
  /// - Precondition: dimensions are positive, n-grams are not empty.
  public init(dimensions: Int = 2048, lengths: ClosedRange<Int> = 2...4) {
    precondition(dimensions > 0 && lengths.lowerBound > 0, "HashedNGramEncoder: \(dimensions) dimensions, \(lengths)")
    self.dimensions = dimensions
    self.lengths = lengths
  }

  /// The same encoder with weights fitted to these texts: n-grams of many texts count less (squared inverse document
  /// frequency). No labels are needed.
  package func fitted(to texts: [String]) -> HashedNGramEncoder {
    var count = [Float](repeating: 0, count: dimensions)
    for text in texts {
      for (place, value) in vector(text, weights: []).enumerated() where value != 0 { count[place] += 1 }
    }
    var fitted = self
    let all = Float(texts.count + 1)
    fitted.weights = count.map {
      let idf = log(all / ($0 + 1)); return idf * idf
    }
    return fitted
  }

  /// The vectors of the texts.
  public func vectors(for texts: [String]) async throws -> [[Float]] { texts.map { vector($0, weights: weights) } }

  private func vector(_ text: String, weights: [Float]) -> [Float] {
    var counts = [Float](repeating: 0, count: dimensions)
    let words = text.lowercased().split(whereSeparator: \.isWhitespace)
    guard !words.isEmpty else { return counts }
    let characters = Array((" " + words.joined(separator: " ") + " ").unicodeScalars)
    for length in lengths where characters.count >= length {
      for start in 0...(characters.count - length) {
        var gram = FNV1a()
        for scalar in characters[start..<start + length] { gram.fold(scalar.value) }
        // The low bits of this hash mix poorly; the sign and the place come from its folded halves.
        let hash = gram.value ^ gram.value >> 32
        counts[Int(hash % UInt64(dimensions))] += hash & (1 << 40) == 0 ? 1 : -1
      }
    }
    var damped = counts.map { $0 < 0 ? -(-$0).squareRoot() : $0.squareRoot() }
    for place in weights.indices { damped[place] *= weights[place] }
    let norm = damped.reduce(0 as Double) { $0 + Double($1) * Double($1) }.squareRoot()
    return norm > 0 ? damped.map { Float(Double($0) / norm) } : damped
  }
}

/// Checks the requirements that every conformer of ``SentenceEncoder`` must meet.
public struct SentenceEncoderCheck: Sendable {
  /// The texts that are encoded.
  package let texts: [String]

  /// A check with these texts.
  public init(texts: [String]) { self.texts = texts }

  /// The faults of an encoder: a number of vectors other than that of the texts, vectors of several dimensions or not of
  /// length 1, a vector that depends on the neighbouring texts.
  public func problems(of encoder: some SentenceEncoder) async throws -> [String] {
    let vectors = try await encoder.vectors(for: texts)
    guard vectors.count == texts.count else { return ["\(vectors.count) vectors for \(texts.count) texts"] }
    var problems: [String] = []
    if Set(vectors.map(\.count)).count > 1 { problems.append("vectors differ in their dimensions") }
    for (text, vector) in zip(texts, vectors) {
      let norm = vector.reduce(0 as Double) { $0 + Double($1) * Double($1) }.squareRoot()
      if abs(norm - 1) > 1e-3, norm != 0 { problems.append("'\(text)' has a vector of length \(norm)") }
      guard let alone = try await encoder.vectors(for: [text]).first, alone.count == vector.count else {
        problems.append("'\(text)' alone has no vector of the same dimensions")
        continue
      }
      if zip(alone, vector).contains(where: { abs($0 - $1) > 1e-4 }) {
        problems.append("'\(text)' has another vector alone than among others")
      }
    }
    if try await !encoder.vectors(for: []).isEmpty { problems.append("no text has a vector") }
    return problems
  }
}
