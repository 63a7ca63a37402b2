/// The places in an answer's words that give a label: its beginning, what keys, tags and boxes name, and lines of their own.
struct AnswerStatements {
  /// One of them.
  struct Statement {
    /// A label, or why there is none.
    let outcome: TeacherReply.Outcome
    /// Where the key begins that names it, or the label itself.
    let start: Substring.Index
    /// Where the label begins.
    let label: Substring.Index
    /// What follows the label.
    let rest: Substring
    /// False where the words may go on with those before them, so that they count only against another answer.
    var isSure = true

    var name: String? {
      if case .answered(let name) = outcome { name } else { nil }
    }
  }

  let text: Substring
  private let masked: [Range<Substring.Index>]
  private let reader: AnswerReader
  /// Whether the text stands in the place of a label, where no list begins.
  private let isValue: Bool
  var labels: LabelSet { reader.labels }

  /// The statements of an answer.
  ///
  /// - Parameters:
  ///   - text: the answer.
  ///   - masked: parts whose words are not the answer's own.
  ///   - reader: knows the labels, and how an answer begins that gives none.
  ///   - isValue: whether the text is what an object has in the place of a label. The default is false.
  init(
    of text: Substring, without masked: [Range<Substring.Index>], reader: AnswerReader, isValue: Bool = false
  ) {
    self.text = text
    self.isValue = isValue
    self.masked = masked.sorted { $0.lowerBound < $1.lowerBound }
    self.reader = reader
  }

  /// What the statements say together: nil for none, unreadable for several that contradict each other.
  var answer: ReadAnswer? {
    let opening = opening
    let all = named
    let named = all.filter(\.isSure)
    let lines = lines
    if let opening, opening.outcome == .abstained || opening.outcome == .refused { return read(opening, named) }
    let given = ([opening].compactMap(\.self) + named).filter { $0.name != nil }
    if let base = given.first {
      // A label may go on over the end of a line.
      let others =
        given + all.filter { $0.name != nil }
        + lines.filter { $0.label < base.label || $0.label >= base.rest.startIndex }
      if let other = others.first(where: { $0.name != base.name }) { return contradiction(base, other) }
      if let name = base.name, let words = retraction(of: name, in: base.rest) {
        return ReadAnswer(.unreadable("the answer '\(labels[name]?.answer ?? name)', taken back by '\(words)'"))
      }
      return read(base, named)
    }
    // A last line that is a label and nothing else is an answer where no other one stands.
    if opening == nil, all.isEmpty, let last = lines.last, isAlone(last), beginsAfresh(last.start) {
      guard let other = lines.first(where: { $0.name != last.name }) else { return read(last, []) }
      return contradiction(other, last)
    }
    return (opening ?? named.first).map { read($0, named) }
  }

  private func contradiction(_ a: Statement, _ b: Statement) -> ReadAnswer {
    let words = [a, b].map { "'\($0.name.flatMap { labels[$0]?.answer } ?? "")'" }
    return ReadAnswer(.unreadable("an answer that gives both \(words[0]) and \(words[1])"))
  }

  private func isAlone(_ statement: Statement) -> Bool {
    var rest = statement.rest
    while let next = rest.first {
      if let tag = AnswerWords.tag(rest), tag.isClosing {
        rest = tag.rest
      } else if next.isLetter || next.isNumber {
        return false
      } else {
        rest = rest.dropFirst()
      }
    }
    return true
  }

  private func read(_ statement: Statement, _ named: [Statement]) -> ReadAnswer {
    var rest = statement.rest
    // The same label once more at the end is no reason.
    if let last = named.last, last.start > rest.startIndex, isAlone(last), last.name == statement.name {
      rest = rest[..<last.start]
    }
    var reasons = AnswerWords.rationale(rest)
    if reasons.text.isEmpty, statement.start > text.startIndex {
      let before = AnswerWords.rationale(text[..<statement.start], isBehindLabel: false)
      if before.text.contains(where: { $0.isLetter }) {
        // "The bar is down, so the answer is no": the comma ends nothing any more.
        let text = before.text.last.map { ",，;；".contains($0) } == true ? String(before.text.dropLast()) : before.text
        reasons = (text, reasons.confidence ?? before.confidence)
      }
    }
    return ReadAnswer(
      statement.outcome, rationale: reasons.text, confidence: reasons.confidence,
      labelOffset: statement.name.map { _ in text.utf8.distance(from: text.startIndex, to: statement.label) })
  }

