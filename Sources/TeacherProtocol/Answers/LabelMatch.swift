/// A label's words where they were looked for, and what they are worth there.
struct LabelMatch {
  /// What stands behind the words.
  enum Ending {
    /// The label ends here.
    case settled
    /// Nothing marks it off from the next word, which may belong to it.
    case open
    /// Other labels follow as further choices, or the label is asked about or taken back.
    case taken(String)
  }

  /// Position of the label in its set.
  let label: Int
  /// The words as they stand in the text.
  let words: Substring
  /// What follows them, particles of speech left out.
  let rest: Substring
}

extension LabelMatch {
  /// The end of words, given as a key, at the beginning of a text; nil where they do not stand there.
  static func end(of key: some StringProtocol, in text: Substring) -> Substring.Index? {
    guard mayBegin(text, with: key) else { return nil }
    var wanted = Substring(key).unicodeScalars
    var place = text.startIndex
    var last: Unicode.Scalar = " "
    while place < text.endIndex {
      // No label goes on over the end of a line.
      if text[place].isNewline { return nil }
      let folded = LabelSpelling.folded(text[place])
      text.formIndex(after: &place)
      // "Yes，partly" has a full-width comma and no space.
      if wanted.first == " ", folded != " ", !folded.isEmpty, ",.:;".unicodeScalars.contains(last) {
        wanted.removeFirst()
      }
      if folded == " " {
        guard wanted.first == " " else { return nil }
        wanted.removeFirst()
        while place < text.endIndex, !text[place].isNewline, [" ", ""].contains(LabelSpelling.folded(text[place])) {
          text.formIndex(after: &place)
        }
      } else {
        for scalar in folded.unicodeScalars {
          guard wanted.first == scalar else { return nil }
          wanted.removeFirst()
          last = scalar
        }
      }
      if wanted.isEmpty { return place }
    }
    return nil
  }

