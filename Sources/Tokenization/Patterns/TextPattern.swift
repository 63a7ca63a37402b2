/// A pattern as `tokenizer.json` has it: a text to be found as it stands, or a regular expression.
enum TextPattern: Sendable {
  /// A text that isn't empty.
  case literal([UInt8])
  /// One of the well-known split patterns.
  case words(WordPattern)
  /// Any other regular expression.
  case regular(RegularExpression)

  /// A regular expression, by its scanner if it has one.
  init(regularExpression pattern: String) throws {
    if let words = WordPattern(pattern: pattern) {
      self = .words(words)
    } else {
      self = .regular(try RegularExpression(pattern))
    }
  }

  /// Reports the matches in order as first byte and byte after the last.
  func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ body: (Int, Int) -> Void) {
    switch self {
    case .literal(let literal):
      var at = 0
      while at + literal.count <= text.count {
        var i = 0
        while i < literal.count, text[at + i] == literal[i] { i += 1 }
        if i == literal.count {
          body(at, at + i)
          at += i
        } else {
          at += 1
        }
      }
    case .words(let words): words.forEachMatch(in: text, body)
    case .regular(let expression): expression.forEachMatch(in: text, body)
    }
  }
}
