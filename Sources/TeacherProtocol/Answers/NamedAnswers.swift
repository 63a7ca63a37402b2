/// Answers that keys, headings, tags and boxes name.
extension AnswerStatements {
  /// What is named an answer anywhere in the text: `Final answer: No`, `<answer>No</answer>`, `\boxed{No}`.
  var named: [Statement] {
    var (found, place) = ([Statement](), text.startIndex)
    // One is told, and the first is as good as another.
    var hasUnknown = false
    while let mark = text[place...].utf8.firstIndex(where: Self.beginsSign) {
      place = text.index(after: mark)
      guard !isMasked(mark), let (behind, start, isFirm) = name(at: mark, isKnown: hasUnknown) else { continue }
      let rest = bare(behind)
      guard !rest.isEmpty, !isMasked(rest.startIndex) else { continue }
      if let value = LabelMatch.first(in: rest, labels.valueReadings) {
        let statement = statement(value, from: start)
        if statement.name != nil || text[mark] != "|" { found.append(statement) }
      } else if isFirm, !hasUnknown, behindName(rest) == nil, let label = AnswerWords.label(rest) {
        found.append(Statement(outcome: .unknownLabel(label), start: start, label: rest.startIndex, rest: rest))
        hasUnknown = true
      }
    }
    let sentences = sentences
    // "The answer is no. Final answer: No, Yes" ends in no answer.
    if !found.contains(where: { $0.name != nil }), let last = found.last, let sentence = sentences.last,
      last.start > sentence.start
    {
      return found
    }
    found = (found + sentences).sorted { $0.start < $1.start }
    // Choices that a question names count for nothing beside an answer.
    let given = found.filter { $0.name != nil }
    return given.isEmpty ? found : given
  }

  /// The first bytes of the signs and of the ends of lines.
  private static func beginsSign(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x3A, 0x3E, 0x7C, 0x5C, 0x0A, 0x0D, 0x2D, 0xE2, 0xEF: true
    default: false
    }
  }

  /// What a sign names an answer: where it begins, where its name begins, and whether nothing but a label may follow.
  ///
  /// - Parameter isKnown: whether only a known label counts, so that keys before anything else need not be looked at.
  private func name(
    at mark: Substring.Index, isKnown: Bool
  ) -> (behind: Substring, start: Substring.Index, isFirm: Bool)? {
    let behind = text[text.index(after: mark)...]
    switch text[mark] {
    case ":", "：", "|":
      guard mayEndKey(before: mark), !isKnown || isLabel(behind) else { return nil }
      let start = clauseStart(before: mark)
      guard AnswerWords.isKey(text[start..<mark], AnswerVocabulary.labelKeySet), !isConditional(start) else {
        return nil
      }
      return (behind, start, text[mark] != "|" && AnswerWords.isKey(text[start..<mark], AnswerVocabulary.firmLabelKeys))
    case ">":
      // A run of these signs is no tag.
      guard mark > text.startIndex, text[text.index(before: mark)] != ">",
        let start = text[..<mark].suffix(40).lastIndex(of: "<"), let tag = AnswerWords.tag(text[start...]),
        !tag.isClosing,
        AnswerVocabulary.labelKeySet.contains(tag.name)
      else { return nil }
      return (tag.rest, start, AnswerVocabulary.firmLabelKeys.contains(tag.name))
    case "-", "–", "—", "→":
      // "Answer - yes", "Label -> no"
      guard mark > text.startIndex, text[text.index(before: mark)].isWhitespace, mayEndKey(before: mark),
        isLabel(behind.drop { $0 == ">" })
      else { return nil }
      let rest = text[mark] == "-" && behind.first == ">" ? behind.dropFirst() : behind
      guard rest.first?.isWhitespace == true else { return nil }
      let start = clauseStart(before: mark)
      return AnswerWords.isKey(text[start..<mark], AnswerVocabulary.labelKeySet) ? (rest, start, false) : nil
    case "\\": return Self.behindBox(text[mark...]).map { ($0, mark, true) }
    default:
      guard text[mark].isNewline,
        let heading = AnswerWords.behindHeading(behind, AnswerVocabulary.firmLabelKeys)
      else { return nil }
      return (heading, behind.startIndex, true)
    }
  }

  /// Whether a condition stands before a key: "If it is open, answer: yes".
  private func isConditional(_ key: Substring.Index) -> Bool {
    let before = text[..<key].suffix(200)
    let clause = before.lastIndex { $0.isNewline || ".!?。！？;；".contains($0) }.map { before[before.index(after: $0)...] }
    let word = (clause ?? before).drop { !$0.isLetter }.prefix { $0.isLetter }
    return !word.isEmpty && word.utf8.count <= 40
      && AnswerVocabulary.conditionals.contains(LabelSpelling.key(String(word)))
  }

  private func isLabel(_ text: Substring) -> Bool {
    LabelMatch.first(in: bare(text), labels.valueReadings) != nil
  }

  /// False where the word before a place tells that no key ends there, as before most signs.
  private func mayEndKey(before mark: Substring.Index) -> Bool {
    var (word, others) = ([UInt8](), 0)
    for byte in text[..<mark].utf8.suffix(40).reversed() {
      if byte >= 0x80 { return true }
      if (0x61...0x7A).contains(byte | 0x20) {
        word.append(byte | 0x20)
      } else if !word.isEmpty || others == 8 {
        break
      } else {
        others += 1
      }
    }
    return AnswerVocabulary.keyEndings.contains(String(decoding: word.reversed(), as: UTF8.self))
  }

  /// Where the clause begins that ends before a place.
  private func clauseStart(before mark: Substring.Index) -> Substring.Index {
    var start = mark
    for _ in 0..<60 where start > text.startIndex {
      let before = text.index(before: start)
      if text[before].isNewline || ".!?。！？．｡;；,，>|([{（:：".contains(text[before]) { break }
      start = before
    }
    return start
  }

  /// Behind a key, a heading, a tag or a box that names an answer, and whether nothing but a label may follow.
  func behindName(_ text: Substring) -> (Substring, isFirm: Bool)? {
    if text.first != "<",
      let behind = AnswerWords.behindKey(text, AnswerVocabulary.labelKeySet)
        ?? AnswerWords.behindHeading(text, AnswerVocabulary.firmLabelKeys)
    {
      return (behind, AnswerWords.isKey(text[..<behind.startIndex].dropLast(), AnswerVocabulary.firmLabelKeys))
    }
    if let tag = AnswerWords.tag(text), !tag.isClosing, AnswerVocabulary.labelKeySet.contains(tag.name) {
      return (tag.rest, AnswerVocabulary.firmLabelKeys.contains(tag.name))
    }
    return Self.behindBox(text).map { ($0, true) }
  }

  private static func behindBox(_ text: Substring) -> Substring? {
    for box in ["\\boxed{", "\\text{", "\\textbf{", "\\mathrm{", "\\fbox{"] where text.hasPrefix(box) {
      return text.dropFirst(box.count)
    }
    return nil
  }
}
