/// Byte-pair encoding as Hugging Face's library applies it.
///
/// Source: Sennrich, Haddow and Birch 2016 (arXiv 1508.07909); `models/bpe` of huggingface/tokenizers 0.23.
struct BytePairModel: TokenModel {
  /// The options of the file.
  struct Options: Sendable {
    /// The token for characters that have none; without it they are passed over.
    var unknownToken: [UInt8]?
    var continuingPrefix: [UInt8] = []
    var endOfWordSuffix: [UInt8] = []
    /// Whether neighbouring unknown characters make one token.
    var fusesUnknown = false
    /// Whether a character without a token is spelled in tokens such as `<0xE2>`.
    var fallsBackToBytes = false
    /// Whether a piece that is a token is taken whole, whatever the merges say.
    var ignoresMerges = false
  }

  let vocabulary: TokenTable
  private let merges: MergeTable
  private let options: Options
  private let unknownID: Int32?
  /// Ids of `<0x00>` to `<0xFF>`; -1 where the vocabulary has none.
  private let fallbackIDs: [Int32]
  /// Ids of the 128 ASCII characters; -1 where the vocabulary has none.
  private let asciiIDs: [Int32]

  init(vocabulary: TokenTable, merges: MergeTable, options: Options) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.options = options
    unknownID = options.unknownToken.flatMap { vocabulary.id(of: $0) }
    fallbackIDs = (0..<256).map { vocabulary.id(of: fallbackToken(of: UInt8($0))) ?? -1 }
    asciiIDs = (0..<128).map { vocabulary.id(of: [UInt8($0)]) ?? -1 }
  }

  /// The same model for pieces whose bytes have not been spelled in the byte-level alphabet; nil if the vocabulary or
  /// the options need the spelled form.
  var forRawBytes: RawBytePairModel? {
    guard options.continuingPrefix.isEmpty, options.endOfWordSuffix.isEmpty else { return nil }
    return RawBytePairModel(vocabulary: vocabulary, merges: merges, ignoresMerges: options.ignoresMerges)
  }

  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) {
    if options.ignoresMerges, let id = vocabulary.id(of: piece) {
      output.append(id, 0, piece.count)
      return
    }
    // A character gives at most as many symbols as it and its affixes have bytes, and one more may be pending.
    let capacity = piece.count * (1 + options.continuingPrefix.count) + options.endOfWordSuffix.count + 1
    withUnsafeTemporaryAllocation(of: MergeSymbol.self, capacity: capacity) { symbols in
      let count = readSymbols(piece, into: symbols)
      let word = UnsafeMutableBufferPointer(rebasing: symbols[0..<count])
      let left = merges.withView { mergePairs(word, $0) }
      var at = 0
      for symbol in word[0..<left] {
        // Bytes of affixes that are spelled too stand for nothing in the text.
        output.append(symbol.id, min(at, piece.count), min(at + Int(symbol.length), piece.count))
        at += Int(symbol.length)
      }
    }
  }

  /// The characters of a piece as symbols, unknown ones replaced as the options say.
  private func readSymbols(
    _ piece: UnsafeBufferPointer<UInt8>, into symbols: UnsafeMutableBufferPointer<MergeSymbol>
  ) -> Int {
    var count = 0
    func add(_ id: Int32, _ length: Int) {
      symbols.initializeElement(at: count, to: MergeSymbol(id: id, length: Int32(length)))
      count += 1
    }
    var pendingUnknown = 0
    var at = 0
    while at < piece.count {
      let length = utf8Length(piece[at])
      let id = symbolID(piece, at, length)
      if id >= 0 {
        if pendingUnknown > 0 { add(unknownID ?? 0, pendingUnknown) }
        pendingUnknown = 0
        add(id, length)
      } else if options.fallsBackToBytes, let bytes = fallback(piece, at, length) {
        // A pending unknown token is not written before these bytes but after them: so does the original.
        for byte in bytes { add(fallbackIDs[Int(byte)], 1) }
      } else if let unknownID {
        if pendingUnknown > 0, !options.fusesUnknown {
          add(unknownID, pendingUnknown)
          pendingUnknown = 0
        }
        pendingUnknown += length
      }
      at += length
    }
    if pendingUnknown > 0 { add(unknownID ?? 0, pendingUnknown) }
    return count
  }

  @inline(__always)
  private func symbolID(_ piece: UnsafeBufferPointer<UInt8>, _ at: Int, _ length: Int) -> Int32 {
    let takesPrefix = at > 0 && !options.continuingPrefix.isEmpty
    let takesSuffix = at + length == piece.count && !options.endOfWordSuffix.isEmpty
    if !takesPrefix, !takesSuffix {
      if length == 1 { return asciiIDs[Int(piece[at])] }
      return vocabulary.id(of: UnsafeBufferPointer(rebasing: piece[at..<at + length])) ?? -1
    }
    let prefix = takesPrefix ? options.continuingPrefix : []
    let suffix = takesSuffix ? options.endOfWordSuffix : []
    return vocabulary.id(of: prefix + piece[at..<at + length] + suffix) ?? -1
  }

  /// The bytes of a character, affixes included, if every one of them has its token.
  private func fallback(_ piece: UnsafeBufferPointer<UInt8>, _ at: Int, _ length: Int) -> [UInt8]? {
    let prefix = at > 0 ? options.continuingPrefix : []
    let suffix = at + length == piece.count ? options.endOfWordSuffix : []
    let bytes = prefix + piece[at..<at + length] + suffix
    return bytes.allSatisfy { fallbackIDs[Int($0)] >= 0 } ? bytes : nil
  }
}

