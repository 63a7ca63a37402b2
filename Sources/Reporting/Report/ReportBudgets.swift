internal import Evaluation
internal import Wording

/// The chart of accuracy over human labels spent.
enum ReportBudgets {
  static func section(_ evaluation: EvaluationFile) -> HTML? {
    let lines = lines(evaluation)
    guard lines.contains(where: { $0.points.count > 1 }) else { return nil }
    let levels = levels(evaluation, from: lines.count)
    let told = lines.map { line in
      "\(line.name): "
        + line.points.map { "\(spelled($0.y)) % at \(NumberText.grouped(Int($0.x)))" }
        .joined(separator: ", ")
    }
    let others = levels.map { "\($0.name): \(spelled($0.y)) %" }
    let summary = "Accuracy over human labels spent. " + (told + others).joined(separator: ". ") + "."
    var chart = LineChart(
      lines: lines, levels: levels, xTitle: "human labels spent", yTitle: "accuracy, %", summary: summary, width: 1_016,
      height: 400)
    let wide = chart.svg()
    (chart.width, chart.height, chart.namesLines) = (350, 300, false)
    let legend =
      lines.map { legendItem($0.name, style: $0.style, isLevel: false) }
      + levels.map { legendItem("\($0.name), \(spelled($0.y)) %", style: $0.style, isLevel: true) }
    return """
      <p class="note">What human labels buy when they are spent on conflicts, or on random items. Whiskers hold 95 % of resamples; dotted \
      levels spend another number of labels.</p>
      <figure><div class="wide">\(wide)</div>\
      <div class="narrow">\(chart.svg())<ul class="legend">\(legend)</ul></div></figure>
      <details><summary>The same in numbers</summary>\(table(lines))</details>
      """
  }

  /// One line per result that was trained with several budgets, or with one; each starts where no label is spent.
  private static func lines(_ evaluation: EvaluationFile) -> [LineChart.Line] {
    var points = evaluation.budgets ?? []
    for name in [ResultName.twoStage, .randomLabels] {
      guard let result = evaluation[name], result.labels > 0 else { continue }
      guard !points.contains(where: { $0.result == name.rawValue && $0.labels == result.labels }) else { continue }
      points.append(
        .init(result: name.rawValue, labels: result.labels, accuracy: result.accuracy, interval: result.interval))
    }
    let start = evaluation[.stage1].map {
      EvaluationFile.BudgetPoint(result: "", labels: 0, accuracy: $0.accuracy, interval: $0.interval)
    }
    // The main result stands first: it has the first colour and the full line.
    let names = Set(points.map { ResultName(rawValue: $0.result) })
      .sorted { ($0 == .twoStage ? 0 : 1, $0) < ($1 == .twoStage ? 0 : 1, $1) }
    return names.enumerated().map { style, name in
      var own = points.filter { $0.result == name.rawValue }.sorted { $0.labels < $1.labels }
      if let start, own.first?.labels != 0 { own.insert(start, at: 0) }
      return LineChart.Line(
        name: shortened(name.title),
        points: own.map { point in
          LineChart.Point(
            x: Double(point.labels), y: point.accuracy * 100,
            interval: Interval(low: point.interval.low * 100, high: point.interval.high * 100))
        }, style: style)
    }
  }

  private static func levels(_ evaluation: EvaluationFile, from style: Int) -> [LineChart.Level] {
    var levels: [LineChart.Level] = []
    if let full = evaluation[.fullLabel] {
      levels.append(.init(name: "Full labels (\(NumberText.grouped(full.labels)))", y: full.accuracy * 100, style: 2))
    }
    if let majority = evaluation[.majority] {
      levels.append(.init(name: "Majority of teachers", y: majority.accuracy * 100, style: 3))
    }
    let teachers = evaluation.resultNames.filter { $0.teacherName != nil }
    if let best = teachers.max(by: { (evaluation[$0]?.accuracy ?? 0) < (evaluation[$1]?.accuracy ?? 0) }),
      let accuracy = evaluation[best]?.accuracy
    {
      levels.append(.init(name: shortened("Best teacher (\(best.teacherName ?? ""))"), y: accuracy * 100, style: 5))
    }
    return levels
  }

  private static func legendItem(_ name: String, style: Int, isLevel: Bool) -> HTML {
    """
    <li class="s\(style % 6)"><svg viewBox="0 0 34 14" aria-hidden="true">\
    <path class="line s\(style % 6)\(isLevel ? " level" : "")" d="M2 7H32"/>\
    \(isLevel ? nil : "<g class=\"mark\">\(LineChart.mark(style, 17, 7))</g>")</svg><span>\(name)</span></li>
    """
  }

  private static func table(_ lines: [LineChart.Line]) -> HTML {
    let rows = lines.flatMap { line in
      line.points.map { point in
        """
        <tr><th scope="row">\(line.name)</th><td class="number">\(NumberText.grouped(Int(point.x)))</td>\
        <td class="number">\(spelled(point.y))</td><td class="number">\
        \(point.interval.map { "\(spelled($0.low))–\(spelled($0.high))" } ?? "–")</td></tr>

        """ as HTML
      }
    }
    return """
      <table><thead><tr><th scope="col">Result</th><th scope="col" class="number">Labels</th>\
      <th scope="col" class="number">Accuracy, %</th><th scope="col" class="number">95 %</th></tr></thead>
      <tbody>\(rows)</tbody></table>
      """
  }

  private static func spelled(_ percent: Double) -> String { NumberText.fixed(percent, digits: 1) }

  private static func shortened(_ name: String) -> String {
    name.count <= 28 ? name : name.prefix(27) + "…"
  }
}
