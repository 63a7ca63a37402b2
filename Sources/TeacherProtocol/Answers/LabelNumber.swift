/// Labels that are numbers, or end in one, and what would make another number of them.
extension LabelMatch {
  /// Whether the label's number stands by itself: not so in "$1", ">1", "1.5", "1 %", "1–5" and "1, 3, 5". True for a label
  /// without a number.
  var isNumberOfItsOwn: Bool {
    if words.first?.isNumber == true, hasSignBefore { return false }
    guard words.last(where: { $0.isLetter || $0.isNumber })?.isNumber == true else { return true }
    let behind = rest.drop { "*_`\"'“”‘’«»「」『』)]}）］｝".contains($0) }
    if behind.startIndex > rest.startIndex, let next = behind.first {
      // "**1**5", "**1**st": emphasis ends no number.
      if next.isNumber { return false }
      let word = LabelSpelling.key(String(behind.prefix(12).prefix(while: \.isLetter)))
      if next.isLowercase && "*_`".contains(rest[rest.startIndex]) || ["st", "nd", "rd", "th"].contains(word) {
        return false
      }
    }
    return !hasUnit(behind) && !isFollowedByNumber(behind)
  }

  /// Whether a sign in front makes an amount or a bound of the number: "$1", "~1", ">1".
  private var hasSignBefore: Bool {
    let before = words.base[..<words.startIndex]
    let earlier = before.dropLast().last
    switch before.last {
    // "$1$" is a formula.
    case "$": return rest.first != "$" && earlier != "$"
    case "~": return earlier != "~"
    // Not the end of a tag. A quotation's mark has a space behind it.
    case ">":
      guard earlier != "|", let start = before.suffix(60).lastIndex(of: "<") else { return earlier != "|" }
      return AnswerWords.tag(words.base[start...])?.rest.startIndex != words.startIndex
    default: return false
    }
  }

  /// Whether a sign behind the number goes on with it: of a unit, a currency or a calculation, with or without a space.
  private func hasUnit(_ behind: Substring) -> Bool {
    let tail = behind.drop { $0.isWhitespace && !$0.isNewline }
    guard let sign = tail.first, let scalar = sign.unicodeScalars.first else { return false }
    switch sign {
    case "|": return false
    case "<": return AnswerWords.tag(tail) == nil && !tail.hasPrefix("<|")
    case "~": return !tail.hasPrefix("~~")
    case "$": return tail.startIndex == rest.startIndex && words.base[..<words.startIndex].last != "$"
    case "%", "‰", "‱", "°", "^", "@", "&", "′", "″", "％": return true
    default:
      // Arrows lead to a reason.
      if (0x2190...0x21FF).contains(scalar.value) { return false }
      return [.mathSymbol, .currencySymbol].contains(scalar.properties.generalCategory)
    }
  }

  /// Whether another number follows that belongs to it: directly ("1.5", "1–5"), or on a line of nothing but numbers ("1, 5").
  private func isFollowedByNumber(_ behind: Substring) -> Bool {
    let between = behind.prefix(20).prefix { !$0.isLetter && !$0.isNumber && !$0.isNewline }
    let tail = behind[between.endIndex...]
    guard !between.isEmpty, tail.first?.isNumber == true, !between.contains(where: { "([{（［｛".contains($0) }) else {
      return false
    }
    guard between.contains(where: \.isWhitespace) else { return true }
    let line = tail.prefix(200).prefix { !$0.isNewline }
    if line.contains(where: \.isLetter) { return false }
    // "1. 1" says it twice, "1. -1" does not.
    if between.contains(where: { LabelSpelling.folded($0) == "-" }) { return true }
    let number = line[..<(line.lastIndex { $0.isNumber }.map(line.index(after:)) ?? line.endIndex)]
    return LabelSpelling.key(String(number)) != LabelSpelling.key(String(words))
  }
}
