internal import Evaluation
internal import Wording

/// The figures at the head of the page and the table of results.
enum ReportResults {
  /// A sentence that says what came of it, in favour or not.
  static func verdict(_ evaluation: EvaluationFile) -> HTML? {
    guard let main = evaluation[.twoStage] else { return nil }
    var text = "With a human label for \(share(evaluation)) of its training items, the student answers "
    text += "\(percent(main.accuracy))\u{A0}% of \(NumberText.counted(evaluation.testItems, "test item")) rightly"
    let comparisons = [
      (ResultName.fullLabel, "training on every label"), (.stage1, "training without any"),
    ].compactMap { name, words in evaluation[name].map { compared(main.accuracy - $0.accuracy, words) } }
    text += comparisons.isEmpty ? "." : ": " + comparisons.joined(separator: ", ") + "."
    return "<p class=\"deck\">\(text)</p>\n"
  }

  /// The few numbers to remember.
  static func figures(_ evaluation: EvaluationFile) -> HTML? {
    guard let main = evaluation[.twoStage] else { return nil }
    var items: [HTML] = [
      figure("Accuracy of the student", percent(main.accuracy), "%", "95\u{A0}% between \(range(main.interval))"),
      figure(
        "Human labels spent", NumberText.grouped(evaluation.labelsSpent), "",
        "for \(share(evaluation)) of \(NumberText.counted(evaluation.items, "item"))"),
    ]
    for (name, words) in [(ResultName.fullLabel, "Against full labels"), (.stage1, "Against no labels")] {
      guard let difference = evaluation.differences?.first(where: { $0.against == name.rawValue }) else { continue }
      let span = "95\u{A0}% between \(points(difference.interval.low)) and \(points(difference.interval.high))"
      items.append(figure(words, points(difference.difference), "points", span))
    }
    return "<dl class=\"figures\">\(items)</dl>"
  }

  /// The table over the whole split, then one for each slice.
  static func section(_ evaluation: EvaluationFile) -> HTML? {
    let unsaid = (evaluation.unsaid ?? []).map { "<p class=\"note\" dir=\"auto\">\($0)</p>\n" as HTML }
    guard !evaluation.results.isEmpty else { return unsaid.isEmpty ? nil : "\(unsaid)" }
    let count = NumberText.grouped(evaluation.testItems)
    let teachers = evaluation.teacherLabels.map {
      " The teachers were trained with \(NumberText.grouped($0)) labels of other items, which are not counted here."
    }
    let named = LabelScores(evaluation.results).columns.isEmpty ? "" : " A column named as a label is over its items."
    var html: HTML = """
      <p class="note">Shares in percent over all \(count) test items; an answer that is missing, tied or unreadable is \
      wrong. Intervals hold 95 % of resamples of whole groups.\(named)\(teachers ?? "")</p>
      \(unsaid)\(table(evaluation.results, differences: evaluation.differences ?? []))\
      \(ReportLevels.table(evaluation.results))\(ReportLabels.table(evaluation.results))
      """
    for (name, slice) in (evaluation.slices ?? [:]).sorted(by: { $0.key < $1.key }) {
      html += """
        <details><summary>Only <b>\(name)</b>: \(NumberText.counted(slice.testItems, "test item"))\
        \(slice.results["two_stage"].map { "<span class=\"soft\">, two stages \(percent($0.accuracy))\u{A0}%</span>" })\
        </summary>\(table(slice.results, differences: slice.differences))\(ReportLevels.table(slice.results))</details>
        """
    }
    return html
  }

  private static func table(
    _ results: [String: EvaluationFile.Result], differences: [EvaluationFile.Difference]
  ) -> HTML {
    let rows = results.map { (name: ResultName(rawValue: $0), result: $1) }.sorted { $0.name < $1.name }
    let scores = LabelScores(results)
    let ends = rows.flatMap { [$0.result.interval.low, $0.result.interval.high] }
    let scale = ChartScale(ends.map { $0 * 100 }, from: 0, to: 100, ticks: 4)
    let marks = [scale.low, scale.high].map { NumberText.fixed($0, digits: scale.digits) }
    // Of two labels each has a column of its own; more of them have a table of their own.
    let heads =
      ["Accuracy", "95 %"] + (scores.columns.isEmpty ? ["Macro F1"] : scores.columns) + ["Human labels"]
    func cells(_ name: ResultName, _ result: EvaluationFile.Result) -> [(String, String)] {
      let shares =
        scores.columns.isEmpty
        ? [percent(result.macroF1)] : scores.columns.map { scores[$0, name]?.accuracy.map(percent) ?? "–" }
      let texts =
        [percent(result.accuracy), range(result.interval, dash: true)] + shares + [NumberText.grouped(result.labels)]
      return Array(zip(heads, texts))
    }
    let groups: [(title: String, has: (ResultName) -> Bool)] = [
      ("Teachers alone", { $0.teacherName != nil }),
      ("Teachers together, without a student", { [.majority, .agreementPlusLabels].contains($0) }),
      ("The student", { $0.teacherName == nil && ![.majority, .agreementPlusLabels].contains($0) }),
    ]
    let bodies = groups.compactMap { group -> HTML? in
      let members = rows.filter { group.has($0.name) }
      guard !members.isEmpty else { return nil }
      return """
        <tbody role="rowgroup"><tr class="group" role="row"><th scope="rowgroup" colspan="\(heads.count + 2)" role="rowheader">\
        \(group.title)</th></tr>
        \(members.map { row($0.name, cells($0.name, $0.result), $0.result, scale) })</tbody>

        """
    }
    let columns = heads.map { "<th scope=\"col\" class=\"number\" role=\"columnheader\"><bdi>\($0)</bdi></th>" as HTML }
    return """
      <table class="results" role="table"><thead role="rowgroup"><tr role="row">\
      <th scope="col" role="columnheader">Result</th><th scope="col" class="plot" role="columnheader">\
      <span class="hidden">Accuracy drawn on a scale from </span><span class="scale"><span>\(marks[0])</span>\
      <span>\(marks[1]) %</span></span></th>\(columns)</tr></thead>
      \(bodies)</table>
      \(differenceTable(differences))
      """
  }

