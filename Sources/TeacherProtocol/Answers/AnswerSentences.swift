/// Answers that a sentence or a line of its own gives.
extension AnswerStatements {
  // MARK: - Sentences

  /// Sentences that give one label: "The answer is no.", "So the answer is **Yes**", "I would say yes.", `答案为否。`
  ///
  /// Nothing is read from a question, from what is said under a condition ("If it is open, the answer is yes"), nor where the
  /// sentence goes on behind the label otherwise than with a reason.
  var sentences: [Statement] {
    var found: [Statement] = []
    var (clause, sentence) = (text.startIndex, text.startIndex)
    while clause < text.endIndex {
      let end = clauseEnd(from: clause)
      if let statement = statement(in: clause..<end, ofSentenceFrom: sentence) { found.append(statement) }
      guard end < text.endIndex else { break }
      clause = text.index(after: end)
      if Self.endsSentence(text[end]) { sentence = clause }
    }
    return found
  }

  private func clauseEnd(from start: Substring.Index) -> Substring.Index {
    var place = start
    while let end = text[place...].utf8.firstIndex(where: Self.beginsMark) {
      if text[end].isNewline || ".!?,;:。！？，；：．、".contains(text[end]) { return end }
      place = text.index(after: end)
    }
    return text.endIndex
  }

