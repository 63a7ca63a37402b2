/// Unigram as SentencePiece applies it: scores add up in single precision, and user-defined pieces win over all others.
///
/// Source: Kudo 2018 (arXiv 1804.10959); google/sentencepiece 0.2, `unigram_model.cc`. ``UnigramModel`` is Hugging Face's.
struct SentencePieceUnigram: TokenModel {
  private let pieces: SentencePieceVocabulary
  var vocabulary: TokenTable { pieces.table }
  private let trie: TokenTrie
  private let scores: [Float]
  private let isUserDefined: [Bool]
  private let greatestScore: Float
  private let unknownScore: Float

  /// - Parameter file: pieces of at most ``SentencePieceVocabulary/longestPiece`` bytes.
  init(_ file: SentencePieceFile, _ pieces: SentencePieceVocabulary) {
    self.pieces = pieces
    var trie = TokenTrie()
    for (id, piece) in file.pieces.enumerated() where piece.kind == .normal || piece.kind == .userDefined {
      trie.insert(Array(piece.text.utf8), id: Int32(id))
    }
    self.trie = trie
    scores = file.pieces.map(\.score)
    isUserDefined = file.pieces.map { $0.kind == .userDefined }
    let normal = file.pieces.filter { $0.kind == .normal }.map(\.score)
    greatestScore = max(normal.max() ?? 0, .leastNormalMagnitude)
    unknownScore = (normal.min() ?? .greatestFiniteMagnitude) - 10
  }

  /// The best division of the text up to some byte.
  private struct Best {
    var score: Float = 0
    var start = -1
    var id: Int32 = -1
  }

  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) {
    withUnsafeTemporaryAllocation(of: Best.self, capacity: piece.count + 1) { best in
      best.initialize(repeating: Best())
      func offer(_ start: Int, _ end: Int, _ score: Double, _ id: Int32) {
        if best[end].start < 0 || score > Double(best[end].score) {
          best[end] = Best(score: Float(score), start: start, id: id)
        }
      }
      var start = 0
      while start < piece.count {
        let next = start + utf8Length(piece[start])
        let before = best[start].score
        var hasSingle = false
        trie.forEachToken(in: piece, from: start) { end, id in
          let own =
            isUserDefined[Int(id)] ? Double(Float(end - start) * greatestScore) - 0.1 : Double(scores[Int(id)])
          offer(start, end, own + Double(before), id)
          hasSingle = hasSingle || end == next
        }
        if !hasSingle { offer(start, next, Double(unknownScore + before), pieces.unknownID) }
        start = next
      }
      var parts: [(start: Int, end: Int, id: Int32)] = []
      var end = piece.count
      while end > 0 {
        parts.append((best[end].start, end, best[end].id))
        end = best[end].start
      }
      var followsUnknown = false
      for part in parts.reversed() {
        let isUnknown = part.id == pieces.unknownID
        if isUnknown {
          let text = UnsafeBufferPointer(rebasing: piece[part.start..<part.end])
          pieces.append(unknown: text, at: part.start, followsUnknown: followsUnknown, to: &output)
        } else {
          output.append(part.id, part.start, part.end)
        }
        followsUnknown = isUnknown
      }
    }
  }
}