  /// An answer whose text ended at its length limit: the label counts where it leads the text, or is closed by a tag or the
  /// end of its line, and can't be the beginning of a longer one. Further in it may be a draft of an answer that never came.
  func cut(_ read: ReadAnswer) -> ReadAnswer {
    guard let offset = read.labelOffset else { return ReadAnswer(.cutOff) }
    let start = text.utf8.index(text.startIndex, offsetBy: offset)
    let end = LabelSpelling.key(String(text[start...].prefix(200)))
    let goesOn = labels.answerReadings.contains { $0.key.hasPrefix(end) && $0.key != end }
    let isLeading = opening.map { $0.label == start } ?? (bare(text).startIndex == start)
    let isClosed = named.contains { statement in
      let rest = statement.rest.drop { AnswerWords.closers.contains($0) || $0.isBlank }
      return statement.label == start && (rest.first == "<" || rest.first == "}" || rest.first?.isNewline == true)
    }
    guard !goesOn, isLeading || isClosed else { return ReadAnswer(.cutOff) }
    var read = read
    (read.isRationaleCut, read.confidence) = (true, nil)
    return read
  }

  /// The text from its first word on, or from the first label of marks.
  func bare(_ text: Substring) -> Substring {
    let bare =
      labels.signReadings.isEmpty
      ? AnswerWords.bare(text)
      : AnswerWords.bare(text) { rest in labels.signReadings.contains { LabelMatch.end(of: $0.key, in: rest) != nil } }
    // "❌ No": a cross that says the same.
    guard let scalar = bare.first?.unicodeScalars.first, AnswerWords.crosses.contains(scalar) else { return bare }
    let behind = AnswerWords.bare(bare.dropFirst())
    guard let found = LabelMatch.first(in: behind, labels.answerReadings),
      AnswerVocabulary.negations.contains(LabelSpelling.key(String(found.match.words)))
    else { return bare }
    return behind
  }

  func isMasked(_ place: Substring.Index) -> Bool {
    // The last part that begins at or before the place; parts may lie within others, but seldom do.
    var (low, high) = (0, masked.count)
    while low < high {
      let middle = (low + high) / 2
      if masked[middle].lowerBound <= place { low = middle + 1 } else { high = middle }
    }
    return masked[..<low].suffix(8).contains { place < $0.upperBound }
  }

  // MARK: - The beginning

  private var opening: Statement? {
    guard let first = text.firstIndex(where: { !$0.isWhitespace }), !isMasked(first) else { return nil }
    let start = first
    // A label may begin with a mark of its own.
    if let found = LabelMatch.first(in: text[first...], labels.answerReadings) { return statement(found, from: start) }
    var rest = bare(text)
    guard !rest.isEmpty, !isMasked(rest.startIndex) else { return nil }
    var (isNamed, isFirm) = (false, false)
    for _ in 0..<4 {
      if LabelMatch.first(in: rest, labels.answerReadings) != nil { break }
      guard let (behind, firm) = behindName(rest) else { break }
      rest = bare(behind)
      (isNamed, isFirm) = (true, isFirm || firm)
    }
    if let statement = self.value(rest, isNamed: isNamed, from: start) { return statement }
    if let behind = Self.behindPreface(rest) {
      if let found = value(bare(behind), isNamed: isNamed, from: start) { return found }
    }
    guard isFirm, let label = AnswerWords.label(rest) else { return nil }
    return Statement(outcome: .unknownLabel(label), start: start, label: rest.startIndex, rest: rest)
  }

  /// A label, an abstention or a refusal at the beginning of a text; of a label and a longer phrase the phrase counts.
  private func value(_ rest: Substring, isNamed: Bool, from start: Substring.Index) -> Statement? {
    let found = LabelMatch.first(in: rest, isNamed ? labels.valueReadings : labels.answerReadings)
    let longest = found?.match.words.count ?? 0
    for (phrases, outcome) in [(reader.abstentions, TeacherReply.Outcome.abstained), (reader.refusals, .refused)] {
      if let behind = Self.behind(phrases, in: rest, longerThan: longest) {
        return Statement(outcome: outcome, start: start, label: rest.startIndex, rest: behind)
      }
    }
    return found.map { statement($0, from: start) }
  }

