import Foundation

/// What was read out of a reply's text.
public struct ReadAnswer: Sendable, Equatable {
  /// The label, or why there is none.
  public var outcome: TeacherReply.Outcome
  /// The reasons that came with it; empty where there were none.
  public var rationale: String
  /// A confidence stated in the reply, 0...1.
  public var confidence: Confidence?
  /// Where the words of the label begin, in UTF-8 bytes from the beginning of the text; nil without a label.
  public var labelOffset: Int?

  init(_ outcome: TeacherReply.Outcome, rationale: String = "", confidence: Confidence? = nil, labelOffset: Int? = nil)
  {
    self.outcome = outcome
    self.rationale = rationale
    self.confidence = confidence
    self.labelOffset = labelOffset
  }
}

/// Reads label and rationale out of what a model wrote.
///
/// ```swift
/// AnswerReader(labels: .outOfContext).read("**Yes** - the photo shows a dog.")
/// // outcome .answered("falsified"), rationale "the photo shows a dog."
/// ```
///
/// Accepted are: the label's answer words at the very beginning (letter case, quotes and asterisks ignored; whole words,
/// so "Note" is not "No"), the same after `Answer:`, `Label:` or `Verdict:`, and a JSON object with `label` (or `answer`),
/// `rationale` (or `reason`, `explanation`) and `confidence` (or `probability`), alone, fenced, or after some words. A last
/// line `Confidence: 0.9` is read too. A text that begins with one of ``abstentions`` abstains, with one of ``refusals`` it
/// is refused, and a JSON object that never ends was cut off. All else has no label: nothing is guessed from words further
/// in, as a rationale names the other label too.
public struct AnswerReader: Sendable, Equatable {
  /// The labels that can be read.
  public var labels: LabelSet
  /// How an answer begins that takes no side.
  public var abstentions: [String] = [
    "I don't know", "I do not know", "I'm not sure", "I am not sure", "Unsure", "Unknown", "Uncertain", "Cannot tell",
    "Can't tell", "Not sure",
  ]
  /// How an answer begins that declines to be one.
  public var refusals: [String] = [
    "I'm sorry, but I can't", "I'm sorry, but I cannot", "I'm sorry, I can't", "I'm sorry, I cannot",
    "I am sorry, but I can't", "I am sorry, but I cannot", "Sorry, but I can't", "Sorry, I can't", "I can't assist",
    "I cannot assist", "I can't help", "I cannot help", "I'm unable to assist", "I'm unable to help",
    "I am unable to assist", "I am unable to help", "I'm not able to assist", "I'm not able to help",
  ]

  /// A reader for these labels.
  public init(labels: LabelSet) { self.labels = labels }

  /// Reads a reply.
  public func read(_ text: String) -> ReadAnswer {
    let plain = Self.straight(text)
    guard plain.contains(where: { !$0.isWhitespace }) else { return ReadAnswer(.empty) }
    var answer: ReadAnswer
    switch AnswerObject.first(in: plain) {
    case .whole(let object):
      answer = read(object, in: plain) ?? read(words: plain)
    case .neverEnds:
      // Words before a brace that quotes something are an answer all the same.
      let words = read(words: plain)
      answer = words.outcome.isUnreadable ? ReadAnswer(.cutOff) : words
    case .none:
      answer = read(words: plain)
    }
    if plain.utf8.count != text.utf8.count, let offset = answer.labelOffset {
      // Each curly apostrophe is two bytes longer than the straight one it was read as.
      var (read, longer) = (0, 0)
      for scalar in text.unicodeScalars where read < offset {
        read += scalar == "\u{2019}" ? 1 : UTF8.width(scalar)
        longer += scalar == "\u{2019}" ? 2 : 0
      }
      answer.labelOffset = offset + longer
    }
    return answer
  }

  /// With straight apostrophes; most texts have no others, and are not copied.
  private static func straight(_ text: String) -> String {
    let curly: Unicode.Scalar = "\u{2019}"
    // The first of its bytes in UTF-8 is that of all punctuation beyond Latin, and rare.
    guard text.utf8.contains(0xE2), text.unicodeScalars.contains(curly) else { return text }
    var plain = String.UnicodeScalarView()
    plain.append(contentsOf: text.unicodeScalars.lazy.map { $0 == curly ? "'" : $0 })
    return String(plain)
  }

  private func read(words plain: String) -> ReadAnswer {
    var rest = AnswerWords.bare(plain[...])
    var isNamed = false
    for prefix in ["answer", "label", "verdict"] {
      if let after = AnswerWords.after(prefix, in: rest) {
        let tail = after.drop { $0.isWhitespace || $0 == "*" }
        if tail.first == ":" {
          rest = AnswerWords.bare(tail.dropFirst())
          isNamed = true
        }
      }
    }
    // The longest match wins: "Not enough evidence" before "No".
    let answers = labels.labels.map { ($0.answer, TeacherReply.Outcome.answered($0.name)) }
    let silences = abstentions.map { ($0, TeacherReply.Outcome.abstained) }
    let declined = refusals.map { ($0, TeacherReply.Outcome.refused) }
    for (words, outcome) in (answers + silences + declined).sorted(by: { $0.0.count > $1.0.count }) {
      guard let after = AnswerWords.after(words, in: rest) else { continue }
      let (rationale, confidence) = AnswerWords.confidence(endingIn: AnswerWords.rationale(after))
      return ReadAnswer(
        outcome, rationale: rationale, confidence: confidence,
        labelOffset: plain.utf8.distance(from: plain.startIndex, to: rest.startIndex))
    }
    if isNamed, let label = AnswerWords.label(rest) { return ReadAnswer(.unknownLabel(label)) }
    return ReadAnswer(.unreadable("a text that begins with none of \(labels.labels.map(\.answer))"))
  }

  /// Nil for an object that says nothing of a label, which may be anything that a rationale quotes.
  private func read(_ found: AnswerObject, in plain: String) -> ReadAnswer? {
    func first(_ names: [String]) -> JSONValue? { names.lazy.compactMap { found.value[$0] }.first }
    let rationale = first(["rationale", "reason", "explanation", "reasoning"])?.cell ?? ""
    let confidence = first(["confidence", "probability"])?.cell.flatMap(AnswerWords.confidence)
    guard let name = ["label", "answer", "verdict"].first(where: { found.value[$0] != nil }) else { return nil }
    guard let raw = found.value[name]?.cell else { return ReadAnswer(.abstained, rationale: rationale) }
    let offset = found.offset(of: name, in: plain)
    if let label = labels.label(raw) {
      return ReadAnswer(.answered(label.name), rationale: rationale, confidence: confidence, labelOffset: offset)
    }
    var answer = read(words: raw)
    switch answer.outcome {
    case .answered, .abstained, .refused:
      answer.labelOffset = answer.labelOffset.flatMap { own in offset.map { $0 + own } }
    default: answer = ReadAnswer(.unknownLabel(raw))
    }
    answer.rationale = rationale
    answer.confidence = confidence
    return answer
  }
}

extension TeacherReply.Outcome {
  fileprivate var isUnreadable: Bool {
    if case .unreadable = self { true } else { false }
  }
}
