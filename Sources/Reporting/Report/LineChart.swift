package import Evaluation
internal import Wording

/// A chart of lines over a common horizontal axis, as inline SVG that takes its colours from the page.
///
/// Lines differ in dash and mark as well as in colour, and their names stand at their ends where there is room.
package struct LineChart: Sendable {
  package struct Point: Sendable, Equatable {
    package var x: Double
    package var y: Double
    /// A range shown as a whisker through the point.
    package var interval: Interval?

    package init(x: Double, y: Double, interval: Interval? = nil) {
      (self.x, self.y, self.interval) = (x, y, interval)
    }
  }

  package struct Line: Sendable {
    package var name: String
    package var points: [Point]
    /// Each point is marked, and the name of a mark is shown when the pointer rests on it.
    package var isMarked = true
    /// A faint line of single values behind a smoothed one.
    package var isFaint = false
    /// The place in the sequence of colours and dashes.
    package var style = 0

    package init(name: String, points: [Point], isMarked: Bool = true, isFaint: Bool = false, style: Int = 0) {
      (self.name, self.points, self.isMarked) = (name, points, isMarked)
      (self.isFaint, self.style) = (isFaint, style)
    }
  }

  /// A value drawn across the whole chart.
  package struct Level: Sendable {
    package var name: String
    package var y: Double
    package var style: Int
  }

  package var lines: [Line]
  package var levels: [Level] = []
  package var xTitle: String
  package var yTitle: String
  /// What a screen reader says of the chart.
  package var summary: String
  package var width: Double
  package var height: Double
  /// Whether names stand at the right of the plot; the room for them is taken from its width.
  package var namesLines = true
  package var isCountAxis = true
  /// Spells a value of the vertical axis, given the digits that its ticks need.
  package var spell: @Sendable (Double, Int) -> String = { value, digits in
    abs(value) < 1e6 && digits < 6 ? NumberText.fixed(value, digits: digits) : NumberText.short(value)
  }

  package init(
    lines: [Line], levels: [Level] = [], xTitle: String, yTitle: String, summary: String, width: Double, height: Double
  ) {
    (self.lines, self.levels, self.xTitle, self.yTitle) = (lines, levels, xTitle, yTitle)
    (self.summary, self.width, self.height) = (summary, width, height)
  }

  /// The SVG element.
  package func svg() -> HTML {
    let named = names()
    let longest = named.map(\.name.count).max() ?? 0
    let right = longest == 0 ? width - 20 : width - 28 - Double(longest) * 6.4
    let (top, bottom) = (34.0, height - 40)
    let values = lines.flatMap(\.points).flatMap { [$0.y, $0.interval?.low ?? $0.y, $0.interval?.high ?? $0.y] }
    let y = ChartScale(values + levels.map(\.y), from: bottom, to: top, ticks: 4)
    let left = 14 + Double(y.ticks.map { spell($0, y.digits).count }.max() ?? 0) * 6.8
    let xs = lines.flatMap(\.points).map(\.x)
    let x = ChartScale(
      xs, from: left, to: right, ticks: Int((right - left) / 65), step: isCountAxis ? 1 : 0, isTight: true)

    var svg: HTML = """
      <svg class="chart" viewBox="0 0 \(px: width) \(px: height)" role="img" aria-label="\(summary)">\
      <text class="axis" x="0" y="13">\(yTitle)</text>
      """
    for tick in y.ticks {
      svg += """
        <line class="grid" x1="\(px: left)" x2="\(px: right)" y1="\(px: y(tick))" y2="\(px: y(tick))"/>\
        <text class="tick" text-anchor="end" x="\(px: left - 7)" y="\(px: y(tick) + 4)">\(spell(tick, y.digits))</text>
        """
    }
    svg += "<line class=\"base\" x1=\"\(px: left)\" x2=\"\(px: right)\" y1=\"\(px: bottom)\" y2=\"\(px: bottom)\"/>"
    for tick in x.ticks {
      let text = isCountAxis ? NumberText.grouped(Int(tick)) : NumberText.fixed(tick, digits: x.digits)
      svg += """
        <line class="base" x1="\(px: x(tick))" x2="\(px: x(tick))" y1="\(px: bottom)" y2="\(px: bottom + 4)"/>\
        <text class="tick" text-anchor="middle" x="\(px: x(tick))" y="\(px: bottom + 17)">\(text)</text>
        """
    }
    svg += "<text class=\"axis\" text-anchor=\"end\" x=\"\(px: right)\" y=\"\(px: height - 5)\">\(xTitle)</text>"
    svg += levels.map { level in
      """
      <line class="line level s\(level.style % 6)" x1="\(px: left)" x2="\(px: right)" \
      y1="\(px: y(level.y))" y2="\(px: y(level.y))"><title>\(level.name)</title></line>
      """
    }
    svg += lines.map { drawn($0, x, y) }
    for (name, at) in zip(named, Self.spreadOut(named.map { y($0.y) }, distance: 15, from: top, to: bottom)) {
      svg += "<text class=\"name s\(name.style % 6)\" x=\"\(px: right + 16)\" y=\"\(px: at + 4)\">\(name.name)</text>"
    }
    return svg + "</svg>"
  }

  private func names() -> [Level] {
    guard namesLines else { return [] }
    let ends = lines.filter { !$0.isFaint && !$0.name.isEmpty }.compactMap { line in
      line.points.last { $0.y.isFinite }.map { Level(name: line.name, y: $0.y, style: line.style) }
    }
    return ends + levels
  }

  private func drawn(_ line: Line, _ x: ChartScale, _ y: ChartScale) -> HTML {
    var path: HTML = ""
    var isBroken = true
    for point in line.points {
      guard point.y.isFinite else {
        isBroken = true
        continue
      }
      path += "\(isBroken ? "M" : "L")\(px: x(point.x)) \(px: y(point.y))" as HTML
      isBroken = false
    }
    var svg: HTML = "<path class=\"line s\(line.style % 6)\(line.isFaint ? " faint" : "")\" d=\"\(path)\"/>"
    guard line.isMarked else { return svg }
    for point in line.points where point.y.isFinite {
      // Whiskers of several lines at one place stand beside each other.
      let aside = point.interval == nil ? 0 : Double(line.style) * 7
      let (px, py) = (x(point.x) + aside, y(point.y))
      if let interval = point.interval {
        svg += """
          <line class="whisker s\(line.style % 6)" x1="\(px: px)" x2="\(px: px)" y1="\(px: y(interval.low))" \
          y2="\(px: y(interval.high))"/>
          """
      }
      svg +=
        "<g class=\"mark s\(line.style % 6)\"><title>\(told(point, of: line))</title>\(Self.mark(line.style, px, py))</g>"
    }
    return svg
  }

  private func told(_ point: Point, of line: Line) -> String {
    let x = isCountAxis ? NumberText.grouped(Int(point.x)) : NumberText.short(point.x)
    let range = point.interval.map { ", 95 % between \(spell($0.low, 2)) and \(spell($0.high, 2))" } ?? ""
    return "\(line.name): \(spell(point.y, 2)) at \(x) \(xTitle)\(range)"
  }

  /// Circle, square, triangle or diamond.
  package static func mark(_ style: Int, _ x: Double, _ y: Double) -> HTML {
    switch style % 4 {
    case 0: "<circle cx=\"\(px: x)\" cy=\"\(px: y)\" r=\"4\"/>"
    case 1: "<rect x=\"\(px: x - 3.6)\" y=\"\(px: y - 3.6)\" width=\"7.2\" height=\"7.2\"/>"
    case 2: "<path d=\"M\(px: x) \(px: y - 5)L\(px: x + 4.8) \(px: y + 3.6)H\(px: x - 4.8)Z\"/>"
    default: "<path d=\"M\(px: x) \(px: y - 5)L\(px: x + 5) \(px: y)L\(px: x) \(px: y + 5)L\(px: x - 5) \(px: y)Z\"/>"
    }
  }

  /// Places near the wished-for ones, in their order, at least `distance` apart and within the bounds where they fit.
  package static func spreadOut(_ wishes: [Double], distance: Double, from low: Double, to high: Double) -> [Double] {
    let order = wishes.indices.sorted { (wishes[$0], $0) < (wishes[$1], $1) }
    var places = wishes
    var floor = low
    for index in order {
      places[index] = max(wishes[index], floor)
      floor = places[index] + distance
    }
    // What was pushed out at the end moves back up, and pushes its neighbours in turn.
    var ceiling = high
    for index in order.reversed() {
      places[index] = min(places[index], ceiling)
      ceiling = places[index] - distance
    }
    return places
  }
}
