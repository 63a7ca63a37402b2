import Foundation

/// How the words of an answer are taken apart.
enum AnswerWords {
  /// Marks that may stand before a label and say nothing: emphasis, quotes, brackets, headings.
  private static let wrapping: Set<Character> = [
    "*", "\"", "'", "`", "_", "#", "“", "”", "„", "‟", "«", "‹", "‘", "’", "‚", "(", "[", "{", "|", "~", ">", "＂", "（",
    "［",
    "「", "『", "【", "《", "〈", "｛", "$",
  ]
  private static let listMarks: Set<Character> = ["-", "•", "–", "—", "+", "·", "●", "▪", "◦", "→", "➤", "‣", "∙", "・"]
  /// Signs that stand for a choice that was not made.
  static let crosses: Set<Unicode.Scalar> = ["❌", "✗", "✘", "✖", "✕", "×", "☐", "🚫", "⛔", "❎", "☒", "👎", "⬜"]
  /// What may follow a label's words directly and belongs to what stood before it.
  static let closers: Set<Character> = [
    "*", "_", "`", "\"", "'", "”", "“", "’", "»", "›", ")", "]", "}", "~", "）", "］", "」", "』", "】", "》", "〉", "｝", "＂",
    "|", "$",
  ]
  private static let marks: Set<Character> = [
    ".", ",", ":", ";", "-", "–", "—", "!", ")", "]", "。", "，", "、", "：", "；", "！", "）", "．", "｡", "､", "·", "…",
  ]
  private static let formatting: Set<String> = [
    "b", "strong", "i", "em", "u", "p", "div", "span", "code", "pre", "mark", "h1", "h2", "h3", "h4", "li", "ul", "ol",
    "body",
    "html", "br", "center", "json", "xml", "root", "text",
  ]

  /// The text from its first word on.
  ///
  /// - Parameter isLabel: whether a label stands at the beginning of a text, for labels that are nothing but marks. The
  ///   default is nil, for none.
  static func bare(_ text: Substring, orAt isLabel: ((Substring) -> Bool)? = nil) -> Substring {
    var rest = text
    while let first = rest.first {
      if let isLabel, isLabel(rest) { return rest }
      if let behind = behindFence(rest) ?? behindTag(rest, named: formatting) {
        rest = behind
      } else if first.isWhitespace || wrapping.contains(first) {
        rest = rest.dropFirst()
      } else if listMarks.contains(first),
        rest.dropFirst().first.map({ $0.isWhitespace || wrapping.contains($0) }) == true
      {
        rest = rest.dropFirst()
      } else if let scalar = first.unicodeScalars.first, scalar.value > 0x7F, !crosses.contains(scalar),
        [.otherSymbol, .format, .modifierSymbol].contains(scalar.properties.generalCategory), scalar != "◁"
      {
        rest = rest.dropFirst()
      } else {
        return rest
      }
    }
    return rest
  }

  /// The text from the first sign on that may open a thought: without emphasis, quotes, list marks and the line of a fence.
  static func withoutMarks(_ text: Substring) -> Substring {
    var rest = text
    while let first = rest.first {
      if let behind = behindFence(rest) {
        rest = behind
      } else if first.isWhitespace || listMarks.contains(first) || wrapping.contains(first) && !"[{(".contains(first) {
        rest = rest.dropFirst()
      } else {
        return rest
      }
    }
    return rest
  }

  /// Behind the line that opens a fence, or the backticks alone where words follow them.
  private static func behindFence(_ text: Substring) -> Substring? {
    guard text.hasPrefix("```") || text.hasPrefix("~~~") else { return nil }
    let rest = text.drop { $0 == "`" || $0 == "~" }
    let language = rest.prefix { $0.isLetter || $0.isNumber || $0 == "+" || $0 == "-" }
    let behind = rest[language.endIndex...].drop { $0.isWhitespace && !$0.isNewline }
    let isLanguage = languages.contains(LabelSpelling.key(String(language))) && behind.first?.isNewline == true
    return isLanguage ? behind : rest
  }

  private static let languages: Set<String> = [
    "json", "jsonc", "json5", "jsonl", "text", "txt", "plaintext", "plain", "markdown", "md", "yaml", "yml", "xml",
    "html",
    "python", "py", "javascript", "js", "answer", "output", "label", "result", "csv", "bash", "none",
  ]

  /// Behind a tag with one of these names, opening or closing; nil where none stands at the beginning.
  static func behindTag(_ text: Substring, named names: Set<String>) -> Substring? {
    guard let tag = tag(text), names.contains(tag.name) else { return nil }
    return tag.rest
  }

