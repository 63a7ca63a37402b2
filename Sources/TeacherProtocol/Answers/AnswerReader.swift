internal import JSON
import Foundation

/// The reading of a reply's text.
public struct ReadAnswer: Sendable, Equatable {
  /// The label, or why there is none.
  public var outcome: TeacherReply.Outcome
  /// The reasons that came with it; empty where there were none.
  public var rationale: String
  /// A confidence stated in the reply, 0...1.
  public var confidence: Confidence?
  /// Whether the reply ended before its reasons did: they are not to be learned from.
  package var isRationaleCut = false
  /// Where the words of the label begin, in UTF-8 bytes from the beginning of the text; nil without a label.
  package var labelOffset: Int?

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
/// AnswerReader(labels: labels).read("**Yes** - the photo shows a dog.")
/// // outcome .answered("falsified"), rationale "the photo shows a dog."
/// ```
///
/// Thoughts that lead the reply are left out. A label is read where the reply gives it: at its very beginning, behind a key
/// such as `Final answer:`, in a tag or box, in a sentence that says nothing else such as `The answer is no.`, on a last line of
/// its own, or in a JSON object; marks, quotes, letter case and full width are ignored, and a number must stand alone as one.
/// A text that begins with one of `abstentions` abstains, with one of `refusals` it is refused, and a JSON object or a
/// thought that never ends was cut off: the label counts where it was whole by then. All else has no label: nothing is guessed from other words further in, as a rationale
/// names the other label too, and a reply that gives two labels gives none. Documentation/Replies.md lists what is read how.
///
/// - Complexity: linear in the reply's length.
public struct AnswerReader: Sendable, Equatable {
  /// The labels that can be read.
  package var labels: LabelSet
  /// How an answer begins that takes no side.
  package var abstentions: [String] = [
    "I don't know", "I do not know", "I'm not sure", "I am not sure", "Unsure", "Unknown", "Uncertain", "Cannot tell",
    "Can't tell", "Not sure", "I can't tell", "I cannot tell", "I can't determine", "I cannot determine", "不知道", "不确定",
    "无法判断", "わかりません", "判断できません", "Ich weiß nicht", "Je ne sais pas", "Не знаю",
  ]
  /// How an answer begins that declines to be one.
  package var refusals: [String] = [
    "I'm sorry, but I can't", "I'm sorry, but I cannot", "I'm sorry, I can't", "I'm sorry, I cannot",
    "I am sorry, but I can't", "I am sorry, but I cannot", "Sorry, but I can't", "Sorry, I can't", "I can't assist",
    "I cannot assist", "I can't help", "I cannot help", "I'm unable to assist", "I'm unable to help",
    "I am unable to assist", "I am unable to help", "I'm not able to assist", "I'm not able to help",
  ]

  /// Why a reply is unreadable that has thoughts and nothing behind them.
  package static let thoughtsAlone = "thoughts alone, and no answer behind them"

  /// Why a reply is unreadable whose thoughts have no end though it is said to be whole.
  package static let endlessThought = "a thought that never ends"

  /// What a reply that reads as cut off came to, where its service says that it is whole: a thought or an object that never ends.
  package static func outcome(ofWhole text: String) -> TeacherReply.Outcome {
    .unreadable(ReplyThoughts.answer(in: text) { _ in true } == nil ? endlessThought : "an object that never ends")
  }

  /// A reader for these labels.
  public init(labels: LabelSet) { self.labels = labels }

  /// Reads a reply.
  public func read(_ text: String) -> ReadAnswer { read(text, endedAtLimit: false) }

  /// Reads a reply that may have ended at its length limit, where words may be the beginning of others: a label counts then
  /// if it was whole, and all else was cut off.
  package func read(_ text: String, endedAtLimit: Bool) -> ReadAnswer {
    guard endedAtLimit else { return readWhole(text) }
    let read = readWhole(text, endedAtLimit: true)
    return read.label == nil ? ReadAnswer(.cutOff) : read
  }

  private func readWhole(_ text: String, endedAtLimit: Bool = false) -> ReadAnswer {
    guard text.contains(where: { !$0.isWhitespace }) else { return ReadAnswer(.empty) }
    guard let answer = ReplyThoughts.answer(in: text, reads: { reads($0) }) else { return ReadAnswer(.cutOff) }
    guard answer.contains(where: { !$0.isWhitespace }) else {
      return ReadAnswer(ReplyThoughts.quoted(in: text[...]).isEmpty ? .empty : .unreadable(Self.thoughtsAlone))
    }
    var read = read(answer: answer, endedAtLimit: endedAtLimit)
    let before = text.utf8.distance(from: text.startIndex, to: answer.startIndex)
    read.labelOffset = read.labelOffset.map { before + $0 }
    return read
  }

