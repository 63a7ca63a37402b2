import Foundation

/// What was read out of a reply's text.
public struct ReadAnswer: Sendable, Equatable {
  /// The label, or why there is none.
  public var outcome: TeacherReply.Outcome
  /// The reasons that came with it; empty where there were none.
  public var rationale: String
  /// A confidence stated in the reply, 0...1.
  public var confidence: Confidence?
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
/// `rationale` (or `reason`, `explanation`) and `confidence` (or `probability`), alone, fenced, or after some words. A text
/// that begins with one of ``abstentions`` abstains. All else is unreadable: nothing is guessed from words further in, as
/// a rationale names the other label too.
public struct AnswerReader: Sendable, Equatable {
  /// The labels that can be read.
  public var labels: LabelSet
  /// How an answer begins that takes no side.
  public var abstentions: [String] = [
    "I don't know", "I do not know", "I'm not sure", "I am not sure", "Unsure", "Unknown", "Uncertain", "Cannot tell",
    "Can't tell", "Not sure",
  ]

  /// A reader for these labels.
  public init(labels: LabelSet) { self.labels = labels }

  /// Reads a reply.
  public func read(_ text: String) -> ReadAnswer {
    let plain = text.replacingOccurrences(of: "\u{2019}", with: "'")
    if let object = Self.object(in: plain), let answer = read(object) { return answer }
    var rest = Self.bare(plain[...])
    guard !rest.isEmpty else { return unreadable("an empty text") }
    for prefix in ["answer", "label", "verdict"] {
      if let after = Self.after(prefix, in: rest) {
        let tail = after.drop { $0.isWhitespace || $0 == "*" }
        if tail.first == ":" { rest = Self.bare(tail.dropFirst()) }
      }
    }
    // The longest match wins: "Not enough evidence" before "No".
    let answers = labels.labels.map { ($0.answer, TeacherReply.Outcome.answered($0.name)) }
    let silences = abstentions.map { ($0, TeacherReply.Outcome.abstained) }
    for (words, outcome) in (answers + silences).sorted(by: { $0.0.count > $1.0.count }) {
      guard let after = Self.after(words, in: rest) else { continue }
      return ReadAnswer(outcome: outcome, rationale: Self.rationale(after), confidence: nil)
    }
    return unreadable("a text that begins with none of \(labels.labels.map(\.answer))")
  }

  private func unreadable(_ reason: String) -> ReadAnswer {
    ReadAnswer(outcome: .unreadable(reason), rationale: "", confidence: nil)
  }

  /// Nil for an object that says nothing of a label, which may be anything that a rationale quotes.
  private func read(_ object: JSONValue) -> ReadAnswer? {
    func first(_ names: [String]) -> JSONValue? { names.lazy.compactMap { object[$0] }.first }
    let rationale = first(["rationale", "reason", "explanation", "reasoning"])?.cell ?? ""
    let confidence = first(["confidence", "probability"]).flatMap(Self.confidence)
    guard let value = first(["label", "answer", "verdict"]) else { return nil }
    guard let raw = value.cell else { return ReadAnswer(outcome: .abstained, rationale: rationale, confidence: nil) }
    let named = labels.label(raw)?.name
    let outcome = named.map { TeacherReply.Outcome.answered($0) } ?? read(raw).outcome
    return ReadAnswer(outcome: outcome, rationale: rationale, confidence: confidence)
  }

  /// 0...1, or per cent above 1 or with a sign: "85 %", 85, 0.85.
  private static func confidence(_ value: JSONValue) -> Confidence? {
    guard let text = value.cell else { return nil }
    let isPercent = text.contains("%")
    let digits = text.replacingOccurrences(of: "%", with: "").trimmingCharacters(in: .whitespaces)
    guard var number = Double(digits), number.isFinite else { return nil }
    if isPercent || number > 1 { number /= 100 }
    return (0...1).contains(number) ? Confidence(number, source: .verbalised) : nil
  }

  /// The first JSON object that begins within the text and ends properly.
  private static func object(in text: String) -> JSONValue? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { buffer in
      // A few tries: an object begins early or not at all, and a text of braces must not cost the square of its length.
      for (tries, start) in buffer.indices.lazy.filter({ buffer[$0] == UInt8(ascii: "{") }).enumerated() where tries < 4
      {
        var parser = JSONParser(buffer, at: start)
        if let value = try? parser.value() { return value }
      }
      return nil
    }
  }

  private static let wrapping: Set<Character> = ["*", "\"", "'", "`", "_", "#", "“", "”", "(", "["]

  private static func bare(_ text: Substring) -> Substring {
    text.drop { $0.isWhitespace || wrapping.contains($0) }
  }

  /// What follows these words at the beginning of the text, if they are followed by the end of a word.
  private static func after(_ words: String, in text: Substring) -> Substring? {
    guard let range = text.range(of: words, options: [.caseInsensitive, .anchored]) else { return nil }
    let rest = text[range.upperBound...]
    if let next = rest.first, next.isLetter || next.isNumber { return nil }
    return rest
  }

  private static func rationale(_ text: Substring) -> String {
    let marks: Set<Character> = [".", ",", ":", ";", "-", "–", "—", "!", ")", "]"]
    let body = text.drop { $0.isWhitespace || wrapping.contains($0) || marks.contains($0) }
    return body.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
