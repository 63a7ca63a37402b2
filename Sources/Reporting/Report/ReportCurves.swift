internal import Evaluation
internal import Wording

/// The curves of training, as small charts side by side: one row for each stage.
package enum ReportCurves {
  static func section(_ curves: [ReportContent.Curve]) -> HTML? {
    guard !curves.isEmpty else { return nil }
    var stages: [String] = []
    for curve in curves where !stages.contains(curve.stage) { stages.append(curve.stage) }
    // What the student went through is on the page, what was trained only for comparison can be opened.
    let baselines: Set<ResultName> = [.stage1SFT, .stage1DPO, .randomLabels, .fullLabel]
    return """
      <p class="note">Faint: single steps. Strong: their running mean.</p>
      \(stages.map { stage -> HTML in
        let charts = curves.filter { $0.stage == stage }.map(figure)
        let name = ResultName(rawValue: stage)
        return baselines.contains(name)
          ? "<details><summary>\(name.title)</summary><div class=\"small-charts\">\(charts)</div></details>\n"
          : "<h3>\(name.title)</h3>\n<div class=\"small-charts\">\(charts)</div>\n"
      })
      """
  }

  private static func figure(_ curve: ReportContent.Curve) -> HTML {
    var lines: [LineChart.Line] = []
    for (style, series) in curve.series.enumerated() {
      let points = zip(series.steps, series.values).map { LineChart.Point(x: Double($0), y: $1) }
      let isLong = points.count > 12
      let name = curve.series.count > 1 ? series.name : ""
      if isLong {
        lines.append(.init(name: "", points: thinned(points), isMarked: false, isFaint: true, style: style))
      }
      lines.append(
        .init(name: name, points: isLong ? thinned(smoothed(points)) : points, isMarked: !isLong, style: style))
    }
    let told = curve.series.map { series -> String in
      let finite = zip(series.steps, series.values).filter { $1.isFinite }
      guard let first = finite.first, let last = finite.last else { return "\(series.name): no finite value" }
      return "\(series.name) from \(NumberText.short(first.1)) at step \(NumberText.grouped(first.0)) "
        + "to \(NumberText.short(last.1)) at step \(NumberText.grouped(last.0))"
    }
    let chart = LineChart(
      lines: lines, xTitle: "step", yTitle: curve.title,
      summary: "\(curve.title) over steps: \(told.joined(separator: "; ")).", width: 340, height: 220)
    return "<figure>\(chart.svg())</figure>\n"
  }

  /// The mean over a window of a twentieth of the curve around each point: looking both ways it does not lag behind.
  package static func smoothed(_ points: [LineChart.Point]) -> [LineChart.Point] {
    let reach = max(1, points.count / 40)
    // Sums and counts of all finite values before each point.
    var sums = [0.0]
    var counts = [0]
    for point in points {
      sums.append((sums.last ?? 0) + (point.y.isFinite ? point.y : 0))
      counts.append((counts.last ?? 0) + (point.y.isFinite ? 1 : 0))
    }
    return points.indices.map { index in
      // The window shrinks evenly towards both ends.
      let side = min(reach, index, points.count - 1 - index)
      let (low, high) = (index - side, index + side + 1)
      let count = counts[high] - counts[low]
      guard points[index].y.isFinite, count > 0 else { return points[index] }
      return LineChart.Point(x: points[index].x, y: (sums[high] - sums[low]) / Double(count))
    }
  }

  /// At most some 240 points that keep the ups and downs: of each run of steps the least and the greatest.
  package static func thinned(_ points: [LineChart.Point]) -> [LineChart.Point] {
    let runs = 120
    guard points.count > 2 * runs else { return points }
    return (0..<runs).flatMap { run -> [LineChart.Point] in
      let part = points[points.count * run / runs..<points.count * (run + 1) / runs]
      let finite = part.filter(\.y.isFinite)
      guard let least = finite.min(by: { $0.y < $1.y }), let most = finite.max(by: { $0.y < $1.y }) else {
        return Array(part.prefix(1))
      }
      return least.x < most.x ? [least, most] : least.x > most.x ? [most, least] : [least]
    }
  }
}
