/// Drops WordPiece's prefix and puts spaces between words.
struct WordPieceDecoder: TokenDecoder {
  var prefix: [UInt8]
  /// Whether spaces before punctuation and contractions are taken out.
  var cleansUp: Bool

  /// The texts that are taken together, in this order.
  private static let joints: [([UInt8], [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (Array($0.utf8), Array($1.utf8)) }

  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    tokens.enumerated().map { index, token in
      var text = token
      if index > 0 {
        text = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [UInt8(ascii: " ")] + token
      }
      guard cleansUp else { return text }
      return Self.joints.reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
  }
}

/// Turns SentencePiece's visible space back into a space.
struct MetaspaceDecoder: TokenDecoder {
  var replacement: [UInt8]
  /// Whether the first token has lost its own when one was put before the text.
  var dropsFirst: Bool

  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    tokens.enumerated().map { index, token in
      token.replacing(replacement, with: index == 0 && dropsFirst ? [] : [UInt8(ascii: " ")])
    }
  }
}

/// Replaces what a pattern matches in each token.
struct ReplaceDecoder: TokenDecoder {
  var pattern: TextPattern
  var content: [UInt8]
  var growth: Double { pattern.growth(replacedBy: content) }

  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var steps = RegularExpression.stepLimit(for: tokens.reduce(0) { $0 + $1.count })
    return tokens.map { token in
      var text: [UInt8] = []
      var done = 0
      token.withUnsafeBufferPointer { bytes in
        pattern.forEachMatch(in: bytes, &steps) { start, end in
          text += token[done..<start]
          text += content
          done = end
        }
      }
      return text + token[done...]
    }
  }
}

/// Reads tokens such as `<0xE2>` as bytes; those that are no UTF-8 together become one U+FFFD each.
struct ByteFallbackDecoder: TokenDecoder {
  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var texts: [[UInt8]] = []
    var pending: [UInt8] = []
    func flush() {
      guard !pending.isEmpty else { return }
      if String(validating: pending, as: UTF8.self) != nil {
        texts.append(pending)
      } else {
        texts.append(contentsOf: repeatElement([0xEF, 0xBF, 0xBD], count: pending.count))
      }
      pending = []
    }
    for token in tokens {
      if let byte = Self.byte(of: token) {
        pending.append(byte)
      } else {
        flush()
        texts.append(token)
      }
    }
    flush()
    return texts
  }

  /// The byte that such a token stands for.
  static func byte(of token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">"),
      let high = token[3].hexadecimalValue, let low = token[4].hexadecimalValue
    else { return nil }
    return high << 4 | low
  }
}

/// Joins all tokens to one.
struct FuseDecoder: TokenDecoder {
  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] { [Array(tokens.joined())] }
}

/// Takes a character off the ends of each token.
struct StripDecoder: TokenDecoder {
  var content: UInt32
  /// The most that are taken off the start.
  var start: Int
  /// The most that are taken off the end.
  var stop: Int

  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    tokens.map { token in
      var scalars = token.scalars[...]
      for _ in 0..<min(start, scalars.count) where scalars.first == content { scalars.removeFirst() }
      for _ in 0..<min(stop, scalars.count) where scalars.last == content { scalars.removeLast() }
      var text: [UInt8] = []
      for scalar in scalars { text.append(scalar: scalar) }
      return text
    }
  }
}

/// Turns the mark at the end of words into a space, but for the last word.
struct BPEDecoder: TokenDecoder {
  var suffix: [UInt8]

  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    tokens.enumerated().map { index, token in
      token.replacing(suffix, with: index == tokens.count - 1 ? [] : [UInt8(ascii: " ")])
    }
  }
}

extension [UInt8] {
  /// The bytes with every occurrence of `part` replaced, from left to right. An empty part occurs nowhere.
  func replacing(_ part: [UInt8], with new: [UInt8]) -> [UInt8] {
    guard let first = part.first, part.count <= count, contains(first) else { return self }
    let search = ByteSearch(part)
    var out: [UInt8] = []
    out.reserveCapacity(count)
    var at = 0
    while let range = search.first(in: self, from: at) {
      out += self[at..<range.lowerBound]
      out += new
      at = range.upperBound
    }
    return out + self[at...]
  }
}
