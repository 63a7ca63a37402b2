import Evaluation
import Reporting
import Testing

@Suite struct ChartTests {
  @Test func `text is escaped, markup is not`() {
    let text = "<a href='x'>\"&\"</a>\u{0}\n"
    let html: HTML = "<p>\(text)\("<b>" as HTML)\(7)\(nil as HTML?)\(px: 1.25)\(px: -3)</p>"
    #expect(html.text == "<p>&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;\u{FFFD}\n<b>71.3-3</p>")
  }

  @Test func `a scale ends at round numbers and maps them to its pixels`() {
    // 84.2...89.6 in about four steps of 1.35: the next round step is 2, from 84 to 90.
    let scale = ChartScale([84.2, 89.6, .nan], from: 100, to: 0, ticks: 4)
    #expect(scale.ticks == [84, 86, 88, 90] && scale.digits == 0)
    #expect(scale(84) == 100 && scale(90) == 0 && scale(87) == 50)
  }

  @Test func `a tight scale ends with its values`() {
    let scale = ChartScale([1, 702], from: 0, to: 701, ticks: 7, step: 1, isTight: true)
    #expect(scale.low == 1 && scale.high == 702 && scale(2) == 1)
    #expect(scale.ticks == [200, 400, 600])
  }

  @Test func `counts have no ticks between them, and shares have the digits they need`() {
    #expect(ChartScale([0, 2], from: 0, to: 1, ticks: 8, step: 1).ticks == [0, 1, 2])
    let shares = ChartScale([0.31, 0.36], from: 0, to: 1, ticks: 5)
    #expect(shares.digits == 2 && abs(shares.low - 0.31) < 1e-12 && abs(shares.high - 0.36) < 1e-12)
  }

  @Test(arguments: [[], [0.0], [5], [-3], [1e300], [1e-300], [.nan, .infinity]])
  func `no value or one value still gives a scale`(values: [Double]) {
    let scale = ChartScale(values, from: 0, to: 100, ticks: 4)
    #expect(scale.high > scale.low && !scale.ticks.isEmpty)
    for value in values where value.isFinite { #expect((0...100).contains(scale(value))) }
  }

  @Test func `names keep their distance and their order, and stay within the chart`() {
    #expect(LineChart.spreadOut([10, 50], distance: 15, from: 0, to: 100) == [10, 50])
    #expect(LineChart.spreadOut([50, 50, 52], distance: 15, from: 0, to: 100) == [50, 65, 80])
    #expect(LineChart.spreadOut([98, 99], distance: 15, from: 0, to: 100) == [85, 100])
    #expect(LineChart.spreadOut([], distance: 15, from: 0, to: 100) == [])
  }

  @Test func `the running mean looks both ways, so a straight line stays where it is`() {
    let line = (0..<400).map { LineChart.Point(x: Double($0), y: 2 * Double($0)) }
    for (smooth, point) in zip(ReportCurves.smoothed(line), line) { #expect(abs(smooth.y - point.y) < 1e-9) }
    // 0 9 0 with one neighbour to each side: the ends stay, the middle is 3.
    let peak = [0.0, 9, 0].enumerated().map { LineChart.Point(x: Double($0), y: $1) }
    #expect(ReportCurves.smoothed(peak).map(\.y) == [0, 3, 0])
  }

  @Test func `a running mean passes over what is not finite`() {
    let points = [1.0, .nan, 3].enumerated().map { LineChart.Point(x: Double($0), y: $1) }
    let smooth = ReportCurves.smoothed(points).map(\.y)
    #expect(smooth[0] == 1 && smooth[1].isNaN && smooth[2] == 3)
    #expect(ReportCurves.smoothed([]) == [])
  }

  @Test func `a long curve is thinned to its ups and downs in the order of steps`() {
    var points = (0..<10_000).map { LineChart.Point(x: Double($0), y: 0) }
    points[1_234].y = 5
    points[7_777].y = -5
    let thin = ReportCurves.thinned(points)
    #expect(thin.count <= 240 && thin.map(\.y).max() == 5 && thin.map(\.y).min() == -5)
    #expect(thin.map(\.x) == thin.map(\.x).sorted())
    #expect(ReportCurves.thinned(Array(points.prefix(240))).count == 240)
  }
}
