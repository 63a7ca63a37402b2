internal import DualChecker
internal import Foundation
internal import TeacherProtocol
internal import Reporting
internal import Wording

extension DualCheckerRun {
  /// report.html from what the run has found.
  func writeReport(_ evaluation: DualCheckerEvaluation, _ state: DualCheckerState, key: String) throws {
    let parts: [(title: String, body: HTML?)] = [
      ("Results", DualCheckerReport.results(evaluation)), ("On the way", DualCheckerReport.curve(evaluation)),
      ("Asked again", DualCheckerReport.followUps(evaluation, state.loop)),
      ("Templates", DualCheckerReport.templates(state.loop.history)),
      ("Confidence", DualCheckerReport.calibration(evaluation, state.loop)),
      ("Confidence and truth", evaluation.calibration.flatMap(ReportCalibration.section)),
      ("Configuration", "<pre dir=\"auto\">\(configuration.yaml)</pre>"),
    ]
    let title = configuration.title
    let body: HTML = """
      <header>
      <h1 dir="auto">\(title)</h1>
      <p class="note">\(evaluation.goldLabels) gold labels for \(evaluation.trainingItems) records; \
      \(evaluation.questions) questions to the teacher.</p>
      \(evaluation.labelNoise.map { "<p class=\"note\">Labels that may be wrong: \($0.sentence).</p>" as HTML } ?? "")
      </header>
      <main id="main">
      \(parts.map { part -> HTML in part.body.map { "<section><h2>\(part.title)</h2>\n\($0)</section>\n" } ?? "" })\
      </main>
      """
    let page = ReportFrame.page(title: title, showsImages: false, body: body)
    try Data(page.text.utf8).write(to: folder.appending(path: "report.html"), options: .atomic)
  }
}

/// The parts of the page of a DualChecker run.
enum DualCheckerReport {
  private static func percent(_ value: Double?) -> String { value.map { NumberText.fixed(100 * $0, digits: 1) } ?? "-" }

  private static func table(_ head: [String], _ rows: [[String]]) -> HTML {
    let cells = head.map { "<th scope=\"col\">\($0)</th>" as HTML }
    let lines = rows.map { row -> HTML in
      let cells = row.enumerated().map { place, cell -> HTML in
        place == 0 ? "<th scope=\"row\" dir=\"auto\">\(cell)</th>" : "<td dir=\"auto\">\(cell)</td>"
      }
      return "<tr>\(cells)</tr>\n"
    }
    return "<div class=\"scroll\"><table><thead><tr>\(cells)</tr></thead><tbody>\n\(lines)</tbody></table></div>"
  }

  static func results(_ evaluation: DualCheckerEvaluation) -> HTML {
    let titles = [
      "teacher": "teacher, DualChecker", "student": "student, DualChecker", "labels": "labels given",
      "learned_labels": "labels learned", "gold_student": "student, all gold labels",
    ]
    var rows = evaluation.results.map { result in
      [
        titles[result.name] ?? result.name.replacing("_", with: " "), percent(result.macroF1),
        percent(result.score.microF1), percent(result.score.accuracy), percent(result.score.tokenF1),
      ]
    }
    for who in ["teacher", "student"] {
      guard let fixed = evaluation.fixed(who) else { continue }
      rows.append(["\(who), fixed demonstrations: mean of \(fixed.draws)", percent(fixed.mean), "", "", ""])
      rows.append(["\(who), fixed demonstrations: best of \(fixed.draws)", percent(fixed.best), "", "", ""])
    }
    let unsaid = (evaluation.unsaid ?? []).map { "<p class=\"note\" dir=\"auto\">\($0)</p>\n" as HTML }
    guard !rows.isEmpty else { return "\(unsaid)" }
    // What people labelled themselves may be all that there is to compare with.
    let place =
      evaluation.testItems == 0
      ? "of the records that have a label" : "on \(evaluation.testItems) test records, on which no model was trained"
    return "\(unsaid)<p class=\"note\">In percent, \(place).</p>\n"
      + table(["", "macro F1", "micro F1", "accuracy", "token F1"], rows) + (levels(evaluation, titles) ?? "")
  }

