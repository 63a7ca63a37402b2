/// Labels of several words that markup, line ends or other marks part.
extension LabelMatch {
  /// The end of a label of several words, given as a key, at the beginning of a text in which something else than the label's
  /// own white space and marks stands between them; nil where its words do not stand there, or a mark ends the sentence within.
  ///
  /// `**No** evidence` and a line end before a small letter leave no doubt; a dash, an empty line or a tag of an answer does.
  static func end(ofParted key: String, in text: Substring) -> (end: Substring.Index, isSure: Bool)? {
    guard let first = key.first, let last = key.last, first.isLetter || first.isNumber, last.isLetter || last.isNumber,
      mayBegin(text, with: key.prefix { $0.isLetter || $0.isNumber })
    else { return nil }
    let words = key.split { !$0.isLetter && !$0.isNumber }
    guard words.count > 1, var place = end(of: words[0], in: text) else { return nil }
    var isSure = true
    for (word, next) in zip(words, words.dropFirst()) {
      guard let gap = gap(from: text[place...], as: key[word.endIndex..<next.startIndex]),
        let end = end(of: next, in: gap.rest)
      else { return nil }
      isSure = isSure && gap.isSure
      place = end
    }
    // "No", and on the next line "Evidence: a photo".
    let isKey = text[place...].first { !AnswerWords.closers.contains($0) }.map(LabelSpelling.folded) == ":"
    return (place, isSure && !(isKey && text[..<place].contains(where: \.isNewline)))
  }

  /// What follows that which stands between two words of a label, and whether they still belong together for sure.
  private static func gap(from text: Substring, as own: Substring) -> (rest: Substring, isSure: Bool)? {
    var (rest, marks, lines, isSure, isVisible) = (text, "", 0, true, false)
    while let next = rest.first, !next.isLetter, !next.isNumber {
      guard text.utf8.distance(from: text.startIndex, to: rest.startIndex) < 80 else { return nil }
      if let tag = AnswerWords.tag(rest) {
        if ["br", "p", "div", "li"].contains(tag.name) { lines += 1 } else { isSure = isSure && tag.name.count < 7 }
        (rest, isVisible) = (tag.rest, true)
        isSure = isSure && !AnswerVocabulary.labelKeySet.contains(tag.name)
        continue
      }
      if let behind = ["&nbsp;", "\\n", "\\r"].first(where: { rest.hasPrefix($0) }) {
        (rest, isVisible) = (rest.dropFirst(behind.count), true)
        isSure = isSure && behind == "&nbsp;"
        continue
      }
      let folded = LabelSpelling.folded(next)
      isVisible = isVisible || !folded.isEmpty
      if next.isNewline {
        lines += 1
      } else if "()[]{}|#>\\".contains(next) {
        isSure = false
      } else if !folded.isEmpty, folded != " ", !"*_`\"'~“”„‘’«»「」『』".contains(next) {
        marks += folded
      }
      rest = rest.dropFirst()
    }
    guard rest.startIndex > text.startIndex, let letter = rest.first else { return nil }
    let wanted = own.filter { $0 != " " && $0 != "'" && $0 != "\"" && $0 != "_" }
    if marks != wanted {
      // "No. Evidence is shown.": the sentence is over.
      if wanted.isEmpty, let mark = marks.first, ".,;!?".contains(mark), !marks.hasPrefix("..") { return nil }
      isSure = false
    }
    isSure = isSure && isVisible && (lines == 0 || lines == 1 && !letter.isUppercase)
    return (rest, isSure)
  }
}
