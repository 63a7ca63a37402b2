/// One text as an encoder reads it: token ids and the segment that each belongs to.
package struct TokenSequence: Sendable, Equatable {
  /// The tokens, special ones included.
  package var ids: [Int]
  /// The segments of a pair, one a token; empty where all are 0.
  package var segments: [Int]

  /// A text of these tokens.
  ///
  /// - Precondition: as many segments as tokens, or none.
  package init(_ ids: [Int], segments: [Int] = []) {
    precondition(segments.isEmpty || segments.count == ids.count, "\(segments.count) segments of \(ids.count) tokens")
    (self.ids, self.segments) = (ids, segments)
  }

  /// Number of tokens.
  package var count: Int { ids.count }
}
