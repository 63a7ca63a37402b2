package import Foundation
package import Evaluation
internal import Wording

extension ReportContent {
  /// The report as one HTML page that carries all it shows: no script, no font and no picture is fetched.
  ///
  /// Equal contents give equal pages. The page says by a content security policy of its own that nothing may be run
  /// or loaded, should a text ever get past the escaping.
  /// - Complexity: O(bytes of the page); 300 conflicts with photos of 10 kB take about 50 ms.
  package func html() -> String {
    let parts: [(id: String, title: String, body: HTML?)] = [
      ("results", "Results", evaluation.flatMap(ReportResults.section)),
      ("stage2", "What Stage 2 ends with", evaluation?.stage2.map(ReportChoice.section)),
      ("calibration", "Confidence and truth", evaluation?.calibration.flatMap(ReportCalibration.section)),
      ("labels", "Accuracy per human label", evaluation.flatMap(ReportBudgets.section)),
      ("conflicts", "The conflicts", ReportGallery.section(self)),
      ("agreement", "Agreement of the teachers", agreement.flatMap(ReportMatrices.agreement)),
      ("confusion", "What is mistaken for what", evaluation.flatMap(ReportMatrices.confusion)),
      ("training", "Training", ReportCurves.section(curves)),
      ("run", "What was done", runSection),
      ("aside", "Rows set aside", asideSection),
    ]
    let shown = parts.filter { $0.body != nil }
    let links = shown.map { "<a href=\"#\($0.id)\">\($0.title)</a>" as HTML }
    let body: HTML = """
      <a class="skip" href="#main">Skip to the report</a>
      <header>
      <h1 dir="auto">\(title)</h1>
      \(evaluation.flatMap(ReportResults.verdict))\
      \(summary.isEmpty ? nil : "<p class=\"note\" dir=\"auto\">\(summary)</p>")\
      \(links.count < 2 ? nil : "<nav aria-label=\"Parts of the report\">\(links)</nav>")\
      \(evaluation.flatMap(ReportResults.figures))
      </header>
      <main id="main">
      \(shown.map { Self.section($0.id, $0.title, $0.body) })\
      </main>
      """
    return ReportFrame.page(title: title, showsImages: true, body: body).text
  }

  /// Writes the page whole or not at all.
  package func write(to file: URL) throws(RunFileError) {
    do {
      try Data(html().utf8).write(to: file, options: .atomic)
    } catch {
      throw .unwritable(file: file.path, reason: FaultText.reason(of: error))
    }
  }

  private static func section(_ id: String, _ title: String, _ body: HTML?) -> HTML {
    "<section id=\"\(id)\" aria-labelledby=\"\(id)-title\">\n<h2 id=\"\(id)-title\">\(title)</h2>\n\(body)\n</section>\n"
  }

  private var runSection: HTML? {
    guard !steps.isEmpty || !configuration.isEmpty else { return nil }
    let longest = steps.compactMap(\.seconds).max() ?? 0
    let total = steps.compactMap(\.seconds).reduce(0, +)
    let rows = steps.map { step in
      let time = step.seconds.map(NumberText.duration) ?? "-"
      let state = step.wasSkipped ? " (skipped)" : ""
      let share = longest > 0 ? (step.seconds ?? 0) / longest * 100 : 0
      return """
        <tr><th scope="row">\(step.name)</th><td>\(step.detail)</td><td class="number">\(time)\(state)</td>\
        <td aria-hidden="true">\(share > 0 ? "<span class=\"bar\" style=\"width:\(px: share)%\"></span>" : nil)</td></tr>

        """ as HTML
    }
    let table: HTML = """
      <p class="note">\(NumberText.counted(steps.count, "step")), \(NumberText.duration(total)) in all. A step that was skipped found its \
      inputs unchanged; its time is that of when it was carried out.</p>
      <table class="steps"><thead><tr><th scope="col">Step</th><th scope="col">What it did</th>\
      <th scope="col" class="number">Time</th><th></th></tr></thead>
      <tbody>\(rows)</tbody></table>
      """
    let file: HTML = "<details><summary>Configuration</summary><pre>\(configuration)</pre></details>"
    return (steps.isEmpty ? "" : table) + (configuration.isEmpty ? "" : file)
  }

  private var asideSection: HTML? {
    guard !setAside.isEmpty else { return nil }
    let rows = setAside.map { "<tr><th scope=\"row\">\($0.place)</th><td>\($0.reason)</td></tr>\n" as HTML }
    let table: HTML = """
      <table><thead><tr><th scope="col">Where</th><th scope="col">What was wrong</th></tr></thead>
      <tbody>\(rows)</tbody></table>
      """
    let count = "\(NumberText.grouped(rows.count)) \(rows.count == 1 ? "row was" : "rows were")"
    return """
      <p class="note">\(count) not used; everything else went on without them.</p>
      \(rows.count <= 8 ? table : "<details><summary>Show all \(NumberText.grouped(rows.count))</summary>\(table)</details>")
      """
  }
}
