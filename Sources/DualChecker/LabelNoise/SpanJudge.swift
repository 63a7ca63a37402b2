internal import TeacherProtocol

/// Judges where the spans of every text are by the spans of the others: a ``ConditionalField`` over the words around each place.
///
/// Five fields learn four fifths of the texts each and judge the fifth that is left; texts of one group are in one fifth.
///
/// A field knows words and their neighbours and nothing else, so that it can't learn by heart what is wrong in single texts, as a
/// network does.
package struct SpanJudge {
  /// The spans of one text as they are learned.
  package typealias Spans = [LabelledSpan]

  static let folds = 5

  private let texts: [SpanText]
  private let features: Int
  private let names: [String]
  /// Of each text, the fold that judges it.
  private let fold: [Int]
  /// What each fold's field was when it judged last.
  private var fields = [ConditionalField?](repeating: nil, count: folds)

  /// - Parameters:
  ///   - groups: the group of each text.
  ///   - task: of which the spans are.
  package init(_ texts: [String], groups: [String], task: LabellingTask) {
    precondition(texts.count == groups.count, "\(groups.count) groups for \(texts.count) texts")
    names = task.tags
    var numbers = FeatureNumbers()
    self.texts = texts.map { SpanText($0, &numbers) }
    features = numbers.count
    var places: [String: Int] = [:]
    fold = groups.map { group in
      let place = places[group] ?? places.count
      places[group] = place
      return place % Self.folds
    }
  }

  /// What was found of a text without its own spans.
  package struct Judgement {
    /// The most probable spans.
    package var best: Spans
    /// The logarithms of the probabilities of other answers, in the order of the candidates.
    package var logCandidates: [Double]
    package var logBest: Double
  }

  /// Judges every text; nil where none of the other folds' texts is learned, so that nothing can be said.
  ///
  /// - Parameters:
  ///   - learned: the spans of each text, and how much they count, 0...1; nil for one that is judged and not learned.
  ///   - candidates: other answers of each text, whose probabilities are asked for.
  package mutating func judgements(_ learned: [(spans: Spans, weight: Double)?], candidates: [[Spans]]) -> [Judgement?]
  {
    var judgements = [Judgement?](repeating: nil, count: texts.count)
    for own in 0..<Self.folds {
      let judged = texts.indices.filter { fold[$0] == own }
      let examples = texts.indices.compactMap { text in
        fold[text] == own ? nil : learned[text].map { example(of: text, $0.spans, weight: $0.weight) }
      }
      guard !judged.isEmpty, examples.contains(where: { $0.targets[0].share > 0 }) else { continue }
      let field = field(of: examples, from: fields[own])
      fields[own] = field
      for text in judged {
        let tagged = field.mostProbable(texts[text].field).map { names[$0] }
        let best = TagSequence.spans(in: tagged, over: texts[text].tokens)
        let logs = field.logProbabilities(
          of: ([best] + candidates[text]).map { tags(of: $0, text) }, in: texts[text].field)
        judgements[text] = Judgement(best: best, logCandidates: Array(logs.dropFirst()), logBest: logs[0])
      }
    }
    return judgements
  }

  private func field(of examples: [ConditionalField.Example], from other: ConditionalField?) -> ConditionalField {
    ConditionalField(
      tags: names.count,
      follows: { before, tag in
        guard names[tag].hasPrefix("I-") else { return true }
        return before.map { names[$0] != "O" && names[$0].dropFirst(2) == names[tag].dropFirst(2) } ?? false
      }, features: features, of: examples, from: other)
  }

  private func example(of text: Int, _ spans: Spans, weight: Double) -> ConditionalField.Example {
    .init(texts[text].field, targets: [(tags(of: spans, text), weight)])
  }

  private func tags(of spans: Spans, _ text: Int) -> [Int] {
    TagSequence.tags(of: spans, over: texts[text].tokens).map { names.firstIndex(of: $0) ?? 0 }
  }
}

/// Numbers for features, given in the order in which they are met.
struct FeatureNumbers {
  private var numbers: [String: Int32] = [:]

  var count: Int { numbers.count }

  mutating func number(of feature: String) -> Int32 {
    let number = numbers[feature] ?? Int32(numbers.count)
    numbers[feature] = number
    return number
  }
}

/// A text with the features of each of its words.
struct SpanText {
  let tokens: [WordToken]
  let field: FieldText

  init(_ text: String, _ numbers: inout FeatureNumbers) {
    tokens = WordToken.tokens(of: text)
    let words = tokens.map { $0.text.lowercased() }
    func word(_ place: Int) -> String { words.indices.contains(place) ? words[place] : place < 0 ? "<" : ">" }
    field = FieldText(
      words.indices.map { place in
        let (before, own, after) = (word(place - 1), words[place], word(place + 1))
        return [
          "0 \(own)", "-1 \(before)", "+1 \(after)", "-2 \(word(place - 2))", "+2 \(word(place + 2))",
          "-1 0 \(before) \(own)", "0 +1 \(own) \(after)", "end \(own.suffix(3))",
        ].map { numbers.number(of: $0) }
      })
  }
}