  /// How near the answers come to the true levels; nil where classes have no order.
  private static func levels(_ evaluation: DualCheckerEvaluation, _ titles: [String: String]) -> HTML? {
    func number(_ value: Double?) -> String { value.map { NumberText.fixed($0, digits: 3) } ?? "-" }
    let rows = evaluation.results.compactMap { result in
      result.score.levels.map { levels in
        [
          titles[result.name] ?? result.name.replacing("_", with: " "), number(levels.quadraticKappa),
          number(levels.meanAbsoluteError), number(levels.expectedLevelError), "\(levels.unanswered)",
        ]
      }
    }
    guard !rows.isEmpty else { return nil }
    return """
      <p class="note">The classes are levels. Errors are distances in levels; kappa weighs a distance by its square; an \
      answer that is missing counts as the level that is farthest from the true one.</p>
      \(table(["", "quadratic kappa", "mean absolute error", "error of the expected level", "unanswered"], rows))
      """
  }

  static func curve(_ evaluation: DualCheckerEvaluation) -> HTML? {
    func line(_ name: String, _ style: Int, _ value: (DualCheckerEvaluation.Point) -> Double?) -> LineChart.Line {
      .init(
        name: name,
        points: evaluation.curve.compactMap { point in
          value(point).map { LineChart.Point(x: Double(point.labels), y: 100 * $0) }
        }, style: style)
    }
    let lines = [line("teacher's labels", 0, \.teacher), line("online student", 1, \.student)]
      .filter { !$0.points.isEmpty }
    guard !lines.isEmpty else { return nil }
    let chart = LineChart(
      lines: lines,
      xTitle: "records labelled", yTitle: "macro F1 in percent",
      summary: "Macro F1 of the teacher's labels and of the online student over records labelled.", width: 720,
      height: 300)
    return "<figure>\(chart.svg())</figure>\n"
  }

  static func followUps(_ evaluation: DualCheckerEvaluation, _ state: LoopState) -> HTML {
    let changed = state.labelled.filter(\.isChanged).prefix(20).map { kept in
      [
        kept.item,
        kept.replies.map { $0.answer ?? "unreadable" }.joined(separator: " → ")
          + (kept.voted.map { "; voted: \($0)" } ?? ""),
        kept.replies.map { percent($0.confidence?.value) }.joined(separator: " → "),
        kept.voted == nil ? kept.replies[kept.accepted].version : "",
      ]
    }
    let (read, failed) = (state.labelled.count { $0.answer != nil }, state.failures.count)
    let rule = evaluation.acceptance.map { rule in
      " What counts of several replies: \(rule.rawValue)\(state.acceptance == nil ? "" : ", as the labelled pool chose")."
    }
    return """
      <p>Of \(state.labelled.count + failed) records \(read) were answered, \(state.labelled.count - read) had replies \
      without an answer that can be read, and \(failed) had none.</p>
      <p>\(evaluation.askedAgain) records were asked about again; \(evaluation.changed) answers changed, of which \
      \(evaluation.corrected) became right and \(evaluation.spoiled) had been right.\(rule ?? "")</p>
      \(changed.isEmpty ? nil : table(["record", "answers", "confidence", "template that counts"], changed))
      """
  }

  static func templates(_ history: TemplateHistory) -> HTML {
    let rows = history.entries.enumerated().map { place, entry in
      [
        "\(place)", entry.template.version, "\(entry.round)", percent(entry.score),
        entry.isKept ? "kept" : "rolled back",
        entry.parent.map { entry.template.difference(from: history.entries[$0].template).joined(separator: "\n") }
          ?? "",
      ]
    }
    return table(["", "version", "round", "pool F1", "", "change"], rows)
  }

  static func calibration(_ evaluation: DualCheckerEvaluation, _ state: LoopState) -> HTML? {
    guard let before = evaluation.calibrationErrorBefore, let after = evaluation.calibrationErrorAfter else {
      return nil
    }
    return """
      <p>Expected calibration error of the teacher on test records: \(NumberText.fixed(before, digits: 3)) as stated, \
      \(NumberText.fixed(after, digits: 3)) after calibration on the pool. Replies less sure than \
      \(NumberText.fixed(state.threshold, digits: 2)) were asked again.</p>
      """
  }
}
