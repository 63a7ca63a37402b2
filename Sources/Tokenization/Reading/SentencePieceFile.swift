/// What a file of SentencePiece holds (Kudo and Richardson 2018), in the wire format of protocol buffers.
///
/// Fields: `ModelProto` of sentencepiece_model.proto.
struct SentencePieceFile {
  /// The pieces with their scores, by number.
  private(set) var pieces: [(String, Double)] = []
  /// The table by which text is normalised; empty for none.
  private(set) var characters: [UInt8] = []
  /// Whether the vocabulary is a Unigram one.
  private(set) var isUnigram = true
  /// Whether what has no piece is spelled in bytes.
  private(set) var fallsBackToBytes = false
  /// Whether there are pieces that a text is cut at.
  private(set) var hasUserDefinedPieces = false

  /// - Throws: ``TokenizerError/invalidField(file:field:expected:found:)`` where the file is cut off or damaged.
  init(_ bytes: [UInt8], file: String) throws {
    func damaged(_ field: String) -> TokenizerError {
      .invalidField(file: file, field: field, expected: "SentencePiece's model", found: "other bytes")
    }
    guard let fields = WireFields(bytes[...]) else { throw damaged("(all)") }
    for (number, value) in fields {
      switch (number, value) {
      case (1, .bytes(let piece)):
        guard let own = WireFields(piece) else { throw damaged("pieces[\(pieces.count)]") }
        var (text, score, kind) = ("", Float(0), UInt64(1))
        for (number, value) in own {
          switch (number, value) {
          case (1, .bytes(let bytes)):
            guard let piece = String(validating: bytes, as: UTF8.self) else { throw damaged("pieces[\(pieces.count)]") }
            text = piece
          case (2, .word(let bits)): score = Float(bitPattern: bits)
          case (3, .number(let number)): kind = number
          default: break
          }
        }
        guard score.isFinite else { throw damaged("pieces[\(pieces.count)].score") }
        hasUserDefinedPieces = hasUserDefinedPieces || kind == 4
        pieces.append((text, Double(score)))
      case (2, .bytes(let trainer)):
        guard let own = WireFields(trainer) else { throw damaged("trainer_spec") }
        for (number, value) in own {
          if number == 3, case .number(let kind) = value { isUnigram = kind == 1 }
          if number == 35, case .number(let isOn) = value { fallsBackToBytes = isOn != 0 }
        }
      case (3, .bytes(let normalizer)):
        guard let own = WireFields(normalizer) else { throw damaged("normalizer_spec") }
        for (number, value) in own { if number == 2, case .bytes(let table) = value { characters = Array(table) } }
      default: break
      }
    }
    guard !pieces.isEmpty, pieces.count < 1 << 24, pieces.reduce(0, { $0 + $1.0.utf8.count }) < 1 << 25 else {
      throw damaged("pieces")
    }
  }
}

/// The fields of a message, in their order.
private struct WireFields: Sequence, IteratorProtocol {
  enum Value {
    case number(UInt64)
    case word(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  private let fields: [(Int, Value)]
  private var at = 0

  /// - Returns: nil where the bytes are no message.
  init?(_ bytes: ArraySlice<UInt8>) {
    var (rest, fields) = (bytes, [(Int, Value)]())
    func number() -> UInt64? {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst(), shift < 64 {
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      return nil
    }
    while !rest.isEmpty {
      guard let key = number() else { return nil }
      let field = Int(truncatingIfNeeded: key >> 3)
      switch key & 7 {
      case 0:
        guard let value = number() else { return nil }
        fields.append((field, .number(value)))
      case 1:
        guard rest.count >= 8 else { return nil }
        rest.removeFirst(8)
      case 2:
        guard let count = number(), count <= UInt64(rest.count) else { return nil }
        fields.append((field, .bytes(rest.prefix(Int(count)))))
        rest.removeFirst(Int(count))
      case 5:
        guard rest.count >= 4 else { return nil }
        let word = rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        fields.append((field, .word(word)))
        rest.removeFirst(4)
      default: return nil
      }
    }
    self.fields = fields
  }

  mutating func next() -> (Int, Value)? {
    guard at < fields.count else { return nil }
    defer { at += 1 }
    return fields[at]
  }
}
