/// Splits at the matches of a pattern.
struct SplitPreTokenizer: PreTokenizer {
  var pattern: TextPattern
  var behavior: SplitBehavior
  /// Whether what lies between the matches is treated as the matches.
  var inverts: Bool

  func apply(to pieces: inout Pieces) {
    // The usual patterns match everything, so that their matches are simply the pieces.
    if case .words(let words) = pattern, behavior == .isolated, !inverts {
      words.divide(&pieces)
    } else {
      var steps = RegularExpression.stepLimit(for: pieces.bytes.count)
      pieces.split(behavior, inverts: inverts) { pattern.forEachMatch(in: $0, &steps, $1) }
    }
  }
}

/// Splits at single characters of a kind.
struct CharacterPreTokenizer: PreTokenizer {
  /// The kind of character.
  enum Kind: Sendable {
    case whitespace
    case punctuation
    case scalar(UInt32)
  }
  var kind: Kind
  var behavior: SplitBehavior

  func apply(to pieces: inout Pieces) {
    CharacterClass.withTable { table in
      pieces.split(behavior) { text, match in
        var at = 0
        while at < text.count {
          let (scalar, length) = decodeScalar(text, at)
          let type = CharacterClass(bits: table[Int(scalar)])
          let matches =
            switch kind {
            case .whitespace: type.isWhitespace
            case .punctuation: type.isPunctuation
            case .scalar(let wanted): scalar == wanted
            }
          if matches { match(at, at + length) }
          at += length
        }
      }
    }
  }
}

/// Takes runs of word characters and runs of other visible characters: `\w+|[^\w\s]+`.
struct WhitespacePreTokenizer: PreTokenizer {
  func apply(to pieces: inout Pieces) {
    CharacterClass.withTable { table in
      pieces.split(.removed, inverts: true) { text, match in
        var start = 0
        var at = 0
        // 0 outside of a run, 1 in a word, 2 in other characters.
        var state = 0
        while at < text.count {
          let (scalar, length) = decodeScalar(text, at)
          let type = CharacterClass(bits: table[Int(scalar)])
          let next = type.isWord ? 1 : type.isWhitespace ? 0 : 2
          if next != state {
            if state != 0 { match(start, at) }
            start = at
            state = next
          }
          at += length
        }
        if state != 0 { match(start, at) }
      }
    }
  }
}

/// BERT's: drops white space and sets each punctuation character apart.
struct BertPreTokenizer: PreTokenizer {
  func apply(to pieces: inout Pieces) {
    CharacterPreTokenizer(kind: .whitespace, behavior: .removed).apply(to: &pieces)
    CharacterPreTokenizer(kind: .punctuation, behavior: .isolated).apply(to: &pieces)
  }
}

/// SentencePiece's: spaces become a visible character, which begins each word.
struct MetaspacePreTokenizer: PreTokenizer {
  /// Which pieces that do not begin with the visible character are given one.
  enum Prepending: String {
    case always, first, never
  }
  var replacement: [UInt8]
  var prepending: Prepending
  /// Whether pieces are split before the visible character.
  var splits: Bool
  /// A space becomes the visible character, and a piece of one byte has one put before it.
  var growth: Double { Double(2 * replacement.count) }

  func apply(to pieces: inout Pieces) {
    pieces.rewrite { text in
      // The first piece is the one at the start of the original text; that takes alignments to tell.
      let isFirst = text.origin == 0
      let spaces = text.bytes.indices.filter { text.bytes[$0] == UInt8(ascii: " ") }
      text.replace(spaces.map { $0..<$0 + 1 }, with: replacement)
      guard prepending == .always || (prepending == .first && isFirst) else { return }
      if !text.bytes.starts(with: replacement) { text.prepend(replacement) }
    }
    guard splits else { return }
    let scalar = replacement.scalars[0]
    CharacterPreTokenizer(kind: .scalar(scalar), behavior: .mergedWithNext).apply(to: &pieces)
  }
}
