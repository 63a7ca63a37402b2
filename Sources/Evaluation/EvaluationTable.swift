internal import Wording

/// An evaluation as a table for the terminal: shares in percent, human labels last, slices and differences below.
///
/// ```
/// result            accuracy  95 % interval     ham   spam  macro F1  labels
/// teacher:gemini       87.20  85.70 to 88.60  90.30  84.10     87.14       0
/// two_stage            91.05  89.80 to 92.25  91.90  90.20     91.05     700
/// ```
///
/// Of two labels each has its accuracy beside that over all items; more of them stand in a table below, a row each, with
/// accuracy and F1 of every result. Of labels that are levels a table says how near the answers come to the true ones.
package struct EvaluationTable: Sendable, CustomStringConvertible {
  private let evaluation: EvaluationFile

  /// The table of an evaluation.
  package init(_ evaluation: EvaluationFile) { self.evaluation = evaluation }

  /// The table, lines ended by a line feed.
  package var description: String {
    var text =
      "\(NumberText.grouped(evaluation.testItems)) test items, \(NumberText.grouped(evaluation.items)) training items, "
    text += NumberText.counted(evaluation.labelsSpent, "human label")
    text += evaluation.teacherLabels.map { ", \(NumberText.grouped($0)) labels for teachers\n\n" } ?? "\n\n"
    if !evaluation.results.isEmpty {
      text +=
        Self.results(evaluation.results) + Self.byLevel(evaluation.results) + Self.byLabel(evaluation.results)
    }
    text += (evaluation.unsaid ?? []).map { $0 + "\n" }.joined()
    text += Self.differences(evaluation.differences ?? [])
    for (name, slice) in (evaluation.slices ?? [:]).sorted(by: { $0.key < $1.key }) {
      text += "\n\(name): \(NumberText.grouped(slice.testItems)) test items\n\n"
      text += Self.results(slice.results) + Self.byLevel(slice.results) + Self.differences(slice.differences)
    }
    if let budgets = evaluation.budgets, !budgets.isEmpty {
      let rows = budgets.map {
        [$0.result, NumberText.grouped($0.labels), Self.percent($0.accuracy), Self.span($0.interval, Self.percent)]
      }
      text +=
        "\naccuracy per human label\n\n" + AlignedText.rows([["result", "labels", "accuracy", "95 % interval"]] + rows)
    }
    text += evaluation.calibration.map(Self.calibration) ?? ""
    text += evaluation.stage2.map(Self.choice) ?? ""
    if let setAside = evaluation.setAside, let first = setAside.first {
      text += "\n\(NumberText.counted(setAside.count, "row")) set aside, the first: \(first)\n"
    }
    if let notTaken = evaluation.notTaken, let first = notTaken.first {
      text +=
        "\n\(NumberText.counted(notTaken.count, "item")) that the student can't take, counted as wrong, the first: \(first)\n"
    }
    return text
  }

  private static func results(_ results: [String: EvaluationFile.Result]) -> String {
    let scores = LabelScores(results)
    let heads = ["result", "accuracy", "95 % interval"] + scores.columns + ["macro F1", "labels"]
    let rows = results.map { (ResultName(rawValue: $0), $1) }.sorted { $0.0 < $1.0 }.map { name, result in
      [name.rawValue, percent(result.accuracy), span(result.interval, percent)]
        + scores.columns.map { percent(scores[$0, name]?.accuracy) }
        + [percent(result.macroF1), NumberText.grouped(result.labels)]
    }
    return AlignedText.rows([heads] + rows)
  }

  /// A row for each result that is compared level by level; nothing for labels without an order.
  private static func byLevel(_ results: [String: EvaluationFile.Result]) -> String {
    let rows = results.map { (ResultName(rawValue: $0), $1.levels) }.sorted { $0.0 < $1.0 }.compactMap {
      name, levels in
      levels.map { levels in
        [
          name.rawValue, number(levels.quadraticKappa), levels.quadraticKappaInterval.map { span($0, number) } ?? "-",
          number(levels.meanAbsoluteError), span(levels.meanAbsoluteErrorInterval, number),
          number(levels.expectedLevelError), levels.expectedLevelErrorInterval.map { span($0, number) } ?? "-",
          NumberText.grouped(levels.unanswered),
        ]
      }
    }
    guard !rows.isEmpty else { return "" }
    let heads = [
      "distance in levels", "quadratic kappa", "95 % interval", "mean error", "95 % interval", "of expected level",
      "95 % interval", "unanswered",
    ]
    return "\n" + AlignedText.rows([heads] + rows)
  }

  /// A row for each of many labels, a column for each result.
  private static func byLabel(_ results: [String: EvaluationFile.Result]) -> String {
    let scores = LabelScores(results)
    guard let first = scores.names.first, !scores.rows.isEmpty else { return "" }
    let rows = scores.rows.map { label in
      [label, NumberText.grouped(scores[label, first]?.items ?? 0)]
        + scores.names.map { "\(percent(scores[label, $0]?.accuracy)) / \(percent(scores[label, $0]?.f1))" }
    }
    return "\naccuracy / F1 of each label\n\n"
      + AlignedText.rows([["label", "items"] + scores.names.map(\.rawValue)] + rows)
  }

  private static func differences(_ differences: [EvaluationFile.Difference]) -> String {
    guard !differences.isEmpty else { return "" }
    let rows = differences.map {
      ["\($0.result) - \($0.against)", points($0.difference), span($0.interval, points)]
    }
    return "\n" + AlignedText.rows([["difference in points", "accuracy", "95 % interval"]] + rows)
  }

  /// Figures of probabilities as the student states them and calibrated.
  package static func calibration(_ calibration: EvaluationFile.Calibration) -> String {
    func row(_ name: String, _ score: CalibrationScore) -> [String] {
      [
        name, decimals(score.expectedCalibrationError), span(score.errorInterval, decimals),
        score.errorByChance.map { span($0, decimals) } ?? "-", decimals(score.brier),
        span(score.brierInterval, decimals), decimals(score.logLoss), span(score.logLossInterval, decimals),
      ]
    }
    let heads = [
      "probabilities", "ECE", "95 % interval", "by chance", "Brier", "95 % interval", "log loss", "95 % interval",
    ]
    let after = calibration.after.map { [row("calibrated", $0)] } ?? []
    return "\n\(calibration.sentence)\n\n" + AlignedText.rows([heads, row("as stated", calibration.before)] + after)
  }

  /// What Stage 2 could end with.
  private static func choice(_ choice: StageChoice) -> String {
    guard !choice.candidates.isEmpty else { return "\n\(choice.sentence)\n" }
    let rows = choice.candidates.map {
      [$0.name, percent($0.accuracy), percent($0.onLabels), percent($0.onAgreed)]
    }
    let heads = ["could be stage 2", "accuracy", "on labels", "on agreed items"]
    return "\n\(choice.sentence)\n\n" + AlignedText.rows([heads] + rows)
  }

  private static func decimals(_ number: Double) -> String { NumberText.fixed(number, digits: 3) }

  private static func span(_ interval: Interval, _ text: (Double) -> String) -> String {
    "\(text(interval.low)) to \(text(interval.high))"
  }

  private static func number(_ value: Double) -> String { NumberText.fixed(value, digits: 3) }
  private static func number(_ value: Double?) -> String { value.map(number) ?? "-" }
  private static func percent(_ share: Double) -> String { NumberText.fixed(share * 100, digits: 2) }
  private static func percent(_ share: Double?) -> String { share.map(percent) ?? "-" }
  private static func points(_ share: Double) -> String { NumberText.signed(share * 100, digits: 2) }
}
