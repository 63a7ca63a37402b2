/// A token that is found in the text itself before the model sees it, as chat markers and image places are.
package struct AddedToken: Sendable, Equatable {
  package var id: Int
  /// The text of the token.
  package var content: String
  /// Whether decoding may skip it.
  package var isSpecial: Bool
  /// Whether it is found only where no word character stands next to it.
  package var isSingleWord: Bool
  /// Whether white space before it belongs to it.
  package var stripsLeft: Bool
  /// Whether white space after it belongs to it.
  package var stripsRight: Bool
  /// Whether it is looked for in the normalized text.
  package var isNormalized: Bool
}

/// Finds added tokens in a text: at each place the longest one, from left to right.
struct AddedTokenMatcher: Sendable {
  /// By the bytes by which a token is found, its place in `tokens`.
  private var places = TokenTrie()
  /// The same for the bytes from the last to the first; nil where tokens are short enough to walk the trie.
  private var backward: TokenAutomaton?
  private var tokens: [AddedToken] = []
  private var firstBytes = Array(repeating: false, count: 256)
  var isEmpty: Bool { tokens.isEmpty }

  /// Takes tokens, each with the bytes by which it is found; of several with the same bytes the first is kept.
  init(_ listed: [(token: AddedToken, bytes: [UInt8])]) {
    var backward = TokenTrie()
    let isLong = listed.contains { $0.bytes.count > TokenTrie.longestWalk }
    for (token, bytes) in listed {
      guard let first = bytes.first, places.id(of: bytes) == nil else { continue }
      firstBytes[Int(first)] = true
      places.insert(bytes, id: Int32(tokens.count))
      if isLong { backward.insert(bytes.reversed(), id: Int32(tokens.count)) }
      tokens.append(token)
    }
    if isLong { self.backward = TokenAutomaton(backward) }
  }

  /// Reports the tokens of a text in order with the bytes they take, white space that belongs to them included.
  ///
  /// A token whose own text begins with white space can overlap white space that the one before it has taken; it's
  /// reported all the same, as the original does.
  func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ body: (AddedToken, Int, Int) -> Void) {
    var at = 0
    var done = 0
    /// White space that was looked through for a token before.
    var spaces = 0..<0
    let known = backward.map { longestTokens(in: text, $0) }
    firstBytes.withUnsafeBufferPointer { firstBytes in
      while at < text.count {
        guard firstBytes[Int(text[at])], let (token, end) = longest(in: text, at, known) else {
          at += 1
          continue
        }
        var start = at
        var stop = end
        // The search goes on behind the bare token, whatever white space it takes.
        at = stop
        if token.isSingleWord, touchesWord(text, start, stop) { continue }
        if token.stripsLeft { start = max(done, spaceStart(text, start, from: done)) }
        if token.stripsRight {
          if !(spaces.lowerBound...spaces.upperBound).contains(stop) { spaces = stop..<spaceEnd(text, stop) }
          stop = spaces.upperBound
        }
        // White space itself that is taken already.
        if start >= stop { continue }
        body(token, start, stop)
        done = stop
      }
    }
  }

  /// The longest token at a place, and the byte after its end.
  private func longest(
    in text: UnsafeBufferPointer<UInt8>, _ at: Int, _ known: [Int32]?
  ) -> (token: AddedToken, end: Int)? {
    if let known, let backward {
      let found = Int(known[at])
      return found == 0 ? nil : (tokens[Int(backward.id(of: found))], at + backward.length(of: found))
    }
    var longest: (place: Int32, end: Int)?
    places.forEachToken(in: text, from: at) { longest = ($1, $0) }
    return longest.map { (tokens[Int($0.place)], $0.end) }
  }

  /// The longest token at each place, as the automaton numbers it: what ends there as one reads from the end of the text.
  private func longestTokens(in text: UnsafeBufferPointer<UInt8>, _ backward: TokenAutomaton) -> [Int32] {
    var found = Array(repeating: Int32(0), count: text.count)
    backward.forEachEnd(in: text.reversed()) { found[text.count - $0] = Int32($1) }
    return found
  }

  private func touchesWord(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ stop: Int) -> Bool {
    if start > 0, CharacterClass(decodeScalar(text, before: start).scalar).isWord { return true }
    return stop < text.count && CharacterClass(decodeScalar(text, stop).scalar).isWord
  }

  private func spaceStart(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, from least: Int) -> Int {
    var at = start
    while at > least {
      let (scalar, length) = decodeScalar(text, before: at)
      guard CharacterClass(scalar).isWhitespace else { break }
      at -= length
    }
    return at
  }

  private func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, _ stop: Int) -> Int {
    var at = stop
    while at < text.count {
      let (scalar, length) = decodeScalar(text, at)
      guard CharacterClass(scalar).isWhitespace else { break }
      at += length
    }
    return at
  }
}
