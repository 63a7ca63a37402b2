/// Answers that are taken back further on.
extension AnswerStatements {
  /// What takes an answer back in the words behind it: another label that is a sentence by itself or follows words such as
  /// "wait" and "therefore", or a phrase such as "scratch that"; nil where nothing does.
  func retraction(of name: String, in rest: Substring) -> String? {
    var (place, previous) = (rest.startIndex, Character?.none)
    while true {
      // Marks and empty lines are gone through once.
      place = rest[place...].drop(while: Self.isMark).startIndex
      guard place < rest.endIndex else { return nil }
      if !isMasked(place), let words = retraction(of: name, at: rest[place...], isAfterQuestion: previous == "?") {
        return words
      }
      guard let end = sentenceEnd(in: rest[place...]) else { return nil }
      previous = LabelSpelling.folded(rest[end]).first
      place = rest.index(after: end)
    }
    return nil
  }

  /// Marks before the words of a sentence.
  private static func isMark(_ mark: Character) -> Bool {
    mark.isWhitespace || ",:-*_\"'`()".contains(LabelSpelling.folded(mark))
  }

  /// The next mark behind which a sentence or an aside may begin.
  private func sentenceEnd(in text: Substring) -> Substring.Index? {
    var place = text.startIndex
    while let end = text[place...].utf8.firstIndex(where: Self.beginsEnd) {
      if text[end].isNewline || ".!?;(（。！？；．–—".contains(text[end]) { return end }
      place = text.index(after: end)
    }
    return nil
  }

  /// The first bytes of these marks.
  private static func beginsEnd(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x0A, 0x0D, 0x21, 0x28, 0x2E, 0x3B, 0x3F, 0xE2, 0xE3, 0xEF: true
    default: false
    }
  }

  private func retraction(of name: String, at text: Substring, isAfterQuestion: Bool) -> String? {
    var (rest, leads) = (text.drop(while: Self.isMark), 0)
    while let tag = AnswerWords.tag(rest) { rest = tag.rest.drop(while: Self.isMark) }
    while leads < 6, let first = rest.first, first.isLetter || first.isNumber || !first.isASCII {
      for phrase in AnswerVocabulary.retractions {
        guard let end = LabelMatch.end(of: phrase, in: rest) else { continue }
        let next = rest[end...].first
        // "Wait for the bar to lift" retracts nothing.
        if next.map({ !$0.isLetter && !$0.isNumber && !$0.isBlank && $0 != "'" && $0 != "’" }) ?? true { return phrase }
        if phrase.contains(" "), next?.isBlank == true { return phrase }
      }
      if let found = LabelMatch.first(in: rest, labels.answerReadings), case .settled = found.ending {
        let label = labels.labels[found.match.label].name
        let isShort = found.match.words.count == 1 && rest.first?.hasWordEnds == true
        let isWhole =
          found.match.rest.drop { AnswerWords.closers.contains($0) || $0.isBlank }.first.map {
            $0.isNewline || ".,;!-…".contains(LabelSpelling.folded($0).prefix(1))
          } ?? true
        // A list has numbers and letters.
        if label != name, isWhole, !(isShort && leads == 0), !(isAfterQuestion && leads == 0) {
          return String(found.match.words)
        }
      }
      let word = rest.prefix { $0.isLetter }
      guard !word.isEmpty, word.utf8.count <= 40, AnswerVocabulary.leads.contains(LabelSpelling.key(String(word)))
      else {
        return nil
      }
      leads += 1
      rest = rest[word.endIndex...].drop(while: Self.isMark)
    }
    return nil
  }
}

extension AnswerReader {
  /// Whether the words around an object deny it, or call it an example: `I would not answer {…}`, `{…} would be wrong`.
  func isDenied(_ object: ReplyObject, in text: Substring) -> Bool {
    let behind = text[object.range.upperBound...].drop { AnswerWords.closers.contains($0) }
    if AnswerWords.isDenied(behind.first?.isNewline == true ? "" : behind) { return true }
    let before = text[..<object.range.lowerBound].suffix(300)
    var clause = Self.lastClause(of: before)
    // A line that ends in nothing goes on.
    if !clause.contains(where: \.isLetter) {
      let above = AnswerWords.trimmed(before)
      clause = Self.lastClause(of: above)
      guard clause.split(separator: " ").count <= 4 else { return false }
    }
    return AnswerWords.words(of: clause).contains {
      AnswerVocabulary.refusingWords.contains($0) || $0.hasSuffix("n't") || AnswerVocabulary.examples.contains($0)
    }
  }

  private static func lastClause(of text: Substring) -> Substring {
    text.lastIndex { $0.isNewline || ".!?,;。！？，；{}".contains($0) }.map { text[text.index(after: $0)...] } ?? text
  }
}
