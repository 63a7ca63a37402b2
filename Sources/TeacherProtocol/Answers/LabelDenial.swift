import Foundation

/// What denies the label that it stands behind, and signs that make another label of it.
extension LabelMatch {
  /// Why a label is not given of which words, signs or shares follow that deny it; nil where none do.
  ///
  /// - Parameters:
  ///   - separator: the marks behind the label.
  ///   - tail: what follows them.
  func denial(behind separator: String, _ tail: Substring) -> String? {
    let key = LabelSpelling.key(String(words))
    let isNegative = AnswerVocabulary.negations.contains(key)
    if !isNegative, separator.unicodeScalars.contains(where: AnswerWords.crosses.contains) {
      return "the label '\(words)', taken back by a cross"
    }
    let marks = separator.map(LabelSpelling.folded).joined().filter { !" *_`\"'”’»」)[]".contains($0) }
      .replacingOccurrences(of: "->", with: ":").replacingOccurrences(of: "=>", with: ":")
    let isMark = [":", "=", "-", ",", "(", "|", "→", "⇒", "➡", ";", ".", "!", "-(", ":("].contains(marks)
    if isMark || marks.isEmpty, let share = Self.share(tail), share < 0.5, marks.isEmpty || !".!;".contains(marks) {
      return "the label '\(words)', of which the share is low"
    }
    var tail = tail
    var isLine = false
    if tail.first?.isNewline == true, marks.isEmpty || ".!".contains(marks) {
      isLine = true
      tail = AnswerWords.bare(tail)
    }
    guard isMark || isLine else { return nil }
    for _ in 0..<2 {
      let adverb = tail.prefix { $0.isLetter }
      guard AnswerVocabulary.assertions.contains(LabelSpelling.key(String(adverb))), adverb.utf8.count > 1 else {
        break
      }
      tail = tail[adverb.endIndex...].drop(while: \.isBlank)
    }
    let word = tail.prefix { !$0.isWhitespace && !".,;!。，；！．*_`\"”'’»」』)）|]".contains($0) }
    let denial = LabelSpelling.key(String(word))
    let behind = tail[word.endIndex...]
    // 0.95 is not 0, and the next tag of an answer gives one of its own.
    if behind.first == ".", behind.dropFirst().first?.isNumber == true { return nil }
    let next = behind.drop(while: \.isBlank)
    if let tag = AnswerWords.tag(next), !tag.isClosing, AnswerVocabulary.labelKeySet.contains(tag.name) { return nil }
    let isWhole = next.first.map { !$0.isLetter && !$0.isNumber || $0.isNewline } ?? true
    if AnswerVocabulary.conditionals.contains(denial) { return "the label '\(words)' under a condition" }
    // "No: not at all" says it twice.
    if isNegative, !["false", "0", "falsch", "faux", "假"].contains(denial) { return nil }
    // "Yes - no dog is there" gives a reason, "urgent - no" and "urgent: not at all" do not.
    let isTaken =
      AnswerVocabulary.negations.contains(denial) && (isWhole || marks == ":" || marks == "=")
      || isWhole && AnswerVocabulary.denials.contains(denial)
    return isTaken ? "the label '\(words)', taken back by '\(word)'" : nil
  }

  /// A share alone at the beginning of a text: "10 %", "0.1)".
  private static func share(_ text: Substring) -> Double? {
    let text = text.prefix(24).prefix { !$0.isNewline }.map(LabelSpelling.folded).joined()
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard digits.first?.isNumber == true else { return nil }
    let number = digits.last == "." ? digits.dropLast() : digits
    var tail = text[number.endIndex...].drop { $0 == " " }
    let isPercent = tail.first == "%"
    if isPercent { tail = tail.dropFirst() }
    // A whole number may be anything: a page, a year.
    guard isPercent || number.hasPrefix("0."), let value = Double(number) else { return nil }
    let isWhole = tail.drop { "*_`\"') ".contains($0) }.first.map { !$0.isLetter && !$0.isNumber } ?? true
    return isWhole ? (isPercent ? value / 100 : value) : nil
  }

  /// Whether a plus or minus belongs to a grade of one letter or digit: "A-", "**C**+". Also "No. 5", which is number five.
  var isGrade: Bool {
    let behind = rest.drop { "*_`".contains($0) }
    if ["no", "nos", "n"].contains(LabelSpelling.key(String(words))) {
      if words.first == "№" { return true }
      if let point = behind.first, LabelSpelling.folded(point) == ".",
        behind.dropFirst().drop(while: { $0.isBlank || "*_`".contains($0) }).first?.isNumber == true
      {
        return true
      }
    }
    guard words.count == 1, let letter = words.first, letter.isLetter || letter.isNumber, letter.hasWordEnds else {
      return false
    }
    if let sign = behind.first, "+-−–‑＋－".contains(sign) {
      let next = behind.dropFirst().first
      return next.map { !$0.isLetter && !$0.isNumber } ?? true
    }
    let tail = behind.drop(while: \.isBlank)
    return tail.first.map { "+-−–‑＋－".contains($0) } == true
      && tail.dropFirst().drop { $0.isBlank || AnswerWords.closers.contains($0) }.first.map(\.isNewline) ?? true
  }

  /// Whether a label of signs ends: another sign makes another label of it, as a third star of two.
  var isSignOfItsOwn: Bool {
    guard let last = words.last, let scalar = last.unicodeScalars.first else { return true }
    if scalar.properties.generalCategory != .otherSymbol { return rest.first != last }
    let next = rest.first { !$0.isBlank }
    if next == last { return false }
    return rest.first?.unicodeScalars.first.map { $0.value < 0x80 || $0.properties.generalCategory != .otherSymbol }
      ?? true
  }

  /// Whether a label in quotes or emphasis is spoken of: `"Yes" is not the right label`, `**Yes** would be wrong`.
  var isSubject: Bool {
    guard let first = rest.first, AnswerWords.closers.contains(first) || first == "<" else { return false }
    var behind = rest.drop { AnswerWords.closers.contains($0) }
    while let tag = AnswerWords.tag(behind), tag.isClosing {
      behind = tag.rest.drop { AnswerWords.closers.contains($0) }
    }
    guard behind.first?.isBlank == true else { return false }
    return AnswerWords.isDenied(behind)
  }
}

extension Character {
  /// Whether it is white space within a line, or without width.
  var isBlank: Bool { isWhitespace ? !isNewline : !isASCII && LabelSpelling.folded(self).isEmpty }
}

extension AnswerWords {
  /// The words of a text as keys, apostrophes within them kept.
  static func words(of text: Substring) -> [String] {
    text.split { !$0.isLetter && $0 != "'" && $0 != "’" }
      .map { LabelSpelling.key(String($0)).trimmingCharacters(in: CharacterSet(charactersIn: "'")) }
      .filter { !$0.isEmpty }
  }

  /// Whether a text begins with a verb that denies what stands before it, or makes it a mere possibility: "would be wrong",
  /// "is not the right label".
  static func isDenied(_ text: Substring) -> Bool {
    let sentence = text.drop(while: \.isWhitespace).prefix(200).prefix { !$0.isNewline && !".!?。！？;".contains($0) }
    let words = words(of: sentence).prefix(24)
    guard let verb = words.first else { return false }
    if AnswerVocabulary.modals.contains(verb) { return true }
    guard AnswerVocabulary.copulas.contains(verb) || ["was", "seems", "war", "était", "era"].contains(verb) else {
      return false
    }
    return words.contains { AnswerVocabulary.negations.contains($0) || AnswerVocabulary.denials.contains($0) }
  }
}
