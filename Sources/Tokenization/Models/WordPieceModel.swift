/// WordPiece: the longest token that a word begins with, then the longest continuation, and so on.
///
/// Source: Devlin et al. 2019 (arXiv 1810.04805); `models/wordpiece` of huggingface/tokenizers 0.23.
struct WordPieceModel: TokenModel {
  let vocabulary: TokenTable
  /// Stands for a whole word of which a part has no token.
  let unknownID: Int32
  /// Longer words, in characters, are unknown.
  let maximumWordLength: Int
  private let beginnings: TokenTrie
  /// Tokens that continue a word, without what marks them.
  private let continuations: TokenTrie

  init(vocabulary: TokenTable, unknownID: Int32, prefix: [UInt8], maximumWordLength: Int) {
    self.vocabulary = vocabulary
    self.unknownID = unknownID
    self.maximumWordLength = maximumWordLength
    var (beginnings, continuations) = (TokenTrie(), TokenTrie())
    for id in 0..<vocabulary.idBound {
      guard let token = vocabulary.bytes(of: id) else { continue }
      beginnings.insert(token, id: Int32(id))
      if token.starts(with: prefix) { continuations.insert(Array(token.dropFirst(prefix.count)), id: Int32(id)) }
    }
    self.beginnings = beginnings
    self.continuations = continuations
  }

  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) {
    let (oldIDs, oldSpans) = (output.ids.count, output.spans.count)
    if piece.count(where: { $0 & 0xC0 != 0x80 }) <= maximumWordLength, match(piece, into: &output) { return }
    output.ids.removeLast(output.ids.count - oldIDs)
    output.spans.removeLast(output.spans.count - oldSpans)
    output.append(unknownID, 0, piece.count)
  }

  private func match(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) -> Bool {
    var start = 0
    while start < piece.count {
      var longest: (id: Int32, end: Int)?
      (start == 0 ? beginnings : continuations).forEachToken(in: piece, from: start) { longest = ($1, $0) }
      guard let longest else { return false }
      output.append(longest.id, start, longest.end)
      start = longest.end
    }
    return true
  }
}