  /// The tag at the beginning of a text.
  static func tag(_ text: Substring) -> (name: String, isClosing: Bool, rest: Substring)? {
    guard text.first == "<" else { return nil }
    var name = text.dropFirst().drop { $0 == " " }
    let isClosing = name.first == "/"
    if isClosing { name = name.dropFirst().drop { $0 == " " } }
    let word = name.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
    guard !word.isEmpty, let end = name[word.endIndex...].prefix(60).firstIndex(of: ">"),
      !name[..<end].contains("<")
    else { return nil }
    return (joined(String(word)), isClosing, name[name.index(after: end)...])
  }

  /// A name as a key without spaces, dashes, underscores and marks: `Final-Answer` and `final_answer` are one.
  static func joined(_ name: String) -> String {
    LabelSpelling.key(name).filter {
      $0.isLetter || $0.isNumber || $0.unicodeScalars.contains { $0.properties.isAlphabetic }
    }
  }

  // MARK: - Keys

  /// Whether words before a colon are one of these keys, with nothing but words around it that say no more.
  static func isKey(_ clause: Substring, _ keys: Set<String>) -> Bool {
    guard clause.utf8.count <= 80 else { return false }
    var words = LabelSpelling.key(String(clause)).split {
      !($0.isLetter || $0.isNumber || $0 == "'" || $0.unicodeScalars.contains { $0.properties.isDiacritic })
    }
    .map(String.init)
    guard !words.isEmpty, words.count <= 6 else { return false }
    if words.count == 1, !words[0].utf8.allSatisfy({ $0 < 0x80 }) {
      var word = words[0]
      if let filler = AnswerVocabulary.attachedFillers.first(where: word.hasPrefix), word != filler {
        word.removeFirst(filler.count)
      }
      if keys.contains(word) { return true }
      if let ending = AnswerVocabulary.attachedEndings.first(where: word.hasSuffix) { word.removeLast(ending.count) }
      return keys.contains(word)
    }
    if keys.contains(words.joined()) { return true }
    while let first = words.first, words.count > 1, AnswerVocabulary.fillers.contains(first) { words.removeFirst() }
    while let last = words.last, words.count > 1, AnswerVocabulary.fillers.contains(last) { words.removeLast() }
    return words.count <= 2 && words.allSatisfy(keys.contains)
  }

  /// Behind a key and its colon, where the text begins with one, on one line.
  static func behindKey(_ text: Substring, _ keys: Set<String>) -> Substring? {
    var place = text.startIndex
    for _ in 0..<60 {
      guard place < text.endIndex, !text[place].isNewline else { return nil }
      let next = text.index(after: place)
      if ":：=】".contains(text[place]) {
        return isKey(text[..<place], keys) ? text[next...] : nil
      }
      place = next
    }
    return nil
  }

  /// Behind a line that is a key and nothing else, as headings are.
  static func behindHeading(_ text: Substring, _ keys: Set<String>) -> Substring? {
    // A longer line is no heading, and need not be gone through.
    let line = text.prefix(60).prefix { !$0.isNewline }
    guard line.endIndex < text.endIndex, text[line.endIndex].isNewline, isKey(bare(line), keys) else { return nil }
    return text[line.endIndex...]
  }

  // MARK: - Rationales

  /// The reasons that stand in a part of an answer, and a confidence that stands with them on a line of its own.
  ///
  /// - Parameter isBehindLabel: whether the part follows a label directly, so that it may begin with what closes it.
  static func rationale(_ text: Substring, isBehindLabel: Bool = true) -> (text: String, confidence: Confidence?) {
    var (rest, found) = (text, Confidence?.none)
    if isBehindLabel {
      rest = rest.drop { closers.contains($0) || marks.contains($0) }
      // French quotes stand apart from their words.
      let behind = rest.drop { $0.isWhitespace && !$0.isNewline }
      if let first = behind.first, "»›”」』".contains(first) { rest = behind.dropFirst() }
    }
    while true {
      rest = rest.drop { $0.isWhitespace || isBehindLabel && marks.contains($0) }
      rest = rest.drop { $0.isWhitespace || $0 == "*" || $0 == "_" || $0 == "#" || $0 == ">" || $0 == "•" || $0 == "|" }
      if rest.hasPrefix("```") || rest.hasPrefix("~~~") {
        rest = behindFence(rest) ?? rest
      } else if let tag = tag(rest), tag.isClosing || AnswerVocabulary.rationaleKeys.contains(tag.name) {
        rest = tag.rest
      } else if let behind = behindKey(rest, AnswerVocabulary.rationaleKeys)
        ?? behindHeading(rest, AnswerVocabulary.rationaleKeys)
      {
        rest = withoutQuotes(behind.drop { $0.isWhitespace || $0 == "*" || $0 == "_" })
        break
      } else if let (confidence, behind) = confidenceLine(rest) {
        found = found ?? confidence
        rest = behind
      } else {
        break
      }
    }
    let (body, last) = confidence(endingIn: withoutClosing(trimmed(rest)))
    return (withoutEndOfEmphasis(String(withoutClosing(body[...]))), last ?? found)
  }