  /// False where the first bytes tell that a key does not stand at the beginning of a text, as in most texts. What is not ASCII
  /// may fold to anything, and white space is compared as such.
  static func mayBegin(_ text: Substring, with key: some StringProtocol) -> Bool {
    var bytes = text.utf8.makeIterator()
    for wanted in key.utf8 {
      guard let byte = bytes.next() else { return false }
      if wanted >= 0x80 || wanted <= 0x20 || byte >= 0x80 || byte <= 0x20 { return true }
      if wanted != ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) { return false }
    }
    return !key.isEmpty
  }

  /// The longest label that stands at the beginning of a text and ends there, and how it ends.
  ///
  /// - Parameter keys: words and the label that they stand for, longest first.
  static func first(in text: Substring, _ keys: [LabelSet.Reading]) -> (match: LabelMatch, ending: Ending)? {
    // A longer label of which the words stand there, but not for sure.
    var longer: LabelSet.Reading?
    for reading in keys {
      let whole = end(of: reading.key, in: text)
      guard let (end, isSure) = whole.map({ ($0, true) }) ?? end(ofParted: reading.key, in: text) else { continue }
      let found = LabelMatch(label: reading.label, words: text[..<end], rest: text[end...].behindZeros(of: reading.key))
      guard let rest = found.restBehindParticle() else { continue }
      let match = LabelMatch(label: reading.label, words: text[..<end], rest: rest)
      guard isSure else {
        longer = longer ?? reading
        continue
      }
      if let reason = match.takenBack(keys) { return (match, .taken(reason)) }
      if let behind = match.verdict(keys) {
        return (LabelMatch(label: match.label, words: match.words, rest: behind), .settled)
      }
      guard match.isMarkedOff else {
        longer = longer ?? reading
        continue
      }
      if let longer, longer.label != reading.label {
        return (match, .taken("the label '\(match.words)', which may go on as '\(longer.key)'"))
      }
      return (match, .settled)
    }
    return nil
  }

  /// What follows where the words behind the label call it the answer; nil where they do not.
  private func verdict(_ keys: [LabelSet.Reading]) -> Substring? {
    guard isNumberOfItsOwn, !isGrade else { return nil }
    return LabelVerdict.rest(behind: rest).flatMap { LabelVerdict.isPossible(for: keys) ? $0 : nil }
  }

  /// What follows the label; nil where its last word goes on.
  private func restBehindParticle() -> Substring? {
    let rest = rest.drop { !$0.isASCII && LabelSpelling.folded($0).isEmpty }
    guard let last = words.last, let next = rest.first else { return rest }
    // 「はい」です: the particle may stand behind the quotes.
    let quoted = rest.drop { AnswerWords.closers.contains($0) }
    if quoted.startIndex > rest.startIndex, let behind = Self.behindParticle(quoted) { return behind }
    guard last.isLetter || last.isNumber, next.isLetter || next.isNumber || next == "_" else { return rest }
    // "_Yes_" is markup, "no_evidence" a name.
    if next == "_" { return rest.dropFirst().first.map { $0.isLetter || $0.isNumber } == true ? nil : rest }
    return Self.behindParticle(rest)
  }

  private static func behindParticle(_ text: Substring) -> Substring? {
    for particle in AnswerVocabulary.particles where text.hasPrefix(particle) {
      let behind = text.dropFirst(particle.count)
      if behind.first.map({ !$0.isLetter && !$0.isNumber }) ?? true { return behind }
    }
    return nil
  }

  /// Whether something stands behind the label that ends it: a mark, the end of the line, or the beginning of a sentence.
  private var isMarkedOff: Bool {
    guard isNumberOfItsOwn, !isGrade, !isSubject else { return false }
    guard let next = rest.first, let last = words.last else { return true }
    if !last.isLetter, !last.isNumber { return isSignOfItsOwn }
    let behind = rest.dropFirst().first
    if next.isNewline { return true }
    if next.isWhitespace {
      let tail = rest.drop { $0.isWhitespace && !$0.isNewline }
      guard let word = tail.first, !word.isNewline else { return true }
      if !last.hasWordEnds { return true }
      if word.isLetter || word.isNumber {
        let first = tail.prefix { $0.isLetter || $0.isNumber || $0 == "'" || $0 == "’" }
        // "No no": said twice.
        if let end = Self.end(of: LabelSpelling.key(String(words)), in: tail),
          tail[end...].first.map({ $0.isNewline || ".,;:!。，".contains($0) }) ?? true
        {
          return true
        }
        return AnswerVocabulary.sentenceOpeners.contains(LabelSpelling.key(String(first)))
      }
      return !"=+&%/\\@^~#".contains(word) || tail.hasPrefix("#") && tail.dropFirst().first == "#"
    }
    switch next {
    case ".", ",", ":", "-", "‐", "‑":
      // 1.5, 1,000, 1:30 and 1-2 are other numbers; "yes-men" and "A.I." other words.
      guard let behind else { return true }
      if last.isNumber, behind.isNumber { return false }
      if next == ".", words.count == 1, behind.isLetter, last.hasWordEnds { return false }
      return next == "." || next == "," || next == ":" || !behind.isLetter && !behind.isNumber
    case "'", "’", "ʼ":
      // "No's", but not 'No' in quotes.
      return behind.map { !$0.isLetter } ?? true
    case "=", "+", "&", "%", "/", "@", "^", "~", "#", "€", "°": return false
    case "\\": return behind == "n" || behind == "\"" || behind == "r"
    default: return !next.isLetter && !next.isNumber
    }
  }

  /// Why the label is not given although it stands there; nil where it is.
  private func takenBack(_ keys: [LabelSet.Reading]) -> String? {
    if rest.drop(while: { "*_`\"'”’»」)!！(（".contains($0) || $0.isBlank }).first.map({ "?？⁉⁈⁇‽¿".contains($0) }) == true
    {
      return "a question for the label '\(words)'"
    }
    var tail = rest
    var (separator, isJoined) = ("", false)
    while let next = tail.first {
      if next.isLetter || next.isNumber {
        let word = tail.prefix { $0.isLetter || $0.isNumber || $0 == "/" }
        guard isJoined || !separator.isEmpty, AnswerVocabulary.conjunctions.contains(LabelSpelling.key(String(word)))
        else { break }
        // "和" and "か" are letters of other words as well.
        isJoined = true
        tail = tail[word.endIndex...]
      } else {
        if next.isNewline { break }
        if let tag = AnswerWords.tag(tail) {
          // A tag that names an answer gives one of its own.
          if !tag.isClosing, AnswerVocabulary.labelKeySet.contains(tag.name) { return nil }
          tail = tag.rest
          continue
        }
        if let escape = ["\\n", "\\r"].first(where: { tail.hasPrefix($0) }) {
          tail = tail.dropFirst(escape.count)
          continue
        }
        separator.append(next)
        tail = tail.dropFirst()
      }
      guard separator.utf8.count < 40 else { return nil }
    }
    guard tail.startIndex > rest.startIndex || tail.first?.isNewline == true else { return nil }
    for reading in keys {
      guard let end = Self.end(of: reading.key, in: tail) else { continue }
      if reading.label == label { return nil }
      let other = LabelMatch(label: reading.label, words: tail[..<end], rest: tail[end...])
      guard other.restBehindParticle() != nil else { continue }
      let isChoice = isJoined || separator.contains { "/|／｜".contains($0) }
      // White space and emphasis at the end of a line are nothing.
      let behind = other.rest.drop { $0.isBlank || AnswerWords.closers.contains($0) }.first
      let next = behind.map(\.isNewline) ?? true ? behind : other.rest.first
      // "Yes, no doubt about it" goes on, "Yes, no" is a list.
      let ends = next == nil || next.map { !$0.isWhitespace && !$0.isLetter && !$0.isNumber || $0.isNewline } == true
      if isChoice && (ends || other.isMarkedOff) || ends && other.isMarkedOff {
        return "the labels '\(words)' and '\(other.words)' side by side"
      }
    }
    // "Positive: 80 %, negative: 20 %" weighs the labels.
    if tail.first?.isNumber == true, separator.contains(where: { ":：=".contains($0) }),
      keys.contains(where: { $0.label != label && tail.prefix(200).hasScore(of: $0.key) })
    {
      return "a score for '\(words)' among those of other labels"
    }
    return isJoined ? nil : denial(behind: separator, tail)
  }
}

