/// A word, a number, a CJK character or a mark of a text.
package struct WordToken: Sendable, Equatable {
  /// Its place in Unicode scalars from the text's start.
  package let range: Range<Int>
  package let text: String

  /// The tokens of a text: runs of letters and digits, and every other character that is not white space by itself.
  /// Characters of scripts that write without spaces stand alone, so that a span may begin at each of them.
  ///
  /// ```swift
  /// WordToken.tokens(of: "0.25 µm 水素").map(\.text)  // ["0", ".", "25", "µm", "水", "素"]
  /// ```
  package static func tokens(of text: String) -> [WordToken] {
    var (tokens, run, start) = ([WordToken](), "", 0)
    func end(_ place: Int) {
      if !run.isEmpty { tokens.append(WordToken(range: start..<place, text: run)) }
      run = ""
    }
    for (place, scalar) in text.unicodeScalars.enumerated() {
      let properties = scalar.properties
      let isWord =
        properties.isAlphabetic || properties.numericType != nil || !run.isEmpty && properties.isDiacritic
        || !run.isEmpty && properties.generalCategory == .nonspacingMark
      if isWord, !standsAlone(scalar) {
        if run.isEmpty { start = place }
        run.unicodeScalars.append(scalar)
      } else {
        end(place)
        if !properties.isWhitespace {
          tokens.append(WordToken(range: place..<(place + 1), text: String(Character(scalar))))
        }
      }
    }
    end(text.unicodeScalars.count)
    return tokens
  }

  private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x2E80...0x9FFF, 0xF900...0xFAFF, 0xFF66...0xFF9D, 0x20000...0x3FFFF: true
    default: false
    }
  }
}
