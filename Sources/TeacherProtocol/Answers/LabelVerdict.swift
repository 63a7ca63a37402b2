/// Labels that words behind them call the answer: "B is correct.", "Option B is the right answer because it bends."
enum LabelVerdict {
  private static let adverbs: Set<String> = [
    "definitely", "clearly", "certainly", "obviously", "indeed", "therefore", "thus",
  ]
  private static let adjectives: Set<String> = ["correct", "right", "best"]
  private static let nouns: Set<String> = ["answer", "choice", "option", "one", "label"]
  /// What may call a label an option before it.
  static let names = ["option ", "choice ", "answer ", "letter ", "label "]

  /// Whether the words of a verdict are no labels themselves: "left is right" is none.
  static func isPossible(for keys: [LabelSet.Reading]) -> Bool {
    keys.allSatisfy { !adjectives.contains($0.key) && !nouns.contains($0.key) }
  }

  /// What follows a verdict that begins behind a label; nil where none stands there, or where the sentence goes on otherwise
  /// than with a reason: "B is correct if it rains", "B is right, but C is too" and "B is not correct" give nothing.
  static func rest(behind text: Substring) -> Substring? {
    var rest = text.drop { AnswerWords.closers.contains($0) || $0.isBlank }
    guard rest.startIndex > text.startIndex, take(["is"], from: &rest) else { return nil }
    _ = take(adverbs, from: &rest)
    let isNamed = take(["the", "my"], from: &rest)
    let isJudged = take(adjectives, from: &rest)
    if isNamed { guard take(nouns, from: &rest) else { return nil } }
    return (isNamed || isJudged) && ends(rest) ? rest : nil
  }

  /// Whether a sentence ends here, or goes on with a reason.
  static func ends(_ text: Substring) -> Bool {
    var rest = text.drop { AnswerWords.closers.contains($0) || $0.isBlank }
    if let mark = rest.first, LabelSpelling.folded(mark) == "," {
      rest = rest.dropFirst().drop(while: \.isBlank)
      guard rest.first?.isLetter == true else { return false }
    }
    guard let next = rest.first else { return true }
    if next.isLetter || next.isNumber {
      return AnswerVocabulary.reasons.contains(LabelSpelling.key(String(rest.prefix { $0.isLetter })))
    }
    return next.isNewline || ".!;:(-–—".contains(LabelSpelling.folded(next))
  }

  /// Goes over a word of these and the space behind it.
  private static func take(_ words: Set<String>, from text: inout Substring) -> Bool {
    let word = text.prefix { $0.isLetter || $0 == "'" || $0 == "’" }
    guard !word.isEmpty, word.utf8.count <= 20, words.contains(LabelSpelling.key(String(word))) else { return false }
    text = text[word.endIndex...].drop(while: \.isBlank)
    return true
  }
}