  /// Without the end of an emphasis that began before the text, as in "**B. a cat**".
  private static func withoutEndOfEmphasis(_ text: String) -> String {
    let marks = text.ranges(of: "**")
    guard marks.count % 2 == 1, let first = marks.first, let before = text[..<first.lowerBound].last,
      !before.isWhitespace, !text[..<first.lowerBound].contains(where: \.isNewline)
    else { return text }
    return String(text[..<first.lowerBound] + text[first.upperBound...])
  }

  /// Without the tags and fences that end a text.
  private static func withoutClosing(_ text: Substring) -> Substring {
    var text = trimmed(text)
    while true {
      if text.hasSuffix("```") || text.hasSuffix("~~~") {
        text = trimmed(text.dropLast(3))
      } else if text.last == ">", let start = text.suffix(40).lastIndex(of: "<"), let tag = tag(text[start...]),
        tag.isClosing, !ReplyThoughts.isName(tag.name)
      {
        text = trimmed(text[..<start])
      } else {
        return text
      }
    }
  }

  /// Without the quotes around a text that has no others.
  private static func withoutQuotes(_ text: Substring) -> Substring {
    let text = trimmed(text)
    guard text.count > 1, text.first == "\"", text.last == "\"", !text.dropFirst().dropLast().contains("\"") else {
      return text
    }
    return text.dropFirst().dropLast()
  }

  /// Without white space at either end. Answers of ten megabytes come, and `trimmingCharacters` takes them apart whole.
  static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  /// What stands in a label's place: the rest of its line, if that is short enough to be one.
  static func label(_ text: Substring) -> String? {
    var end = text.startIndex
    for _ in 0..<80 where end < text.endIndex {
      let (character, next) = (text[end], text.index(after: end))
      if character.isNewline || ";。，；".contains(character) || character == "<" && end > text.startIndex { break }
      // A point within a number ends nothing: "1.5".
      let isInside = text[..<end].last?.isNumber == true && text[next...].first?.isNumber == true
      if ".,".contains(character), !isInside { break }
      end = next
    }
    let line = text[..<end]
    let label = line.trimmingCharacters(in: .whitespaces.union(CharacterSet(charactersIn: "*\"'`_)]}<>/|”’」』")))
    return label.isEmpty || label.count > 40 ? nil : label
  }

  // MARK: - Confidence

  /// A last line that states a confidence, and the text without it.
  static func confidence(endingIn text: Substring) -> (rest: Substring, confidence: Confidence?) {
    // Such a line is short, so a long one need not be gone through for its beginning.
    let end = text.suffix(200)
    guard
      let start = end.lastIndex(where: \.isNewline).map(text.index(after:))
        ?? (end.startIndex == text.startIndex ? text.startIndex : nil)
    else { return (text, nil) }
    guard let (confidence, behind) = confidenceLine(text[start...]), behind.allSatisfy(\.isWhitespace) else {
      return (text, nil)
    }
    return (trimmed(text[..<start]), confidence)
  }

  /// A first line that states a confidence, and what follows it.
  private static func confidenceLine(_ text: Substring) -> (Confidence, rest: Substring)? {
    let line = text.prefix(120).prefix { !$0.isNewline }
    guard line.endIndex == text.endIndex || text[line.endIndex].isNewline,
      let value = behindKey(bare(line), AnswerVocabulary.confidenceKeys)
    else { return nil }
    let number = LabelSpelling.key(String(value)).trimmingCharacters(in: CharacterSet(charactersIn: ".*_`|\"' \t"))
    return confidence(number).map { ($0, text[line.endIndex...]) }
  }

  /// 0...1, or per cent above 1 or with a sign: "85 %", 85, 0.85.
  static func confidence(_ text: String) -> Confidence? {
    let isPercent = text.contains("%")
    let digits = text.replacingOccurrences(of: "%", with: "").trimmingCharacters(in: .whitespaces)
    guard var number = Double(digits), number.isFinite else { return nil }
    if isPercent || number > 1 { number /= 100 }
    return (0...1).contains(number) ? Confidence(number, source: .verbalised) : nil
  }
}
