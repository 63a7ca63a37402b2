/// The pieces of a SentencePiece file as both of its models use them.
struct SentencePieceVocabulary: Sendable {
  /// The longest piece that is read, in bytes. Those that SentencePiece learns have up to 16 characters.
  static let longestPiece = 256

  let table: TokenTable
  let unknownID: Int32
  /// What users have defined, found in every text before it is divided.
  let userDefined: TokenTrie
  /// Ids of the 256 bytes; nil unless text without a piece is spelled in them.
  private let byteIDs: [Int32]?

  /// Nil unless there is one piece for what has none and, where text is spelled in bytes, one for each of them.
  ///
  /// - Parameter excluded: ids of user-defined pieces that are found in another way.
  init?(_ file: SentencePieceFile, excluding excluded: Set<Int>) {
    var (table, userDefined) = (TokenTable(capacity: file.pieces.count), TokenTrie())
    for (id, piece) in file.pieces.enumerated() {
      let bytes = Array(piece.text.utf8)
      guard table.id(of: bytes) == nil else { return nil }
      table.insert(bytes, id: Int32(id))
      if piece.kind == .userDefined, !excluded.contains(id) { userDefined.insert(bytes, id: Int32(id)) }
    }
    guard file.pieces.count(where: { $0.kind == .unknown }) == 1,
      let unknown = file.pieces.firstIndex(where: { $0.kind == .unknown })
    else { return nil }
    if file.fallsBackToBytes {
      let ids = (0..<256).compactMap { table.id(of: fallbackToken(of: UInt8($0))) }
      guard ids.count == 256 else { return nil }
      byteIDs = ids
    } else {
      byteIDs = nil
    }
    (self.table, self.userDefined, unknownID) = (table, userDefined, Int32(unknown))
  }

  /// Appends what has no piece: its bytes, or one token for all that stand side by side.
  ///
  /// - Parameter followsUnknown: whether what stands before had no piece either.
  func append(
    unknown text: UnsafeBufferPointer<UInt8>, at start: Int, followsUnknown: Bool, to output: inout TokenOutput
  ) {
    if let byteIDs {
      for (place, byte) in text.enumerated() { output.append(byteIDs[Int(byte)], start + place, start + place + 1) }
    } else if followsUnknown {
      output.extendLast(to: start + text.count)
    } else {
      output.append(unknownID, start, start + text.count)
    }
  }
}
