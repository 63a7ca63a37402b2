import Evaluation
import Reporting
import Synchronization
import Testing
import Wording

/// A clock that is set by hand and a list of everything written.
private final class Desk: Sendable {
  let time = Mutex(0.0)
  let output = Mutex("")

  func reporter(_ style: ProgressStyle) -> ProgressReporter {
    ProgressReporter(style: style, clock: { self.time.withLock { $0 } }) { text in
      self.output.withLock { $0 += text }
    }
  }

  func set(_ seconds: Double) { time.withLock { $0 = seconds } }
  var text: String { output.withLock { $0 } }
}

@Suite struct ProgressMeterTests {
  @Test func `rate and time left come from the work of this process`() {
    var meter = ProgressMeter(total: 100, done: 40, at: 10)
    #expect(meter.rate == nil && meter.secondsLeft == nil && meter.share == 0.4)
    meter.advance(to: 50, at: 15)
    #expect(meter.rate == 2 && meter.secondsLeft == 25 && meter.share == 0.5 && meter.elapsed == 5)
  }

  @Test func `the rate follows a change of speed`() throws {
    var meter = ProgressMeter(total: nil, at: 0)
    for second in 1...100 { meter.advance(to: second * 10, at: Double(second)) }
    #expect(abs(try #require(meter.rate) - 10) < 1e-9)
    for second in 1...60 { meter.advance(to: 1_000 + second, at: 100 + Double(second)) }
    // Three time constants after the change only e^-3 of the old speed is left: 1 + 9 e^-3 = 1.45.
    #expect(abs(try #require(meter.rate) - 1.45) < 0.05)
    #expect(meter.share == nil && meter.secondsLeft == nil)
  }

  @Test func `nothing to do is all done, and a clock that goes back does no harm`() {
    var meter = ProgressMeter(total: 0, at: 5)
    #expect(meter.share == 1)
    meter.advance(to: 3, at: 1)
    #expect(meter.share == 1 && meter.rate == nil && meter.elapsed == 0)
  }
}

