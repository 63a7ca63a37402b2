/// WordPiece: the longest token that a word begins with, then the longest continuation, and so on.
///
/// Source: Devlin et al. 2019 (arXiv 1810.04805); `models/wordpiece` of huggingface/tokenizers 0.23.
struct WordPieceModel: TokenModel {
  let vocabulary: TokenTable
  /// Stands for a whole word of which a part has no token.
  let unknownID: Int32
  /// What marks tokens that continue a word.
  let prefix: [UInt8]
  /// Longer words, in characters, are unknown.
  let maximumWordLength: Int
  private let longestToken: Int

  init(vocabulary: TokenTable, unknownID: Int32, prefix: [UInt8], maximumWordLength: Int) {
    self.vocabulary = vocabulary
    self.unknownID = unknownID
    self.prefix = prefix
    self.maximumWordLength = maximumWordLength
    longestToken = (0..<vocabulary.idBound).reduce(0) { max($0, vocabulary.bytes(of: $1)?.count ?? 0) }
  }

  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) {
    let (oldIDs, oldSpans) = (output.ids.count, output.spans.count)
    if piece.count(where: { $0 & 0xC0 != 0x80 }) <= maximumWordLength, match(piece, into: &output) { return }
    output.ids.removeLast(output.ids.count - oldIDs)
    output.spans.removeLast(output.spans.count - oldSpans)
    output.append(unknownID, 0, piece.count)
  }

  private func match(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) -> Bool {
    // The word with room for the prefix before it. When a continuation is looked up, the prefix is written over the part
    // of the word that's done, so that key and prefix lie together.
    let room = prefix.count
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room + piece.count) { word in
      for i in 0..<piece.count { word.initializeElement(at: room + i, to: piece[i]) }
      var start = 0
      while start < piece.count {
        let first = start == 0 ? room : start
        if start > 0 { for i in 0..<room { word.initializeElement(at: start + i, to: prefix[i]) } }
        var end = min(piece.count, first + longestToken - room)
        while end < piece.count, end > start, piece[end] & 0xC0 == 0x80 { end -= 1 }
        var found: Int32?
        while end > start {
          found = vocabulary.id(of: UnsafeBufferPointer(rebasing: word[first..<room + end]))
          if found != nil { break }
          end -= 1
          while end > start, piece[end] & 0xC0 == 0x80 { end -= 1 }
        }
        guard let found else { return false }
        output.append(found, start, end)
        start = end
      }
      return true
    }
  }
}