/// The token `<0xE2>` that stands for a byte.
func fallbackToken(of byte: UInt8) -> [UInt8] {
  let digits = Array("0123456789ABCDEF".utf8)
  return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]] + Array(">".utf8)
}

/// Byte-level BPE over the bytes themselves: the fast form of ``BytePairModel`` behind a ByteLevel pre-tokenizer.
///
/// Gives the tokens that spelling the piece in the byte-level alphabet and running ``BytePairModel`` would give, without
/// the spelling.
struct RawBytePairModel: TokenModel {
  let vocabulary: TokenTable
  private let merges: MergeTable
  private let byteIDs: [Int32]
  /// Whole pieces by their bytes; empty unless merges are ignored for them.
  private let wholePieces: TokenTable?

  /// Nil when one of the 256 bytes has no token.
  init?(vocabulary: TokenTable, merges: MergeTable, ignoresMerges: Bool) {
    self.vocabulary = vocabulary
    self.merges = merges
    byteIDs = ByteLevelAlphabet.spellings.map { vocabulary.id(of: $0) ?? -1 }
    if byteIDs.contains(-1) { return nil }
    guard ignoresMerges else {
      wholePieces = nil
      return
    }
    var table = TokenTable(capacity: vocabulary.count)
    for id in 0..<vocabulary.idBound {
      if let token = vocabulary.bytes(of: id), let bytes = ByteLevelAlphabet.read(token) {
        table.insert(bytes, id: Int32(id))
      }
    }
    wholePieces = table
  }

  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) {
    if let id = wholePieces?.id(of: piece) {
      output.append(id, 0, piece.count)
      return
    }
    withUnsafeTemporaryAllocation(of: MergeSymbol.self, capacity: piece.count) { symbols in
      byteIDs.withUnsafeBufferPointer { ids in
        for i in 0..<piece.count {
          symbols.initializeElement(at: i, to: MergeSymbol(id: ids[Int(piece[i])], length: 1))
        }
      }
      let left = merges.withView { mergePairs(symbols, $0) }
      var at = 0
      for symbol in symbols[0..<left] {
        output.append(symbol.id, at, at + Int(symbol.length))
        at += Int(symbol.length)
      }
    }
  }
}