@Suite struct ProgressReporterTests {
  @Test func `a terminal shows one line that is written over`() {
    let desk = Desk()
    let progress = desk.reporter(.line(columns: 120))
    progress.begin("stage 1", total: 1_200, done: 400, unit: "steps")
    #expect(desk.text == "\rstage 1  [========>               ]  33 %  400 of 1,200 steps")
    desk.set(0.01)
    progress.advance(to: 401)
    #expect(desk.text.count { $0 == "\r" } == 1)  // too soon to draw again
    desk.set(4)
    progress.advance(to: 410, note: "loss 0.412")
    #expect(
      desk.text.hasSuffix(
        "\rstage 1  [========>               ]  34 %  410 of 1,200 steps  2.5 steps/s  5 min 22 s left  loss 0.412"
      ))
    progress.finish()
    #expect(desk.text.hasSuffix("\rstage 1: 10 steps in 4 s, 2.5 steps/s, loss 0.412\n"))
  }

  @Test func `a shorter line wipes what a longer one left, and no line reaches the last column`() {
    let desk = Desk()
    let progress = desk.reporter(.line(columns: 40))
    progress.begin("a title that is longer than the terminal is wide", total: nil)
    #expect(desk.text.dropFirst().count == 39)
    progress.begin("short", total: nil)
    #expect(desk.text.hasSuffix("\rshort  0 items" + String(repeating: " ", count: 39 - 14)))
    progress.message("note")
    #expect(desk.text.contains("\r              \rnote\n\rshort  0 items"))
  }

  @Test func `without a terminal there is a line now and then and one at the end`() {
    let desk = Desk()
    let progress = desk.reporter(.plain(every: 30))
    progress.begin("annotate", total: 4_000, unit: "items")
    for second in 1...70 {
      desk.set(Double(second))
      progress.advance(by: 40)
    }
    progress.message("item 7\u{1b}[2J is set aside")
    progress.finish()
    progress.finish()
    #expect(
      desk.text == """
        annotate: 1,200 of 4,000 items (30 %), 40.0 items/s, 1 min 10 s left
        annotate: 2,400 of 4,000 items (60 %), 40.0 items/s, 40 s left
        item 7\\u{1b}[2J is set aside
        annotate: 2,800 items in 1 min 10 s, 40.0 items/s

        """)
  }

  @Test func `slow work is counted by the minute and fast work without a point`() {
    let desk = Desk()
    let progress = desk.reporter(.plain(every: 1))
    for (units, unit) in [(1, "epochs"), (12_345, "rows")] {
      desk.set(0)
      progress.begin("x", total: nil, unit: unit)
      desk.set(10)
      progress.advance(to: units)
      progress.finish()
    }
    #expect(desk.text.contains("x: 1 epoch, 6.0 epochs/min\n"))
    #expect(desk.text.contains("x: 12,345 rows, 1,235 rows/s\n"))
  }

  @Test func `where units are not alike, the pace is what those that take time have`() {
    let desk = Desk()
    let progress = desk.reporter(.plain(every: 30))
    progress.begin("teachers", total: 200, unit: "replies")
    // A file had 100 of them at once; a service gives one in ten seconds, and 97 are left.
    desk.set(30)
    progress.advance(to: 103, pace: ProgressPace(rate: 0.1, secondsLeft: 970))
    progress.finish()
    #expect(
      desk.text == """
        teachers: 103 of 200 replies (51 %), 6.0 replies/min, 16 min 10 s left
        teachers: 103 replies in 30 s

        """)
  }

  @Test func `what is asked again does not count beyond the whole`() {
    let desk = Desk()
    let progress = desk.reporter(.plain(every: 30))
    progress.begin("teacher", total: 2, unit: "records")
    for _ in 1...5 { progress.advance(upTo: 2) }
    desk.set(1)
    progress.finish()
    #expect(desk.text.hasPrefix("teacher: 2 records in "))
  }

  @Test(arguments: [("updates", "update"), ("replies", "reply"), ("images", "image")])
  func `of one the name is in the singular`(units: String, one: String) {
    let desk = Desk()
    let progress = desk.reporter(.plain(every: 30))
    progress.begin("x", total: 1, unit: units)
    desk.set(4)
    progress.advance(to: 1)
    progress.finish()
    #expect(desk.text == "x: 1 \(one) in 4 s, 15.0 \(units)/min\n")
  }

  @Test(arguments: [(ProgressStyle.silent, ""), (.warnings, "z\n")])
  func `silence says nothing, and without progress warnings alone are heard`(style: ProgressStyle, said: String) {
    let desk = Desk()
    let progress = desk.reporter(style)
    progress.begin("x", total: 1)
    progress.advance(by: 1)
    progress.advance(to: 1)
    progress.message("y")
    progress.warn("z")
    progress.finish()
    #expect(desk.text == said)
  }

  @Test func `a standard reporter can be made, and words without work under way are harmless`() {
    let progress = ProgressReporter(style: .silent)
    progress.advance(by: 1)
    let desk = Desk()
    let idle = desk.reporter(.plain(every: 1))
    idle.advance(to: 3)
    idle.advance(by: 3)
    idle.finish()
    #expect(desk.text.isEmpty)
    if case .line(let columns) = ProgressStyle.automatic() { #expect(columns > 0) }
  }
}

@Suite struct NumberTextTests {
  @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-14_034, "-14,034"), (1_234_567, "1,234,567")])
  func `thousands are set apart by commas`(number: Int, text: String) {
    #expect(NumberText.grouped(number) == text)
  }

  @Test(arguments: [
    (0.0, "0 s"), (0.4, "0.4 s"), (8, "8 s"), (59.6, "1 min 0 s"), (232, "3 min 52 s"), (7_500, "2 h 5 min"),
    (200_000, "2 d 7 h"), (.infinity, "unknown"), (-1, "unknown"),
  ])
  func `a duration has its two largest units`(seconds: Double, text: String) {
    #expect(NumberText.duration(seconds) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (0.000123, "1.23e-04"), (0.4567, "0.457"), (-3.14159, "-3.142"), (123.45, "123.5"),
    (12_345.6, "12,346"),
    (.nan, "not a number"), (.infinity, "infinite"), (-.infinity, "-infinite"),
  ])
  func `a number of any size is short`(number: Double, text: String) {
    #expect(NumberText.short(number) == text)
  }

  @Test func `a sign is always shown and never before a zero`() {
    #expect(NumberText.signed(1.25, digits: 1) == "+1.2" && NumberText.signed(-0.5, digits: 2) == "-0.50")
    #expect(NumberText.signed(-0.001, digits: 2) == "+0.00")
  }
}