  private func reads(_ answer: Substring) -> Bool {
    switch read(answer: answer).outcome {
    case .answered, .abstained, .refused, .unknownLabel: true
    case .unreadable, .empty, .cutOff: false
    }
  }

  /// Reads what follows the thoughts; the label's place counts from its beginning.
  private func read(answer: Substring, endedAtLimit: Bool = false) -> ReadAnswer {
    if let encoded = encoded(answer) { return encoded }
    let quoted = ReplyThoughts.quoted(in: answer)
    let (found, cut) = ReplyObject.all(in: answer)
    let objects = found.filter { object in !quoted.contains { $0.contains(object.range.lowerBound) } }
    // Words of objects and of quoted thoughts are not words of the answer.
    var masked = objects.map(\.range) + quoted
    if let cut { masked.append(cut.range) }
    let statements = AnswerStatements(of: answer, without: masked, reader: self)
    let words = statements.answer
    // Of an object that was cut only a label counts: what else it would have said is not known.
    let begun = cut.flatMap { object in
      let isOwn = !quoted.contains { $0.contains(object.range.lowerBound) }
      return isOwn && self.answer(of: object.members)?.label != nil ? object : nil
    }
    let stated = (objects + [begun].compactMap(\.self)).compactMap { object -> ReadAnswer? in
      guard var read = self.answer(of: object.members) else { return nil }
      if read.label != nil, isDenied(object, in: answer) {
        return ReadAnswer(.unreadable("an object that the words around it deny"))
      }
      if object.range == begun?.range, read.rationale.isEmpty { read.isRationaleCut = true }
      return read
    }
    guard var first = stated.first else {
      if let words { return endedAtLimit ? statements.cut(words) : words }
      if cut != nil { return ReadAnswer(.cutOff) }
      if let whole = whole(answer) { return endedAtLimit ? statements.cut(whole) : whole }
      return ReadAnswer(.unreadable("a text that begins with none of \(labels.labels.map(\.answer))"))
    }
    for other in stated.dropFirst() + [words].compactMap(\.self) where other.outcome != first.outcome {
      // Words before an object may say anything but another label.
      if other == words, other.label == nil, first.label != nil { continue }
      return ReadAnswer(.unreadable("answers that contradict each other: \(name(first)) and \(name(other))"))
    }
    guard first.rationale.isEmpty else { return first }
    if let other = stated.first(where: { !$0.rationale.isEmpty }) {
      (first.rationale, first.isRationaleCut) = (other.rationale, other.isRationaleCut)
    } else if let last = objects.last {
      first.rationale = AnswerWords.rationale(answer[last.range.upperBound...]).text
      first.isRationaleCut = endedAtLimit && !first.rationale.isEmpty
    }
    return first
  }

  private func name(_ answer: ReadAnswer) -> String {
    answer.label.flatMap { labels[$0] }.map { "'\($0.answer)'" } ?? answer.outcome.fault ?? "no side"
  }

  /// An object that was written as a JSON text once more.
  private func encoded(_ answer: Substring) -> ReadAnswer? {
    let text = AnswerWords.trimmed(answer)
    guard text.first == "\"", text.contains("{"), let inner = (try? JSONParser.value(of: String(text)))?.string,
      inner.utf8.count < text.utf8.count
    else { return nil }
    var read = read(answer: inner[...])
    // Its bytes stand elsewhere in the reply.
    read.labelOffset = nil
    return read
  }

  /// A reply that is a label's name and nothing else.
  private func whole(_ answer: Substring) -> ReadAnswer? {
    let bare = AnswerWords.bare(answer)
    guard let name = AnswerWords.label(bare), let label = labels.label(said: name),
      LabelSpelling.key(label.name) == LabelSpelling.key(name),
      let end = LabelMatch.end(of: LabelSpelling.key(name), in: bare),
      LabelMatch(label: 0, words: bare[..<end], rest: bare[end...]).isNumberOfItsOwn,
      !bare[end...].contains(where: { $0.isLetter || $0.isNumber || $0 == "?" })
    else { return nil }
    return ReadAnswer(
      .answered(label.name), labelOffset: answer.utf8.distance(from: answer.startIndex, to: bare.startIndex))
  }
}

extension ReadAnswer {
  /// The label, where there is one.
  var label: String? {
    if case .answered(let label) = outcome { label } else { nil }
  }
}
