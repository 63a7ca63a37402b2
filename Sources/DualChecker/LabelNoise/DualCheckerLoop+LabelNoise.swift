internal import Foundation
internal import TeacherProtocol

/// What is done about a teacher's labels that may be wrong before the final student learns them.
package enum LabelNoise: String, Sendable, CaseIterable {
  /// They are learned as they are given.
  case none
  /// What is learned is how probable each answer is by the label and by the words of the texts: of classes a ``LabelPosterior``, of
  /// spans a ``SpanPosterior``.
  case posterior
}

/// What became of a teacher's labels before the final student learned them.
package struct LabelNoiseReport: Sendable, Equatable, Codable {
  /// Whether posteriors were learned; else the labels as they were given, since on the pool the judge by words was not clearly
  /// more often right than the teacher.
  package var isApplied: Bool
  /// Labels that are not the most probable answer.
  package var changed: Int
  /// How much the judge counted beside the teacher, 0...1; nil for spans.
  package var strength: Double?
  /// Records of the pool, and of them those that the judge and the teacher told rightly without their own labels.
  package var pool: Int
  package var judgeRight: Int
  package var teacherRight: Int
  /// The classes of ``confusion``, in its order; nil for spans.
  package var classes: [String]?
  /// What a wrong label should have been, [label][class]; nil for spans.
  package var confusion: [[Double]]?

  /// What is to be said of it.
  package var sentence: String {
    let found =
      "the words of the other records tell \(judgeRight) of the pool's \(pool) labels, the teacher \(teacherRight)"
    return isApplied
      ? "the student learned posteriors, whose most probable answer is not the label \(changed) times: \(found)"
      : "the student learned the labels as they were given: \(found)"
  }
}

extension DualCheckerLoop {
  /// What the final student learns, and what became of the labels; nil where they are as given because the options or the task say so.
  package typealias FinalExamples = (examples: [TrainingExample], report: LabelNoiseReport?)

  /// The examples of the final student, with what is probably right in the place of labels that may be wrong, where the options ask
  /// for it and the pool speaks for it.
  ///
  /// - Parameter held: records of the pool that are left out, by their ids.
  package func finalExamples(_ state: LoopState, without held: Set<String> = []) -> FinalExamples {
    var examples = trainingExamples(state).filter { !held.contains($0.item.id) }
    let pool = Set(aligner.pool.entries.map(\.item.id)).subtracting(held)
    guard options.labelNoise == .posterior, task.names.count > (task.kind == .spans ? 0 : 1), !pool.isEmpty else {
      return (examples, nil)
    }
    let found =
      task.kind == .spans ? spanPosteriors(examples, state, pool: pool) : classPosteriors(examples, pool: pool)
    let answered = state.checked.map { $0.map(\.accepted) } ?? state.pool
    let right = Dictionary(answered.map { ($0.item, $0.isRight) }) { first, _ in first }
    let told = examples.indices.compactMap { place in
      right[examples[place].item.id].map { (judge: found.judged[place] == examples[place].answer, teacher: $0) }
    }
    var report = LabelNoiseReport(
      isApplied: Self.isRighter(told.map { $0.judge }, than: told.map { $0.teacher }),
      changed: examples.indices.count { found.answers[$0][0].answer != examples[$0].answer }, pool: told.count,
      judgeRight: told.count { $0.judge }, teacherRight: told.count { $0.teacher })
    (report.strength, report.classes, report.confusion) = (found.strength, found.classes, found.confusion)
    guard report.isApplied else { return (examples, report) }
    for place in examples.indices where !pool.contains(examples[place].item.id) {
      examples[place].answer = found.answers[place][0].answer
      examples[place].weight = found.weights?[place] ?? 1
      examples[place].alternatives = Array(found.answers[place].dropFirst())
    }
    return (examples, report)
  }

  /// What was found of labels that may be wrong.
  private struct Posteriors {
    /// The answers that an example may have, the most probable one first.
    var answers: [[ProbableAnswer]]
    /// What the judge held most probable that had not seen the example's own label; nil where it had learned nothing.
    var judged: [TaskAnswer?]
    /// How much each example counts; nil where all count as wholly as people's.
    var weights: [Double]?
    var strength: Double?
    var classes: [String]?
    var confusion: [[Double]]?
  }

  private func classPosteriors(_ examples: [TrainingExample], pool: Set<String>) -> Posteriors {
    let given = examples.map { example in
      let name: String? = if case .label(let name) = example.answer { name } else { nil }
      return LabelPosterior.Given(
        label: name.flatMap(task.names.firstIndex(of:)) ?? 0,
        sureness: pool.contains(example.item.id) ? nil : example.weight)
    }
    let items = examples.map(\.item)
    let found = LabelPosterior(
      texts: items.map(\.wholeText), groups: items.map(\.group), given: given, classes: task.names.count)
    let answers = found.posteriors.map { shares in
      let best = shares.placeOfLargest
      return ([best] + shares.indices.filter { $0 != best && shares[$0] > 0 }).map {
        ProbableAnswer(.label(task.names[$0]), probability: shares[$0])
      }
    }
    return Posteriors(
      answers: answers, judged: found.judged.map { .label(task.names[$0]) }, strength: found.strength,
      classes: task.names, confusion: found.confusion)
  }

  private func spanPosteriors(_ examples: [TrainingExample], _ state: LoopState, pool: Set<String>) -> Posteriors {
    func spans(_ answer: TaskAnswer) -> [LabelledSpan] { if case .spans(let spans) = answer { spans } else { [] } }
    let replies = Dictionary(state.labelled.map { ($0.item, $0.replies) }) { first, _ in first }
    let given = examples.map { example in
      guard !pool.contains(example.item.id) else {
        return SpanPosterior.Given(label: spans(example.answer), sureness: nil)
      }
      let others = replies[example.item.id, default: []].compactMap { $0.answer.flatMap(task.answer(key:)) }.map(spans)
      return SpanPosterior.Given(label: spans(example.answer), sureness: example.weight, others: others)
    }
    let items = examples.map(\.item)
    let found = SpanPosterior(texts: items.map(\.text), groups: items.map(\.group), given: given, task: task)
    return Posteriors(
      answers: found.answers.map { answers in
        answers.map { ProbableAnswer(.spans($0.spans), probability: $0.probability) }
      }, judged: found.judged.map { $0.map { .spans($0) } }, weights: found.weights)
  }

  /// Whether the one is more often right than the other by more than a standard error of the difference: with w records that it alone
  /// tells and l that the other alone tells, (w - l)² > w + l (McNemar 1947), in whole numbers, so that rounding decides nothing.
  ///
  /// Spans are right as a whole or not at all, as their probabilities are those of whole answers: on texts with many spans, of which a
  /// judge had more than the teacher and none had all, a student of what it said was worse than one of the labels.
  package static func isRighter(_ one: [Bool], than other: [Bool]) -> Bool {
    let (wins, losses) = (zip(one, other).count { $0 && !$1 }, zip(one, other).count { !$0 && $1 })
    return wins > losses && (wins - losses) * (wins - losses) > wins + losses
  }
}
