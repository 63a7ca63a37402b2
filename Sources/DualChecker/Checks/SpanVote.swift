package import TeacherProtocol

/// What several replies with spans come to when each votes on every word of the text.
///
/// A word is outside of spans, begins one of a type or goes on with it. The share of a tag are the votes of the replies that
/// give it to the word, each counted by its odds to be right, p / (1 - p), and the most probable sequence of tags in which
/// every span is whole is the answer (``TagDecoder``). Replies that differ at an end alone thus settle the end, and keep what they
/// agree on. Where a reply ends a span within a word, the parts of the word are voted on.
package struct SpanVote: Sendable {
  /// What is asked.
  package let task: LabellingTask
  /// How probably a reply of this confidence is right, 0...1.
  package let sureness: @Sendable (Confidence?) -> Double

  /// A vote.
  ///
  /// - Parameter sureness: such as a calibration on the labelled pool. The default takes confidences as they are stated, and of a
  ///   reply without one that it is wrong: it counts where no other does.
  package init(_ task: LabellingTask, sureness: @escaping @Sendable (Confidence?) -> Double = { $0?.value ?? 0 }) {
    self.task = task
    self.sureness = sureness
  }

  /// A reply's spans and how much they count.
  package struct Ballot: Sendable {
    let spans: [LabelledSpan]
    let weight: Double

    /// A ballot.
    ///
    /// - Parameter weight: above 0.
    package init(_ spans: [LabelledSpan], weight: Double) {
      self.spans = spans
      self.weight = weight
    }
  }

  /// How often a reply of this confidence is right for each time that it is wrong: 1/99 to 99, as no reply is so sure that others
  /// could say nothing against it.
  package func odds(of confidence: Confidence?) -> Double {
    let probability = min(max(sureness(confidence), 0.01), 0.99)
    return probability / (1 - probability)
  }

  /// The reply that some replies are voted to; nil where all that can be read say the same.
  ///
  /// Its confidence is that of the surest of them, times the mean share of the votes over the words of its spans.
  package func reply(of exchanges: [Exchange]) -> TeacherReply? {
    let read = exchanges.compactMap { exchange -> (key: String, ballot: Ballot)? in
      guard let key = exchange.reply.label, case .spans(let spans) = task.answer(key: key) else { return nil }
      return (key, Ballot(spans, weight: odds(of: exchange.reply.confidence)))
    }
    guard let first = read.first, read.contains(where: { $0.key != first.key }) else { return nil }
    let (spans, share) = voted(read.map(\.ballot), about: exchanges[0].request.item.text)
    let answered = exchanges.filter { $0.reply.label != nil }.compactMap(\.reply.confidence)
    let surest = answered.max { ($0.value, $0.source.rawValue) < ($1.value, $1.source.rawValue) }
    return TeacherReply(
      outcome: .answered(TaskAnswer.spans(spans).key),
      confidence: surest.map { Confidence($0.value * share, source: $0.source) }, raw: "")
  }

  /// The spans that ballots come to, and the mean share of the votes over their words; over all words where there is no span.
  ///
  /// The order of the ballots changes nothing. Where two sequences of tags are equally probable, that with fewer words in spans at
  /// their end is taken, then that whose type comes first in the task.
  package func voted(_ ballots: [Ballot], about text: String) -> (spans: [LabelledSpan], share: Double) {
    // Sums in an order of their own, so that rounding is the same for any order of the ballots.
    let ballots = ballots.sorted {
      ($0.weight, TaskAnswer.spans($0.spans).key) < ($1.weight, TaskAnswer.spans($1.spans).key)
    }
    let words = Self.words(of: text, cutBy: ballots.flatMap(\.spans))
    let names = task.tags
    let places = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    let all = ballots.reduce(0) { $0 + $1.weight }
    var shares = words.map { _ in [Double](repeating: 0, count: names.count) }
    for ballot in ballots {
      for (word, tag) in TagSequence.tags(of: ballot.spans, over: words).enumerated() {
        guard let place = places[tag] else { continue }
        shares[word][place] += ballot.weight / all
      }
    }
    let tags = TagDecoder(names).tags(
      shares.map { $0.map { Float($0) } }, continues: words.map { _ in false })
    let spans = TagSequence.entities(in: tags.map { names[$0] })
    let inside = spans.flatMap { Array($0.range) }
    let counted = inside.isEmpty ? Array(words.indices) : inside
    let share = counted.reduce(0) { $0 + shares[$1][tags[$1]] } / Double(max(1, counted.count))
    return (spans.map { $0.placed(over: words) }, min(share, 1))
  }

  /// The words of a text, cut where a span begins or ends within one.
  private static func words(of text: String, cutBy spans: [LabelledSpan]) -> [WordToken] {
    let cuts = Set(spans.flatMap { [$0.range.lowerBound, $0.range.upperBound] })
    return WordToken.tokens(of: text).flatMap { word -> [WordToken] in
      let inner = word.range.dropFirst().filter(cuts.contains)
      guard !inner.isEmpty else { return [word] }
      let scalars = Array(word.text.unicodeScalars)
      return zip([word.range.lowerBound] + inner, inner + [word.range.upperBound]).map { start, end in
        var part = String.UnicodeScalarView()
        part.append(contentsOf: scalars[(start - word.range.lowerBound)..<(end - word.range.lowerBound)])
        return WordToken(range: start..<end, text: String(part))
      }
    }
  }
}
