internal import Foundation

/// How probable each answer with spans is for a text, by labels that may be wrong and by the words of all texts.
///
///     q(answer) ∝ p(answer) · t(answer),    t = sureness for the label, 1 - sureness for any other answer
///
/// and as much as is left to answers that nobody gave is not learned. p is what a ``SpanJudge`` says that has not learned the text; the
/// answers are the label, the teacher's other ones and the judge's most probable one. The judge learns from people's labels and, by
/// their sureness, from the surer half of the others at first, then from all texts by the answers that it found most probable before
/// (Yarowsky 1995). A text that no text of another group can judge keeps its label.
package struct SpanPosterior: Sendable, Equatable {
  /// A label that may be wrong.
  package struct Given: Sendable, Equatable {
    /// The spans.
    package var label: [LabelledSpan]
    /// The probability that they are right, 0...1; nil for a person's, which are.
    package var sureness: Double?
    /// What the teacher answered beside.
    package var others: [[LabelledSpan]]

    package init(label: [LabelledSpan], sureness: Double?, others: [[LabelledSpan]] = []) {
      (self.label, self.sureness, self.others) = (label, sureness, others)
    }
  }

  /// An answer with its probability.
  package struct Answer: Sendable, Equatable {
    package var spans: [LabelledSpan]
    package var probability: Double

    package init(spans: [LabelledSpan], probability: Double) { (self.spans, self.probability) = (spans, probability) }
  }

  static let rounds = 3
  /// Answers that are less probable are left to the most probable one.
  private static let leastProbability = 0.01

  /// The answers of each text, the most probable one first; a person's label alone. Their probabilities add up to 1, but for those of
  /// answers that are hardly possible.
  package private(set) var answers: [[Answer]] = []
  /// How probable it is that one of a text's answers is right, 0...1: the rest are answers that nobody gave.
  package private(set) var weights: [Double] = []
  /// What the judge held most probable by people's labels and the surer ones of the teacher, of each text; nil where all of these
  /// are in the text's own fold.
  package private(set) var judged: [[LabelledSpan]?] = []

  /// The posteriors of texts.
  ///
  /// - Parameters:
  ///   - groups: the group of each text, which are not judged by one another.
  ///   - given: a label for each text.
  package init(texts: [String], groups: [String], given: [Given], task: LabellingTask) {
    precondition(texts.count == given.count, "\(given.count) labels for \(texts.count) texts")
    var judge = SpanJudge(texts, groups: groups, task: task)
    let stated = given.compactMap(\.sureness).sorted(by: >)
    let sure = stated.isEmpty ? 0 : stated[stated.count / 2]
    var learned = given.map { own -> (spans: [LabelledSpan], weight: Double)? in
      let sureness = own.sureness ?? 1
      return own.sureness == nil || sureness >= sure ? (own.label, sureness) : nil
    }
    let candidates = given.map { own in own.sureness == nil ? [] : [own.label] + own.others }
    var found = judge.judgements(learned, candidates: candidates)
    judged = found.map { $0?.best }
    for _ in 1..<Self.rounds {
      learned = given.indices.map { place in
        guard let sureness = given[place].sureness else { return (given[place].label, 1) }
        return found[place].map { ($0.best, 1) } ?? (given[place].label, sureness)
      }
      found = judge.judgements(learned, candidates: candidates)
    }
    let weighed = given.indices.map { place -> (answers: [Answer], weight: Double) in
      let own = given[place]
      guard let sureness = own.sureness, let found = found[place] else {
        return ([Answer(spans: own.label, probability: 1)], own.sureness ?? 1)
      }
      return Self.weighed(found, candidates[place], sureness: sureness)
    }
    (answers, weights) = (weighed.map(\.answers), weighed.map(\.weight))
  }

  private static func weighed(
    _ found: SpanJudge.Judgement, _ candidates: [[LabelledSpan]], sureness: Double
  ) -> (answers: [Answer], weight: Double) {
    var (logs, rest) = ([(spans: [LabelledSpan], log: Double)](), 1.0)
    let right = min(max(sureness, 0.01), 0.99)
    for (spans, own) in [(found.best, found.logBest)] + zip(candidates, found.logCandidates)
    where !logs.contains(where: { $0.spans == spans }) {
      logs.append((spans, own + log(spans == candidates[0] ? right : 1 - right)))
      rest -= exp(own)
    }
    let top = logs.map(\.log).max() ?? 0
    let all = logs.reduce(0) { $0 + exp($1.log - top) }
    let others = max(0, rest) * (1 - right)
    let shares = logs.map { Answer(spans: $0.spans, probability: exp($0.log - top) / all) }
    // Of equally probable ones that which comes first; what is hardly possible is not learned.
    let answers = shares.enumerated()
      .sorted { ($1.element.probability, $0.offset) < ($0.element.probability, $1.offset) }
      .map(\.element).filter { $0.probability >= leastProbability }
    // Of a long text no answer may be probable at all.
    return (answers, 1 / (1 + others * exp(-top) / all))
  }
}
