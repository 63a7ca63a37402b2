/// A pattern as `tokenizer.json` has it: a text to be found as it stands, or a regular expression.
enum TextPattern: Sendable {
  /// A text that isn't empty.
  case literal(ByteSearch)
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

  /// The most bytes that one byte may become where the matches are replaced.
  func growth(replacedBy content: [UInt8]) -> Double {
    switch self {
    case .literal(let literal): max(1, Double(content.count) / Double(literal.count))
    case .words: max(1, Double(content.count))
    case .regular(let expression): max(1, Double(content.count)) + (expression.canBeEmpty ? Double(content.count) : 0)
    }
  }

  /// Reports the matches in order as first byte and byte after the last.
  ///
  /// - Parameter steps: how many steps a regular expression may take; what is left of them.
  func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ steps: inout Int, _ body: (Int, Int) -> Void) {
    switch self {
    case .literal(let literal):
      var at = 0
      while let match = literal.first(in: text, from: at) {
        body(match.lowerBound, match.upperBound)
        at = match.upperBound
      }
    case .words(let words): words.forEachMatch(in: text, body)
    case .regular(let expression): expression.forEachMatch(in: text, &steps, body)
    }
  }
}
