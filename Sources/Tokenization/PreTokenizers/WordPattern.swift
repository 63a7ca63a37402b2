/// The split patterns that nearly all byte-level models use, each as a hand-written scanner.
///
/// ``pattern`` is the regular expression that a scanner stands for; it runs on ``RegularExpression`` as the naive twin.
enum WordPattern: Sendable, CaseIterable {
  /// GPT-2's, which the ByteLevel pre-tokenizer has built in.
  case gpt2
  /// Qwen2's: numbers digit by digit.
  case qwen2
  /// Llama 3's: numbers in groups of up to three digits.
  case llama3

  /// The regular expression, as it stands in `tokenizer.json`.
  var pattern: String {
    switch self {
    case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .qwen2: Self.modern(digits: #"\p{N}"#)
    case .llama3: Self.modern(digits: #"\p{N}{1,3}"#)
    }
  }

  private static func modern(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The scanner for a regular expression; nil if it is none of these.
  init?(pattern: String) {
    guard let known = Self.allCases.first(where: { $0.pattern == pattern }) else { return nil }
    self = known
  }

  /// Divides the pieces at the matches, which leave nothing between them.
  func divide(_ pieces: inout Pieces) {
    pieces.divide { text, cut in forEachMatch(in: text) { cut($1) } }
  }

  /// Reports the matches in order as first byte and byte after the last; they leave nothing between them.
  @inline(__always)
  func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ body: (Int, Int) -> Void) {
    CharacterClass.withTable { table in
      let scanner = WordScanner(text: text, table: table)
      var at = 0
      while at < text.count {
        let end =
          switch self {
          case .gpt2: scanner.gpt2(from: at)
          case .qwen2: scanner.modern(from: at, digits: 1)
          case .llama3: scanner.modern(from: at, digits: 3)
          }
        body(at, end)
        at = end
      }
    }
  }
}

/// Finds where the match that begins at a position ends.
struct WordScanner {
  let text: UnsafeBufferPointer<UInt8>
  let table: UnsafeBufferPointer<UInt16>

  /// What the patterns tell apart.
  private enum Kind { case letter, number, space, other }

  @inline(__always) private func kind(_ at: Int) -> (kind: Kind, length: Int) {
    let (scalar, length) = decodeScalar(text, at)
    let type = CharacterClass(bits: table[Int(scalar)])
    let kind: Kind = type.isLetter ? .letter : type.isNumber ? .number : type.isWhitespace ? .space : .other
    return (kind, length)
  }

  /// The end of a run of one kind, of at most `limit` characters.
  @inline(__always) private func run(of wanted: Kind, from start: Int, limit: Int = .max) -> Int {
    var at = start
    var left = limit
    while at < text.count, left > 0 {
      let (found, length) = kind(at)
      if found != wanted { break }
      at += length
      left -= 1
    }
    return at
  }

  @inline(__always) private func isLineBreak(_ at: Int) -> Bool { text[at] == 0x0A || text[at] == 0x0D }

  func gpt2(from start: Int) -> Int {
    if text[start] == UInt8(ascii: "'"), let end = contraction(start, ignoringCase: false) { return end }
    let at = text[start] == UInt8(ascii: " ") ? start + 1 : start
    if at < text.count {
      let (found, length) = kind(at)
      if found != .space { return run(of: found, from: at + length) }
    }
    return spaces(from: start)
  }

  func modern(from start: Int, digits: Int) -> Int {
    if text[start] == UInt8(ascii: "'"), let end = contraction(start, ignoringCase: true) { return end }
    let (first, length) = kind(start)
    if first == .letter { return run(of: .letter, from: start + length) }
    if first == .number { return run(of: .number, from: start, limit: digits) }
    if start + length < text.count, !isLineBreak(start), kind(start + length).kind == .letter {
      return run(of: .letter, from: start + length)
    }
    let at = text[start] == UInt8(ascii: " ") ? start + 1 : start
    if at < text.count, kind(at).kind == .other {
      var end = run(of: .other, from: at)
      while end < text.count, isLineBreak(end) { end += 1 }
      return end
    }
    // White space: up to the last line break of the run if there is one.
    let end = run(of: .space, from: start)
    var lastBreak = end
    while lastBreak > start, !isLineBreak(lastBreak - 1) { lastBreak -= 1 }
    return lastBreak > start ? lastBreak : spaces(from: start)
  }

  /// `\s+(?!\S)|\s+`: a run of white space without its last character when something else follows.
  private func spaces(from start: Int) -> Int {
    let end = run(of: .space, from: start)
    if end == text.count { return end }
    let last = decodeScalar(text, before: end).length
    return end - last > start ? end - last : end
  }

  /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`.
  private func contraction(_ start: Int, ignoringCase: Bool) -> Int? {
    func letter(_ offset: Int) -> UInt8 {
      guard start + offset < text.count else { return 0 }
      let byte = text[start + offset]
      return ignoringCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
    switch letter(1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return letter(2) == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return letter(2) == UInt8(ascii: "l") ? start + 3 : nil
    // The long s folds to s.
    case 0xC5: return ignoringCase && letter(2) == 0xBF ? start + 3 : nil
    default: return nil
    }
  }
}
