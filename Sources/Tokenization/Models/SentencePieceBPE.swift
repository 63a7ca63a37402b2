/// Byte-pair encoding as SentencePiece applies it: of all neighbours whose join is a piece those become one whose piece has the
/// best score, the leftmost first, until none is left.
///
/// Source: Kudo and Richardson 2018 (arXiv 1808.06226); google/sentencepiece 0.2, `bpe_model.cc`.
struct SentencePieceBPE: TokenModel {
  private let pieces: SentencePieceVocabulary
  var vocabulary: TokenTable { pieces.table }
  private let merges: MergeTable
  /// Characters that are no pieces but begin or end one: their ids follow the vocabulary's.
  private let characters: TokenTable
  /// Number of pieces.
  private let pieceCount: Int32
  /// The id of all other characters.
  private var otherID: Int32 { pieceCount + Int32(characters.count) }

  /// - Parameter file: pieces of at most ``SentencePieceVocabulary/longestPiece`` bytes.
  init(_ file: SentencePieceFile, _ pieces: SentencePieceVocabulary) {
    self.pieces = pieces
    // Equal scores are one rank, so that of such pairs the leftmost is next.
    let joins = file.pieces.filter { $0.kind == .normal || $0.kind == .userDefined }
    let order = Set(joins.map(\.score)).sorted(by: >)
    let rank = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    var characters = TokenTable()
    /// A part of a piece: a piece that is made of others, or a character.
    func symbol(_ part: UnsafeBufferPointer<UInt8>) -> Int32? {
      let isCharacter = utf8Length(part[0]) == part.count
      if let id = pieces.table.id(of: part), id != pieces.unknownID {
        let kind = file.pieces[Int(id)].kind
        if isCharacter || kind == .normal || kind == .userDefined { return id }
      }
      guard isCharacter else { return nil }
      if let id = characters.id(of: part) { return id }
      let id = Int32(file.pieces.count + characters.count)
      characters.insert(Array(part), id: id)
      return id
    }
    var found: [(left: Int32, right: Int32, rank: Int, id: Int32)] = []
    for (id, piece) in file.pieces.enumerated() where piece.kind == .normal || piece.kind == .userDefined {
      Array(piece.text.utf8).withUnsafeBufferPointer { bytes in
        for cut in bytes.indices.dropFirst() where bytes[cut] & 0xC0 != 0x80 {
          let parts = (UnsafeBufferPointer(rebasing: bytes[..<cut]), UnsafeBufferPointer(rebasing: bytes[cut...]))
          guard let left = symbol(parts.0), let right = symbol(parts.1) else { continue }
          found.append((left, right, rank[piece.score] ?? 0, Int32(id)))
        }
      }
    }
    var merges = MergeTable(capacity: found.count)
    for merge in found { merges.insert(merge.left, merge.right, rank: merge.rank, id: merge.id) }
    (self.merges, self.characters) = (merges, characters)
    pieceCount = Int32(file.pieces.count)
  }

  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) {
    withUnsafeTemporaryAllocation(of: MergeSymbol.self, capacity: piece.count) { symbols in
      var (count, at) = (0, 0)
      while at < piece.count {
        let (id, end) = symbol(piece, at)
        symbols.initializeElement(at: count, to: MergeSymbol(id: id, length: Int32(end - at)))
        (count, at) = (count + 1, end)
      }
      let left = merges.withView { mergePairs(UnsafeMutableBufferPointer(rebasing: symbols[..<count]), $0) }
      at = 0
      var followsUnknown = false
      for symbol in symbols[..<left] {
        let end = at + Int(symbol.length)
        let isUnknown = symbol.id >= pieceCount
        if isUnknown {
          let text = UnsafeBufferPointer(rebasing: piece[at..<end])
          pieces.append(unknown: text, at: at, followsUnknown: followsUnknown, to: &output)
        } else {
          output.append(symbol.id < 0 ? Self.userDefined(symbol.id) : symbol.id, at, end)
        }
        (at, followsUnknown) = (end, isUnknown)
      }
    }
  }

  /// A user-defined piece found in the text, whose number is negative since it joins with nothing, or a character.
  private func symbol(_ piece: UnsafeBufferPointer<UInt8>, _ at: Int) -> (id: Int32, end: Int) {
    if pieces.userDefined.nodeCount > 1 {
      var longest: (id: Int32, end: Int)?
      pieces.userDefined.forEachToken(in: piece, from: at) { longest = (Self.userDefined($1), $0) }
      if let longest { return longest }
    }
    let end = at + utf8Length(piece[at])
    let character = UnsafeBufferPointer(rebasing: piece[at..<end])
    if let id = vocabulary.id(of: character), id != pieces.unknownID { return (id, end) }
    return (characters.id(of: character) ?? otherID, end)
  }

  /// The number of a user-defined piece by its id, and its id by the number.
  private static func userDefined(_ id: Int32) -> Int32 { -2 - id }
}
