internal import Foundation
package import DualChecker
package import Evaluation
internal import TeacherProtocol
internal import Wording

/// The evaluation of a DualChecker run: evaluation.json.
public struct DualCheckerEvaluation: Codable, Sendable, Equatable {
  package struct Result: Codable, Sendable, Equatable {
    /// What was scored: `teacher`, `student`, `fixed_teacher_1`, `fixed_student_1`, `gold_student`, `labels`,
    /// `learned_labels`.
    package var name: String
    package var score: TaskScore
    /// Mean F1 of classes or span types.
    package var macroF1: Double

    init(_ name: String, _ score: TaskScore) {
      (self.name, self.score, macroF1) = (name, score, score.macroF1)
    }
  }

  /// How good labels and student were at one time.
  package struct Point: Codable, Sendable, Equatable {
    /// Records labelled.
    package var labels: Int
    /// Questions asked.
    package var questions: Int
    /// Macro F1 of the labels given so far; nil without gold.
    package var teacher: Double?
    /// Macro F1 of the online student on some test records; nil without gold.
    package var student: Double?
  }

  /// Gold labels that the method saw: the pool, and those that the student's probabilities were calibrated on.
  package var goldLabels: Int
  /// Records of the training part, the pool included.
  package var trainingItems: Int
  /// Records that were scored.
  package var testItems: Int
  /// Questions asked while labelling, of every kind.
  package var questions: Int
  /// Records that were asked about again, and whose answer that changed.
  package var askedAgain: Int
  /// Records whose answer changed when asked again.
  package var changed: Int
  /// Of those that changed, answers that became right and answers that became wrong, by gold.
  package var corrected: Int
  /// Answers that asking again made wrong.
  package var spoiled: Int
  /// The rule by which one of several replies counts, the pool's choice or that of the configuration; nil where records are
  /// asked about once, and in files of versions that did not write it.
  package var acceptance: AcceptanceRule?
  /// Versions of the template that were tried, and rolled back.
  package var templates: Int
  /// Refinements that were rolled back.
  package var rollBacks: Int
  /// Expected calibration error of the teacher's stated confidence on the test records; nil where it states none.
  package var calibrationErrorBefore: Double?
  /// The same after calibration on the pool.
  package var calibrationErrorAfter: Double?
  package var results: [Result]
  /// Quality on the way.
  package var curve: [Point]
  /// How well the student's probabilities fit what is true, as it states them and calibrated; nil where that was not asked for.
  package var calibration: EvaluationFile.Calibration?
  /// What became of the teacher's labels before the student learned them; nil where they were learned as they were given.
  package var labelNoise: LabelNoiseReport?
  /// What can't be said, each with its reason; nil where all is said.
  package var unsaid: [String]?

  package subscript(name: String) -> Result? { results.first { $0.name == name } }

  /// Macro F1 of the draws with fixed demonstrations: mean, best, number; nil where none was made.
  package func fixed(_ who: String) -> (mean: Double, best: Double, draws: Int)? {
    let values = results.filter { $0.name.hasPrefix("fixed_\(who)_") }.map(\.macroF1)
    guard let best = values.max() else { return nil }
    return (values.reduce(0, +) / Double(values.count), best, values.count)
  }

  /// The results that are compared level by level, as a table; empty for classes without an order.
  private var byLevel: String {
    func number(_ value: Double?) -> String { value.map { NumberText.fixed($0, digits: 3) } ?? "-" }
    let rows = results.compactMap { result in
      result.score.levels.map { levels in
        [
          result.name, number(levels.quadraticKappa), number(levels.meanAbsoluteError),
          number(levels.expectedLevelError), NumberText.grouped(levels.unanswered),
        ]
      }
    }
    let heads = ["distance in levels", "quadratic kappa", "mean error", "of expected level", "unanswered"]
    return rows.isEmpty ? "" : "\n" + AlignedText.rows([heads] + rows)
  }

  /// The results for a terminal.
  package var table: String {
    func percent(_ value: Double?) -> String { value.map { String(format: "%5.1f", 100 * $0) } ?? "    -" }
    var lines = [
      "\(goldLabels) gold labels for \(trainingItems) records, \(questions) questions, \(askedAgain) asked again "
        + "(\(corrected) corrected, \(spoiled) spoiled), \(templates) templates (\(rollBacks) rolled back)",
      "                        macro F1  accuracy  token F1",
    ]
    func line(_ title: String, _ result: Result?) {
      guard let score = result?.score else { return }
      let name = title.padding(toLength: 24, withPad: " ", startingAt: 0)
      lines.append("\(name)  \(percent(score.macroF1))     \(percent(score.accuracy))     \(percent(score.tokenF1))")
    }
    func fixed(_ title: String, _ who: String) {
      guard let found = self.fixed(who) else { return }
      let scores = results.filter { $0.name.hasPrefix("fixed_\(who)_") }.map(\.score)
      func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
      }
      let name = title.padding(toLength: 24, withPad: " ", startingAt: 0)
      let columns = [found.mean, mean(scores.map(\.accuracy)), mean(scores.compactMap(\.tokenF1))].map(percent)
      let draws =
        found.draws > 1 ? "   mean of \(found.draws) draws, the best with macro F1 \(percent(found.best))" : ""
      lines.append("\(name)  \(columns.joined(separator: "     "))\(draws)")
    }
    fixed("teacher, fixed shots", "teacher")
    line("teacher, DualChecker", self["teacher"])
    line("labels given", self["labels"])
    line("labels learned", self["learned_labels"])
    fixed("student, fixed shots", "student")
    line("student, DualChecker", self["student"])
    line("student, all gold", self["gold_student"])
    if let before = calibrationErrorBefore, let after = calibrationErrorAfter {
      lines.append(
        String(format: "calibration error of the teacher %.3f, after calibration on the pool %.3f", before, after))
    }
    if let labelNoise { lines.append(labelNoise.sentence) }
    lines += unsaid ?? []
    return lines.joined(separator: "\n") + "\n" + byLevel + (calibration.map(EvaluationTable.calibration) ?? "")
  }
}
