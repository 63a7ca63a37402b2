/// A JSON text between its quotes, byte by byte: whole UTF-8 characters, no control characters, well-formed escapes.
struct StringState: Sendable {
  private enum Place {
    case open
    /// After a backslash.
    case escape
    /// After `\u`: so many of four digits are written; after a first `d` a surrogate could follow.
    case digits(Int, afterD: Bool)
    /// Within a character: so many bytes follow, the next one within bounds.
    case character(Int, next: ClosedRange<UInt8>)
    case over
  }

  private var place = Place.open
  private var characters = 0
  private let length: ClosedRange<Int>

  /// A text after its opening quote.
  init(length: ClosedRange<Int> = 0...Int.max) { self.length = length }

  /// Whether the closing quote has come.
  var isOver: Bool { if case .over = place { true } else { false } }

  /// Whether any number of printable ASCII characters may come.
  var isPlain: Bool { if case .open = place { length.upperBound == .max } else { false } }

  /// The text with one more byte; nil where it can't come.
  func taking(_ byte: UInt8) -> StringState? {
    var next = self
    switch place {
    case .over: return nil
    case .open:
      if byte == UInt8(ascii: "\"") {
        guard length.contains(characters) else { return nil }
        next.place = .over
        return next
      }
      guard characters < length.upperBound else { return nil }
      switch byte {
      case UInt8(ascii: "\\"): next.place = .escape
      case 0x20...0x7F: next.characters += 1
      // The bounds of the second byte keep out overlong forms, surrogates and what is beyond Unicode.
      case 0xC2...0xDF: next.place = .character(1, next: 0x80...0xBF)
      case 0xE0: next.place = .character(2, next: 0xA0...0xBF)
      case 0xED: next.place = .character(2, next: 0x80...0x9F)
      case 0xE1...0xEF: next.place = .character(2, next: 0x80...0xBF)
      case 0xF0: next.place = .character(3, next: 0x90...0xBF)
      case 0xF1...0xF3: next.place = .character(3, next: 0x80...0xBF)
      case 0xF4: next.place = .character(3, next: 0x80...0x8F)
      default: return nil
      }
    case .escape:
      if byte == UInt8(ascii: "u") {
        next.place = .digits(0, afterD: false)
      } else {
        guard "\"\\/bfnrt".utf8.contains(byte) else { return nil }
        next.endCharacter()
      }
    case .digits(let written, let afterD):
      guard Character(UnicodeScalar(byte)).isHexDigit, byte < 0x80 else { return nil }
      // \ud800 to \udfff are halves of characters.
      if afterD, !(0x30...0x37).contains(byte) { return nil }
      if written == 3 {
        next.endCharacter()
      } else {
        next.place = .digits(written + 1, afterD: written == 0 && byte | 0x20 == UInt8(ascii: "d"))
      }
    case .character(let left, let bounds):
      guard bounds.contains(byte) else { return nil }
      if left == 1 { next.endCharacter() } else { next.place = .character(left - 1, next: 0x80...0xBF) }
    }
    return next
  }

  private mutating func endCharacter() {
    place = .open
    characters += 1
  }
}