  /// Behind one of several phrases at the beginning of a text.
  private static func behind(_ phrases: [String], in text: Substring, longerThan length: Int) -> Substring? {
    guard let first = text.utf8.first else { return nil }
    for phrase in phrases where first >= 0x80 || phrase.utf8.first.map({ $0 | 0x20 }) == first | 0x20 {
      guard phrase.count > length, let end = LabelMatch.end(of: LabelSpelling.key(phrase), in: text) else { continue }
      let behind = text[end...]
      if let next = behind.first, next.isLetter || next.isNumber, next.hasWordEnds { continue }
      return behind
    }
    return nil
  }

  func statement(_ found: (match: LabelMatch, ending: LabelMatch.Ending), from start: Substring.Index)
    -> Statement
  {
    let match = found.match
    var outcome = TeacherReply.Outcome.answered(labels.labels[match.label].name)
    if case .taken(let reason) = found.ending {
      outcome = .unreadable(reason)
    } else if let other = bracketed(match.rest), other != labels.labels[match.label].name {
      outcome = .unreadable("the label '\(match.words)' with another one in brackets")
    } else if hasOpposite(match) {
      outcome = .unreadable("a label that a dash may belong to")
    }
    return Statement(outcome: outcome, start: start, label: match.words.startIndex, rest: match.rest)
  }

  /// The label that brackets behind a label name: "No (falsified)".
  private func bracketed(_ rest: Substring) -> String? {
    let inner = rest.drop { $0 == " " || $0 == "*" }
    guard inner.first == "(" || inner.first == "（", let end = inner.firstIndex(where: { $0 == ")" || $0 == "）" }) else {
      return nil
    }
    let words = inner[..<end].dropFirst()
    return words.utf8.count > 60 ? nil : labels.label(said: String(words))?.name
  }

  /// Whether "- 1" may be the number -1: where that is a label, and behind a key, where no list begins.
  private func hasOpposite(_ match: LabelMatch) -> Bool {
    let before = text[..<match.words.startIndex]
    // "-**1**": emphasis parts no sign from its number.
    let marks = "*_`\"'“”>"
    guard
      let dash = Self.withoutTags(before).lastIndex(where: {
        !$0.isWhitespace && !marks.contains($0) && !LabelSpelling.folded($0).isEmpty
      }), LabelSpelling.folded(before[dash]) == "-"
    else {
      return false
    }
    let key = "-" + LabelSpelling.key(String(match.words))
    if labels.answerReadings.contains(where: { $0.key == key }) { return true }
    guard match.words.first?.isNumber == true else { return false }
    let lead = before[..<dash].last { !$0.isWhitespace || $0.isNewline }
    return lead.map { ":：=>{".contains($0) } ?? isValue
  }

  /// Without opening tags at the end.
  private static func withoutTags(_ text: Substring) -> Substring {
    var text = text
    while text.last == ">", let start = text.suffix(40).lastIndex(of: "<"),
      AnswerWords.tag(text[start...])?.isClosing == false
    {
      text = text[..<start]
    }
    return text
  }

  /// Behind a word of assent, the number of a list, or the word "option".
  static func behindPreface(_ text: Substring) -> Substring? {
    let head = text.prefix(24)
    if let mark = head.firstIndex(where: { "!.,:;—–，。！：".contains($0) }) {
      let words = LabelSpelling.key(String(head[..<mark]))
      let behind = text[text.index(after: mark)...]
      if AnswerVocabulary.interjections.contains(words) { return behind }
    }
    let digits = text.prefix { $0.isNumber }
    if !digits.isEmpty, digits.count <= 2 {
      let behind = text[digits.endIndex...]
      let isMark = behind.first.map { ".).、）．".contains($0) } == true
      // "3. 1" is no list, as far as anybody can tell.
      if isMark, behind.dropFirst().first.map({ $0.isWhitespace || !$0.hasWordEnds }) == true,
        AnswerWords.bare(behind.dropFirst()).first?.isNumber != true
      {
        return behind.dropFirst()
      }
    }
    for word in LabelVerdict.names.prefix(2) {
      if let end = LabelMatch.end(of: word, in: text) { return text[end...] }
    }
    return nil
  }
}
