/// What a file of SentencePiece holds (Kudo and Richardson 2018), in the wire format of protocol buffers.
///
/// Fields: `ModelProto` of sentencepiece_model.proto.
struct SentencePieceFile {
  /// What a piece is for.
  enum Kind: UInt64 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// A piece of the vocabulary; its place is its id.
  struct Piece {
    var text = ""
    var score: Float = 0
    var kind = Kind.normal
  }

  /// How the vocabulary divides a text.
  enum Algorithm: UInt64 {
    case unigram = 1
    case bytePairs, words, characters
  }

  /// The pieces by id.
  private(set) var pieces: [Piece] = []
  private(set) var algorithm = Algorithm.unigram
  /// Whether what has no piece is spelled in bytes.
  private(set) var fallsBackToBytes = false
  /// Whether the visible space ends words and does not begin them.
  private(set) var spaceIsSuffix = false
  /// The table by which text is normalised; empty for none.
  private(set) var characters: [UInt8] = []
  /// Whether a space is put before a text.
  private(set) var addsDummyPrefix = true
  /// Whether spaces at the ends of a text are dropped, and several in a row taken for one.
  private(set) var removesExtraSpaces = true
  /// Whether spaces become the visible character.
  private(set) var escapesSpaces = true

  var hasUserDefinedPieces: Bool { pieces.contains { $0.kind == .userDefined } }

  /// - Throws: ``TokenizerError/invalidField(file:field:expected:found:)`` where the file is cut off or damaged.
  init(_ bytes: [UInt8], file: String) throws {
    func damaged(_ field: String) -> TokenizerError {
      .invalidField(file: file, field: field, expected: "SentencePiece's model", found: "other bytes")
    }
    func fields(_ bytes: ArraySlice<UInt8>, _ field: String) throws -> WireFields {
      guard let fields = WireFields(bytes) else { throw damaged(field) }
      return fields
    }
    for (number, value) in try fields(bytes[...], "(all)") {
      guard case .bytes(let message) = value else { continue }
      switch number {
      case 1:
        let name = "pieces[\(pieces.count)]"
        guard let piece = Piece(try fields(message, name)), piece.score.isFinite else { throw damaged(name) }
        pieces.append(piece)
      case 2:
        for case (let number, .number(let value)) in try fields(message, "trainer_spec") {
          switch number {
          case 3:
            guard let known = Algorithm(rawValue: value) else { throw damaged("trainer_spec.model_type") }
            algorithm = known
          case 24: spaceIsSuffix = value != 0
          case 35: fallsBackToBytes = value != 0
          default: break
          }
        }
      case 3:
        for (number, value) in try fields(message, "normalizer_spec") {
          switch (number, value) {
          case (2, .bytes(let table)): characters = Array(table)
          case (3, .number(let isOn)): addsDummyPrefix = isOn != 0
          case (4, .number(let isOn)): removesExtraSpaces = isOn != 0
          case (5, .number(let isOn)): escapesSpaces = isOn != 0
          default: break
          }
        }
      default: break
      }
    }
    guard !pieces.isEmpty, pieces.count < 1 << 24, pieces.reduce(0, { $0 + $1.text.utf8.count }) < 1 << 25 else {
      throw damaged("pieces")
    }
  }
}

extension SentencePieceFile.Piece {
  /// Nil where a text is no UTF-8 or the kind is not known.
  fileprivate init?(_ fields: WireFields) {
    for (number, value) in fields {
      switch (number, value) {
      case (1, .bytes(let bytes)):
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        self.text = text
      case (2, .word(let bits)): score = Float(bitPattern: bits)
      case (3, .number(let number)):
        guard let kind = SentencePieceFile.Kind(rawValue: number) else { return nil }
        self.kind = kind
      default: break
      }
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