  private static func row(
    _ name: ResultName, _ cells: [(heading: String, text: String)], _ result: EvaluationFile.Result, _ scale: ChartScale
  ) -> HTML {
    let (low, at, high) = (
      scale(result.interval.low * 100), scale(result.accuracy * 100), scale(result.interval.high * 100)
    )
    let style = name == .twoStage ? 0 : 5
    let numbers = cells.map { heading, text in
      "<td class=\"number\" role=\"cell\" data-name=\"\(heading)\">\(text)</td>" as HTML
    }
    return """
      <tr role="row"\(name == .twoStage ? " class=\"main\"" as HTML : nil)><th scope="row" role="rowheader">\
      <bdi>\(name.title)</bdi>\(name.explanation.map { "<span class=\"what\">\($0)</span>" })</th>\
      <td class="plot s\(style)" role="cell"><svg aria-hidden="true"><title>\(percent(result.accuracy)) %, 95 % between \
      \(range(result.interval))</title>\
      <line class="grid" x1="0" x2="100%" y1="12" y2="12"/>\
      <line class="line" x1="\(px: low)%" x2="\(px: high)%" y1="12" y2="12"/>\
      <g class="mark"><circle cx="\(px: at)%" cy="12" r="5"/></g></svg></td>\
      \(numbers)</tr>

      """
  }

  private static func differenceTable(_ differences: [EvaluationFile.Difference]) -> HTML {
    guard let main = differences.first.map({ ResultName(rawValue: $0.result).title }) else { return "" }
    let rows = differences.map { difference in
      let isSure = difference.interval.low > 0 || difference.interval.high < 0
      return """
        <tr><th scope="row"><bdi>\(ResultName(rawValue: difference.against).title)</bdi></th>\
        <td class="number">\(points(difference.difference))</td>\
        <td class="number">\(points(difference.interval.low)) to \(points(difference.interval.high))</td>\
        <td>\(isSure ? (difference.difference > 0 ? "better" : "worse") : "open")</td></tr>

        """ as HTML
    }
    return """
      <details><summary>\(main) against each other result, item by item</summary>
      <table><thead><tr><th scope="col">Against</th><th scope="col" class="number">Points</th>\
      <th scope="col" class="number">95 %</th><th scope="col">So it is</th></tr></thead>
      <tbody>\(rows)</tbody></table></details>
      """
  }

  private static func figure(_ name: String, _ value: String, _ unit: String, _ note: String) -> HTML {
    """
    <div><dt>\(name)</dt><dd><span class="big">\(value)\(unit.isEmpty ? nil : " <small>\(unit)</small>")</span></dd>\
    <dd class="small">\(note)</dd></div>
    """
  }

  private static func compared(_ difference: Double, _ what: String) -> String {
    let size = NumberText.fixed(abs(difference) * 100, digits: 1)
    if size == "0.0" { return "as many as \(what)" }
    return "\(size) \(size == "1.0" ? "point" : "points") \(difference > 0 ? "above" : "below") \(what)"
  }

  private static func share(_ evaluation: EvaluationFile) -> String {
    guard evaluation.items > 0 else { return "0 %" }
    return NumberText.fixed(Double(evaluation.labelsSpent) / Double(evaluation.items) * 100, digits: 1) + "\u{A0}%"
  }

  private static func percent(_ share: Double) -> String { NumberText.fixed(share * 100, digits: 1) }

  private static func points(_ share: Double) -> String {
    NumberText.signed(share * 100, digits: 1).replacing("-", with: "\u{2212}")
  }

  private static func range(_ interval: Interval, dash: Bool = false) -> String {
    "\(percent(interval.low))\(dash ? "–" : " and ")\(percent(interval.high))"
  }
}
