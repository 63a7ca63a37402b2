package import Evaluation
internal import Wording

/// How far the student's confidence can be trusted: the reliability diagram, and figures before and after calibration.
package enum ReportCalibration {
  /// The section's content.
  package static func section(_ calibration: EvaluationFile.Calibration) -> HTML? {
    let scores = [("As stated", calibration.before)] + (calibration.after.map { [("Calibrated", $0)] } ?? [])
    var chart = LineChart(
      lines: [diagonal] + scores.enumerated().map { line($1.0, $1.1, style: $0) }, xTitle: "stated confidence, %",
      yTitle: "share right, %", summary: summary(scores), width: 1_016, height: 400)
    chart.isCountAxis = false
    let wide = chart.svg()
    (chart.width, chart.height) = (350, 300)
    let rows = scores.map { name, score in
      """
      <tr><th scope="row">\(name)</th>\(cells(score.expectedCalibrationError, score.errorInterval))\
      <td class="number">\(score.errorByChance.map(span) ?? "–")</td>\(cells(score.brier, score.brierInterval))\(cells(score.logLoss, score.logLossInterval))</tr>

      """ as HTML
    }
    let heads = ["ECE", "95 %", "By chance", "Brier", "95 %", "Log loss", "95 %"].map {
      "<th scope=\"col\" class=\"number\">\($0)</th>" as HTML
    }
    return """
      <p class="note">Of \(NumberText.counted(calibration.before.items, "test item")): \(calibration.sentence). A point is a tenth of \
      the scale of confidence: as many of its answers as its confidence says should be right. ECE is the mean distance from that, \
      by chance what 95 % of such samples show of confidences that are true, \
      Brier the squared distance of all labels' probabilities from the truth (0 to 2), log loss in nats; for all of them less is \
      better.</p>
      <figure><div class="wide">\(wide)</div><div class="narrow">\(chart.svg())</div></figure>
      <div class="scroll"><table><thead><tr><th scope="col">Probabilities</th>\(heads)</tr></thead>
      <tbody>\(rows)</tbody></table></div>
      """
  }

  /// Where confidence is the share right.
  private static let diagonal = LineChart.Line(
    name: "Ideal", points: [.init(x: 0, y: 0), .init(x: 100, y: 100)], isMarked: false, isFaint: true, style: 5)

  private static func line(_ name: String, _ score: CalibrationScore, style: Int) -> LineChart.Line {
    LineChart.Line(
      name: name,
      points: score.curve.map { .init(x: $0.confidence * 100, y: $0.right * 100) }, style: style)
  }

  private static func summary(_ scores: [(String, CalibrationScore)]) -> String {
    "Share of right answers over stated confidence. "
      + scores.map { name, score in
        "\(name): "
          + score.curve.map {
            "\(NumberText.fixed($0.right * 100, digits: 0)) % of \($0.items) at "
              + "\(NumberText.fixed($0.confidence * 100, digits: 0)) %"
          }.joined(separator: ", ")
      }.joined(separator: ". ") + "."
  }

  private static func cells(_ value: Double, _ interval: Interval) -> HTML {
    """
    <td class="number">\(decimals(value))</td>\
    <td class="number">\(span(interval))</td>
    """
  }

  private static func span(_ interval: Interval) -> HTML { "\(decimals(interval.low))–\(decimals(interval.high))" }

  private static func decimals(_ number: Double) -> String { NumberText.fixed(number, digits: 3) }
}
