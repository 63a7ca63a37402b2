import Foundation

/// Tells the thoughts that a model writes before its answer from the answer.
///
/// ```swift
/// ReplyThoughts.answer(in: "<think>First: no. But it is open.</think>\n\nYes.") { _ in true }   // "\n\nYes."
/// ReplyThoughts.answer(in: "<think>First: no. But") { _ in true }                              // nil: it never came
/// ```
///
/// Only what leads a reply is a thought; a tag further in is something that the answer quotes. Of the marks that models and
/// servers leave in texts these are known (with where they come from, 2025 and 2026):
/// `<think>`, `<thinking>`, `<thought>`, `<reasoning>`, `<reflection>`, `<analysis>`, `<scratchpad>` and names with a colon such
/// as `<seed:think>` (DeepSeek, Qwen, EXAONE, Seed-OSS, MiniMax, Hunyuan), `[THINK]` (Mistral), `◁think▷` (Kimi),
/// `<|START_THINKING|>` (Cohere), `<|begin_of_thought|>` (Sky-T1, OpenThinker), `<|think|>` (Solar), `<|inner_prefix|>`
/// (Apertus), `<|channel>thought` (Gemma 4), `<unused94>` (MedGemma), `<|open|>think<|sep|>` (Kimi K3), the channels of gpt-oss
/// (harmony), also without their marks, and the sentences of Granite and Apriel.
package enum ReplyThoughts {
  /// A mark around thoughts.
  struct Tag {
    let isOpening: Bool
    /// Opening and closing marks of one family belong together.
    let family: String
    let range: Range<Substring.Index>
  }

  /// The reply without the thoughts before it; nil where they never end.
  ///
  /// - Parameters:
  ///   - text: the reply.
  ///   - reads: whether an answer can be read from a text. A closing mark that nothing opened ends a thought where an answer
  ///     follows it.
  package static func answer(in text: String, reads: (Substring) -> Bool) -> Substring? {
    var rest = withoutFrame(text[...])
    let core = AnswerWords.withoutMarks(rest)
    switch channel(of: core) {
    case .none: break
    case .thoughts: return nil
    case .final(let answer): return beforeEnd(withoutFrame(answer))
    }
    for sentence in sentences where sentence.begin.contains(where: { LabelMatch.end(of: $0, in: core) != nil }) {
      guard let end = end(ofFirst: sentence.end, in: core) else { return nil }
      return beforeEnd(withoutFrame(rest[end...]))
    }
    var hasThought = false
    var closings = Closings(of: rest)
    while let first = opening(of: rest) {
      var end = closings.end(of: first, in: rest)
      // Solar ends a thought as it ends a turn.
      if end == nil, first.family == "<|think|>" { end = Self.end(ofFirst: "<|end|>", in: rest) }
      guard let end else { return nil }
      rest = withoutFrame(rest[end...])
      hasThought = true
    }
    let found = tags(in: rest)
    if let lone = found.first, !lone.isOpening, !isQuoted(lone.range, in: rest),
      !ReplyObject.all(in: rest).objects.contains(where: { $0.range.contains(lone.range.lowerBound) })
    {
      // Of several, the last one before the answer: thoughts may close twice.
      let closing = found.prefix { !$0.isOpening }.last { !isQuoted($0.range, in: rest) } ?? lone
      let behind = withoutFrame(rest[closing.range.upperBound...])
      let before = rest[..<lone.range.lowerBound]
      let endsLine = rest[lone.range.upperBound...].drop { $0 == " " || $0 == "\t" }.first?.isNewline ?? true
      if hasThought ? !reads(before) && (reads(behind) || endsLine) : reads(behind) || endsLine {
        rest = behind
      }
    }
    return beforeEnd(rest)
  }

  /// The closing marks of a text, each looked at once however many thoughts there are.
  private struct Closings {
    private var all: ArraySlice<Tag>
    private var ofFamily: [String: ArraySlice<Tag>]

    init(of text: Substring) {
      // Most answers have no thoughts, and need not be gone through.
      let tags = ReplyThoughts.opening(of: text) == nil ? [] : ReplyThoughts.tags(in: text).filter { !$0.isOpening }
      all = tags[...]
      ofFamily = Dictionary(grouping: tags, by: \.family).mapValues { $0[...] }
    }

    /// The end of the mark that closes a thought: the first of its family, or else of any.
    mutating func end(of opening: Tag, in text: Substring) -> Substring.Index? {
      func next(_ tags: inout ArraySlice<Tag>) -> Tag? {
        tags = tags.drop { $0.range.lowerBound < opening.range.upperBound || isQuoted($0.range, in: text) }
        return tags.first
      }
      return (next(&ofFamily[opening.family, default: []]) ?? next(&all))?.range.upperBound
    }
  }

  /// The parts of an answer that stand in marks of thoughts, which it quotes or which came late; the last one may be open.
  package static func quoted(in answer: Substring) -> [Range<Substring.Index>] {
    var (parts, opening) = ([Range<Substring.Index>](), Tag?.none)
    for tag in tags(in: answer) {
      if let open = opening, !tag.isOpening {
        parts.append(open.range.lowerBound..<tag.range.upperBound)
        opening = nil
      } else if opening == nil, tag.isOpening, !isQuoted(tag.range, in: answer) {
        opening = tag
      }
    }
    if let opening { parts.append(opening.range.lowerBound..<answer.endIndex) }
    return parts
  }

  /// Thoughts that a sentence begins and another one ends, as keys.
  private static let sentences: [(begin: [String], end: String)] = [
    (["here is my thought process:", "here's my thought process:"], "my response:"),
    (["here are my reasoning steps:", "here're my reasoning steps:"], "[begin final response]"),
  ]

  /// The end of the first place where words stand that are given as a key.
  private static func end(ofFirst key: String, in text: Substring) -> Substring.Index? {
    guard let first = key.utf8.first else { return nil }
    var place = text.startIndex
    while let start = text[place...].utf8.firstIndex(where: { $0 | 0x20 == first | 0x20 }) {
      if let end = LabelMatch.end(of: key, in: text[start...]) { return end }
      place = text.index(after: start)
    }
    return nil
  }

  /// The mark that opens a thought at the beginning of a text, behind nothing but marks that say nothing.
  private static func opening(of text: Substring) -> Tag? {
    let core = AnswerWords.withoutMarks(text)
    guard let tag = tag(at: core.startIndex, in: core), tag.isOpening, !isQuoted(tag.range, in: text) else {
      return nil
    }
    return tag
  }

  // MARK: - Channels

  private enum Channel {
    /// The reply has another form.
    case none
    /// The final channel never came.
    case thoughts
    case final(Substring)
  }

  /// What a reply in gpt-oss's form says in its final channel.
  private static func channel(of text: Substring) -> Channel {
    var final: Substring.Index?
    while let next = end(ofFirst: "<|channel|>final", in: text[(final ?? text.startIndex)...]) { final = next }
    if final != nil || LabelMatch.end(of: "<|channel|>", in: text) != nil {
      guard let final, let body = end(ofFirst: "<|message|>", in: text[final...]) else { return .thoughts }
      return .final(text[body...])
    }
    // Servers that drop the marks leave the channels' names.
    guard LabelMatch.end(of: "analysis", in: text) != nil,
      let last = text.range(of: "assistantfinal", options: [.backwards, .caseInsensitive])
    else { return .none }
    return .final(text[last.upperBound...])
  }

  // MARK: - Frames

  private static let leading = [
    "<|start|>assistant", "<|im_start|>assistant", "<|assistant|>", "<|start_response|>", "<|begin_of_solution|>",
    "<|open|>response<|sep|>", "<|start_of_turn_token|>", "<|chatbot_token|>", "<start_of_turn>model", "<solution>",
    "[begin final response]", "here is my response:", "here's my response:", "<s>", "<bos>", "<|begin_of_text|>",
  ]

  /// Without white space and the marks that open a turn or an answer.
  private static func withoutFrame(_ text: Substring) -> Substring {
    var rest = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" || $0 == "\u{200B}" }
    while let first = rest.first, "<[Hh＜".contains(first),
      let end = leading.lazy.compactMap({ LabelMatch.end(of: $0, in: rest) }).first
    {
      rest = rest[end...].drop(while: \.isWhitespace)
    }
    return rest
  }

  private static let endings = [
    "<|im_end|>", "<|eot_id|>", "<|end|>", "<|return|>", "<|endoftext|>", "<end_of_turn>", "</s>",
    "<|end_of_turn_token|>",
    "<|end_of_text|>", "<turn|>", "<|eom_id|>", "<|end_response|>", "<|end_of_solution|>", "<|close|>response<|sep|>",
    "</solution>", "[end final response]", "<|end_of_sentence|>", "<|call|>", "<eos>", "<|user|>", "[|endofturn|]",
    "<|im_start|>", "<｜end▁of▁sentence｜>",
  ]
  private static let endingsByBeginning = Dictionary(grouping: endings) { beginning(of: $0[...]) }
    .mapValues { $0.map(LabelSpelling.key) }

  /// What stands before the mark that ends the turn: behind it comes what is no longer the answer.
  private static func beforeEnd(_ text: Substring) -> Substring {
    var place = text.startIndex
    while let mark = text[place...].utf8.firstIndex(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "[") }) {
      let rest = text[mark...]
      let candidates = endingsByBeginning[beginning(of: rest)] ?? []
      if let end = candidates.lazy.compactMap({ LabelMatch.end(of: $0, in: rest) }).first,
        !isQuoted(mark..<end, in: text)
      {
        return text[..<mark]
      }
      place = text.index(after: mark)
    }
    return text
  }

  // MARK: - Tags

  private static let names: Set<String> = [
    "think", "thinking", "thought", "thoughts", "reasoning", "reflection", "analysis", "scratchpad", "antthinking",
    "medgemma_thinking", "inner_thoughts", "chain_of_thought", "internal_monologue", "cot",
  ]
  /// Whether a tag of this name is one around thoughts.
  static func isName(_ name: String) -> Bool { names.contains(name) }

  /// Marks that are written in one way, as keys: opening and closing.
  private static let pairs: [(open: String, close: String)] = [
    ("[think]", "[/think]"), ("◁think▷", "◁/think▷"), ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"), ("<|begin_of_thinking|>", "<|end_of_thinking|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"), ("<|channel>", "<channel|>"), ("<|think>", "<think|>"),
    ("<|think|>", "<|/think|>"), ("<|thinking|>", "<|/thinking|>"), ("<|think_start|>", "<|think_end|>"),
    ("<|thought|>", "<|/thought|>"), ("<unused94>", "<unused95>"), ("<start_working_out>", "<end_working_out>"),
    ("<|open|>think<|sep|>", "<|close|>think<|sep|>"),
  ]
  /// The same by the first three bytes, so that few are tried where a mark may stand.
  private static let marks: [Int: [Mark]] = {
    var marks: [Int: [Mark]] = [:]
    for pair in pairs {
      for (text, isOpening) in [(pair.open, true), (pair.close, false)] {
        marks[beginning(of: text[...]), default: []].append(
          Mark(key: LabelSpelling.key(text), isOpening: isOpening, family: pair.open))
      }
    }
    return marks
  }()

  private struct Mark {
    let key: String
    let isOpening: Bool
    let family: String
  }

  /// The first three bytes of a text as one number, letters in lower case.
  private static func beginning(of text: Substring) -> Int {
    text.utf8.prefix(3).reduce(0) { $0 << 8 | Int((0x41...0x5A).contains($1) ? $1 | 0x20 : $1) }
  }

  /// The mark that stands at a place, if one does.
  static func tag(at place: Substring.Index, in text: Substring) -> Tag? {
    let rest = text[place...]
    guard let first = rest.first, "<[◁＜".contains(first), rest.dropFirst().first.map({ $0 != first }) == true else {
      return nil
    }
    for mark in marks[beginning(of: rest)] ?? [] {
      guard let end = LabelMatch.end(of: mark.key, in: rest) else { continue }
      return Tag(isOpening: mark.isOpening, family: mark.family, range: place..<end)
    }
    guard first == "<" || first == "＜" else { return nil }
    var name = rest.dropFirst().drop { $0 == " " }
    let isClosing = name.first == "/" || name.first == "／"
    if isClosing { name = name.dropFirst().drop { $0 == " " } }
    let word = name.prefix { $0.isLetter || $0.isNumber || "_:-：".contains($0) }
    guard !word.isEmpty, word.count <= 24 else { return nil }
    let key = LabelSpelling.key(String(word))
    let parts = key.split(separator: ":")
    guard names.contains(key) || parts.count == 2 && parts.contains(where: { names.contains(String($0)) }) else {
      return nil
    }
    // Attributes are short, and no mark spans lines.
    let tail = name[word.endIndex...].prefix(80)
    guard let end = tail.firstIndex(where: { $0 == ">" || $0 == "＞" }),
      !tail[..<end].contains(where: { $0 == "<" }),
      tail.first == ">" || tail.first == "＞" || tail.first?.isWhitespace == true
    else { return nil }
    return Tag(isOpening: !isClosing, family: key, range: place..<text.index(after: end))
  }

  private static func tags(in text: Substring) -> [Tag] {
    var (tags, place) = ([Tag](), text.startIndex)
    // The first bytes of "<", "[", "◁" and "＜".
    while let mark = text[place...].utf8.firstIndex(where: { $0 == 0x3C || $0 == 0x5B || $0 == 0xE2 || $0 == 0xEF }) {
      if let tag = tag(at: mark, in: text) {
        tags.append(tag)
        place = tag.range.upperBound
      } else {
        place = text.index(after: mark)
      }
    }
    return tags
  }

  /// Whether a mark stands in quotes or in code of its own.
  private static func isQuoted(_ range: Range<Substring.Index>, in text: Substring) -> Bool {
    guard range.lowerBound > text.startIndex else { return false }
    let before = text[text.index(before: range.lowerBound)]
    guard "\"'`“„«‘「『".contains(before), let behind = text[range.upperBound...].first else { return false }
    return "\"'`”“»’」』,.".contains(behind)
  }
}