  /// The first bytes of marks that end a clause.
  private static func beginsMark(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x0A, 0x0D, 0x21, 0x2C, 0x2E, 0x3A, 0x3B, 0x3F, 0xE2, 0xE3, 0xEF: true
    default: false
    }
  }

  private static func endsSentence(_ mark: Character) -> Bool { mark.isNewline || ".!?。！？．".contains(mark) }

  private func statement(in clause: Range<Substring.Index>, ofSentenceFrom sentence: Substring.Index) -> Statement? {
    let words = text[clause]
    // A clause that says nothing but the answer is short.
    guard (4...400).contains(words.utf8.count) else { return nil }
    guard let (start, behind) = Self.behindHead(words) ?? brief(words).map({ (clause.lowerBound, $0) }) else {
      return nil
    }
    guard !isMasked(start), !isMasked(behind) else { return nil }
    var rest = bare(text[behind...])
    var found = LabelMatch.first(in: rest, labels.answerReadings)
    for _ in 0..<3 where found == nil {
      let word = rest.prefix { $0.isLetter }
      guard AnswerVocabulary.assertions.contains(LabelSpelling.key(String(word))) else { return nil }
      rest = AnswerWords.bare(rest[word.endIndex...])
      found = LabelMatch.first(in: rest, labels.answerReadings)
    }
    let lead = text[sentence..<start]
    guard let found, !isMasked(rest.startIndex), isGiven(found.match, clause: start, lead: lead) else { return nil }
    // "是否" and "是不是" are words for whether.
    if text[..<behind].last == "是", found.match.words.first == "否" || found.match.words == "不是" { return nil }
    // "Therefore," and "Step 3:" belong to the sentence, and are no reason.
    var statement = statement(found, from: Self.isName(lead) ? sentence : start)
    statement.isSure = text[..<clause.lowerBound].last?.isNewline != true || beginsAfresh(clause.lowerBound)
    return statement.name == nil ? nil : statement
  }

  /// Behind the words that begin such a sentence, and where they begin.
  private static func behindHead(_ clause: Substring) -> (start: Substring.Index, behind: Substring.Index)? {
    let bare = AnswerWords.bare(clause)
    for phrase in AnswerVocabulary.speakers {
      if let end = LabelMatch.end(of: phrase, in: bare), clause[end...].first.map({ !$0.isLetter && $0 != "'" }) ?? true
      {
        return (clause.startIndex, end)
      }
    }
    for place in bare.prefix(12).indices where AnswerVocabulary.attachedEndings.contains(String(bare[place])) {
      if AnswerWords.isKey(bare[..<place], AnswerVocabulary.sentenceKeys) {
        return (clause.startIndex, bare.index(after: place))
      }
    }
    var start = bare.startIndex
    for phrase in AnswerVocabulary.opinions {
      if let end = LabelMatch.end(of: phrase, in: bare) { start = end }
    }
    for word in bare.split(whereSeparator: \.isWhitespace) where word.utf8.count <= 30 {
      let key = LabelSpelling.key(String(word))
      if AnswerVocabulary.copulas.contains(key), word.startIndex > start,
        AnswerWords.isKey(bare[start..<word.startIndex], AnswerVocabulary.sentenceKeys)
      {
        return (clause.startIndex, word.endIndex)
      }
      if AnswerVocabulary.consequences.contains(key) { start = word.endIndex }
    }
    return nil
  }

  /// Where the label stands in a clause that calls it the answer, or no more than names it where labels are letters: "So B is
  /// correct", "Option B is the right choice", "It's B".
  private func brief(_ clause: Substring) -> Substring.Index? {
    var rest = AnswerWords.bare(clause)
    let opinion = AnswerVocabulary.opinions.compactMap { LabelMatch.end(of: $0, in: rest) }.max()
    if let opinion { rest = AnswerWords.bare(rest[opinion...]) }
    let word = rest.prefix { $0.isLetter }
    if AnswerVocabulary.consequences.contains(LabelSpelling.key(String(word))) {
      rest = AnswerWords.bare(rest[word.endIndex...])
    }
    for phrase in ["it's ", "it is "] where labels.areLetters {
      guard let end = LabelMatch.end(of: phrase, in: rest) else { continue }
      let place = bare(text[end...])
      guard let found = LabelMatch.first(in: place, labels.answerReadings), case .settled = found.ending else {
        return nil
      }
      return LabelVerdict.ends(found.match.rest) ? place.startIndex : nil
    }
    if let name = LabelVerdict.names.lazy.compactMap({ LabelMatch.end(of: $0, in: rest) }).first {
      rest = rest[name...]
    }
    let place = bare(text[rest.startIndex...])
    guard let found = LabelMatch.first(in: place, labels.answerReadings), case .settled = found.ending,
      LabelVerdict.isPossible(for: labels.answerReadings),
      LabelVerdict.rest(behind: text[found.match.words.endIndex...]) != nil
    else { return nil }
    return place.startIndex
  }

  /// Whether a sentence gives the label that stands in it.
  private func isGiven(_ match: LabelMatch, clause: Substring.Index, lead: Substring) -> Bool {
    let after = match.rest.prefix(400).prefix { !Self.endsSentence($0) }
    if let mark = text[after.endIndex...].first, "?？".contains(mark) { return false }
    let before = text[lead.startIndex..<match.words.startIndex].suffix(400)
    for part in [before, after] where Self.isConditional(part) { return false }
    // What a colon leads to may be somebody else's word: "He said: the answer is yes".
    if let mark = lead.last, ":：".contains(mark), !Self.isName(lead) { return false }
    return !isQuotation(from: clause, behind: match.rest) && Self.isWhole(match.rest)
  }

  /// Whether what leads to a clause is the name of an answer, of reasons or of a step, or a word such as "therefore".
  private static func isName(_ lead: Substring) -> Bool {
    guard (1...100).contains(lead.utf8.count) else { return false }
    let name = AnswerWords.bare(lead.dropLast())
    return LabelMatch.end(of: "step", in: name) != nil || AnswerWords.isKey(name, AnswerVocabulary.labelKeySet)
      || AnswerWords.isKey(name, AnswerVocabulary.rationaleKeys)
  }

  /// Whether the clause begins with a quote of its own; quotes around the whole answer are none.
  private func isQuotation(from clause: Substring.Index, behind rest: Substring) -> Bool {
    let quotes = "\"“”„«»「」『』"
    let opening = text[clause...].prefix(20).prefix { !$0.isLetter && !$0.isNumber }
    guard let quote = opening.lastIndex(where: quotes.contains), opening[quote...].last?.isWhitespace == false else {
      return false
    }
    if opening.endIndex > AnswerWords.bare(text).startIndex { return true }
    // "The answer is yes," said the guard.
    let closing = rest.prefix(20).prefix { !$0.isLetter && !$0.isNumber && !$0.isNewline }
    return closing.contains(where: quotes.contains) && rest[closing.endIndex...].first?.isLetter == true
  }

  /// Whether words make an answer hold in some case only. "The most likely answer is" chooses one all the same.
  private static func isConditional(_ words: Substring) -> Bool {
    let keys = words.split { !$0.isLetter }.filter { $0.utf8.count <= 48 }.map { LabelSpelling.key(String($0)) }
    return keys.indices.contains { place in
      let isChoice =
        keys[place] == "likely" && place > 0 && keys[place - 1] == "most" && place + 1 < keys.count
        && AnswerVocabulary.sentenceKeys.contains(keys[place + 1])
      return AnswerVocabulary.conditions.contains(keys[place]) && !isChoice
    }
  }

  /// Whether a sentence ends behind the label, or goes on with a mark or a reason.
  private static func isWhole(_ rest: Substring) -> Bool {
    if rest.first == ")" { return true }
    let behind = rest.drop { AnswerWords.closers.contains($0) }
    let tail = behind.drop { $0.isWhitespace && !$0.isNewline }
    guard let next = tail.first, next.isLetter || next.isNumber else { return true }
    let word = tail.prefix { $0.isLetter || $0 == "'" || $0 == "’" }
    return tail.startIndex > behind.startIndex && AnswerVocabulary.reasons.contains(LabelSpelling.key(String(word)))
  }

  // MARK: - Lines

  /// Lines that begin with a label, from the second one on.
  var lines: [Statement] {
    var (found, place) = ([Statement](), text.startIndex)
    // U+2028 ends a line as well.
    while let end = text[place...].utf8.firstIndex(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0xE2 }) {
      place = text.index(after: end)
      guard text[end].isNewline else { continue }
      let line = text[place...].prefix { !$0.isNewline }
      let bare = self.bare(line)
      guard !bare.isEmpty, !isMasked(bare.startIndex) else { continue }
      let match =
        LabelMatch.first(in: bare, labels.answerReadings)
        ?? Self.behindPreface(bare).flatMap { LabelMatch.first(in: AnswerWords.bare($0), labels.answerReadings) }
      guard let match, case .settled = match.ending else { continue }
      let statement = statement(match, from: line.startIndex)
      // The reasons may go on behind the line.
      if statement.name != nil {
        found.append(
          Statement(
            outcome: statement.outcome, start: line.startIndex, label: statement.label,
            rest: text[statement.rest.startIndex...]))
      }
    }
    return found
  }

  /// Whether a line begins anew: the line before it ends with a mark that ends a sentence or leads to what follows. "The claim
  /// is not" goes on, over an empty line too.
  func beginsAfresh(_ line: Substring.Index) -> Bool {
    var before = text[..<line]
    for _ in 0..<200 {
      guard let last = before.last, let place = before.indices.last else { return true }
      if isMasked(place) { return true }
      if last.isNewline {
        before.removeLast()
        // The line of a fence says nothing.
        let above = before.suffix(20)
        let start = above.lastIndex(where: \.isNewline).map(above.index(after:)) ?? above.startIndex
        let marks = AnswerWords.withoutMarks(before[start...]).startIndex
        if ["```", "~~~"].contains(where: { before[start..<marks].contains($0) }) { before = before[..<start] }
      } else if last == ">", let start = before.suffix(40).lastIndex(of: "<"), AnswerWords.tag(before[start...]) != nil
      {
        before = before[..<start]
      } else if last.isWhitespace || AnswerWords.closers.contains(last) || LabelSpelling.folded(last).isEmpty
        || last.unicodeScalars.first?.properties.generalCategory == .otherSymbol
      {
        before.removeLast()
      } else if ":：".contains(last) {
        // "It is not: urgent"
        let word = before.dropLast().suffix(16).split { !$0.isLetter && $0 != "'" }.last ?? ""
        return !AnswerVocabulary.negations.contains(LabelSpelling.key(String(word)))
      } else {
        return ".!?。！？．｡؟۔।።".contains(last) && !before.hasSuffix("..")
      }
    }
    return false
  }
}