extension Substring {
  /// Without decimals that are nothing but zeros behind a whole number: 10.0 is 10.
  fileprivate func behindZeros(of key: String) -> Substring {
    guard first == ".", key.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return self }
    let zeros = dropFirst().prefix { $0 == "0" }
    let behind = self[zeros.endIndex...]
    return zeros.isEmpty || behind.first?.isNumber == true ? self : behind
  }

  /// Whether a label, given as a key, stands here with a colon behind it.
  fileprivate func hasScore(of key: String) -> Bool {
    indices.contains { place in
      guard let end = LabelMatch.end(of: key, in: self[place...]) else { return false }
      return self[end...].drop { $0 == " " || $0 == "*" || $0 == "\"" }.first.map { ":：=".contains($0) } ?? false
    }
  }
}

extension Character {
  /// Whether words of this character's script are written apart: not so in Han, Kana, Thai, Lao, Khmer and Burmese.
  package var hasWordEnds: Bool { unicodeScalars.first?.hasWordEnds ?? true }
}

extension Unicode.Scalar {
  /// Whether words of this character's script are written apart: not so in Han, Kana, Thai, Lao, Khmer and Burmese.
  package var hasWordEnds: Bool {
    switch value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2E80...0x9FFF, 0xF900...0xFAFF, 0xFF66...0xFF9F,
      0x20000...0x3FFFF:
      false
    default: true
    }
  }
}
