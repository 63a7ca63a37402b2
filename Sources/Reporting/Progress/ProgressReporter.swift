internal import Foundation
internal import Synchronization
internal import Wording

/// How fast units of work are done that take time, and how long the rest takes; nil where that is not known.
package struct ProgressPace: Sendable, Equatable {
  /// Units a second.
  package var rate: Double?
  package var secondsLeft: Double?

  package init(rate: Double?, secondsLeft: Double?) {
    self.rate = rate
    self.secondsLeft = secondsLeft
  }
}

/// Shows the progress of a run: the current step, its speed, and the remaining time.
///
/// On a terminal one line is kept up to date; elsewhere a plain line is written now and then, and one at the end:
///
/// ```
/// stage 1  [=========>            ]  34 %  412 of 1,200 steps  3.4 steps/s  3 min 52 s left  loss 0.412
/// stage 1: 412 of 1,200 steps (34 %), 3.4 steps/s, 3 min 52 s left, loss 0.412
/// stage 1: 1,200 steps in 5 min 53 s, 3.4 steps/s
/// ```
///
/// Safe to use from several threads. Reporting costs about a microsecond where nothing is due to be shown: a terminal
/// is redrawn at most ten times a second.
public final class ProgressReporter: Sendable {
  private struct Task {
    var title: String
    var unit: String
    var meter: ProgressMeter
    var begun: Int
    var note = ""
    var shown: Double?
    var pace: ProgressPace?

    var rate: Double? { pace.map(\.rate) ?? meter.rate }
    var secondsLeft: Double? { pace.map(\.secondsLeft) ?? meter.secondsLeft }
  }

  private struct State {
    var task: Task?
    /// The width of the text that stands on the line now, to be wiped by the next.
    var width = 0
  }

  private let style: ProgressStyle
  private let clock: @Sendable () -> Double
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// A reporter on standard error, with the system's clock.
  public convenience init(style: ProgressStyle) {
    self.init(
      style: style, clock: { ProcessInfo.processInfo.systemUptime },
      write: { try? StandardStream.error.write(Data($0.utf8)) })
  }

  /// A reporter.
  ///
  /// - Parameters:
  ///   - style: how to show it.
  ///   - clock: seconds that never go back.
  ///   - write: where the text goes.
  public init(
    style: ProgressStyle, clock: @escaping @Sendable () -> Double, write: @escaping @Sendable (String) -> Void
  ) {
    (self.style, self.clock, self.write) = (style, clock, write)
  }

  /// Begins a piece of work; one that was still going on ends without a word.
  ///
  /// ```swift
  /// let progress = ProgressReporter(style: .automatic())
  /// progress.begin("stage 1", total: 1_200, unit: "steps")
  /// for step in 1...1_200 {
  ///   progress.advance(to: step, note: "loss 0.412")
  /// }
  /// progress.finish()
  /// ```
  ///
  /// - Parameters:
  ///   - title: what is being done, such as `stage 1`.
  ///   - total: the units of work; nil where unknown.
  ///   - done: the units done by an earlier process. The default is 0.
  ///   - unit: the plural name of a unit. The default is `items`.
  package func begin(_ title: String, total: Int?, done: Int = 0, unit: String = "items") {
    guard style.showsProgress else { return }
    state.withLock { state in
      let meter = ProgressMeter(total: total, done: done, at: clock())
      state.task = Task(title: title, unit: unit, meter: meter, begun: done)
      show(&state, force: true)
    }
  }

  /// Notes that so many units are done, and optionally a few words to stand behind them.
  ///
  /// - Parameter pace: what is known of the pace where units are not alike. The default is nil: all of them count.
  package func advance(to units: Int, note: String? = nil, pace: ProgressPace? = nil) {
    guard style.showsProgress else { return }
    state.withLock { state in
      state.task?.meter.advance(to: units, at: clock())
      if let note { state.task?.note = note }
      if let pace { state.task?.pace = pace }
      show(&state, force: false)
    }
  }

  /// Notes that `units` more are done.
  package func advance(by units: Int = 1, note: String? = nil) {
    guard style.showsProgress else { return }
    state.withLock { state in
      guard let done = state.task?.meter.done else { return }
      // Time that passes without a unit is counted with the next one.
      if units > 0 { state.task?.meter.advance(to: done + units, at: clock()) }
      if let note { state.task?.note = note }
      show(&state, force: false)
    }
  }

  /// Notes that one more is done, where so many are all: what is asked again does not count.
  package func advance(upTo most: Int) {
    guard style.showsProgress else { return }
    state.withLock { state in
      guard let done = state.task?.meter.done, done < most else { return }
      state.task?.meter.advance(to: done + 1, at: clock())
      show(&state, force: false)
    }
  }

  /// Writes a line of its own, about how work goes on, without disturbing the line that shows progress.
  package func message(_ text: String) {
    guard style.showsProgress else { return }
    say(text)
  }

  /// The same for what was lost or left out, or is not as it was asked for: heard although no progress is shown.
  ///
  /// ```swift
  /// let progress = ProgressReporter(style: .warnings)
  /// progress.message("stage 1 is skipped")          // nothing
  /// progress.warn("2 rows of t.csv can't be used")  // a line
  /// ```
  package func warn(_ text: String) {
    guard style != .silent else { return }
    say(text)
  }

  private func say(_ text: String) {
    state.withLock { state in
      wipe(&state)
      write(ShownText.safe(text) + "\n")
      show(&state, force: true)
    }
  }

  /// Ends the piece of work with a line that stays: how much was done in what time.
  package func finish() {
    guard style.showsProgress else { return }
    state.withLock { state in
      guard let task = state.task else { return }
      wipe(&state)
      state.task = nil
      let units = task.meter.done - task.begun
      let seconds = task.meter.elapsed
      var text = "\(task.title): \(NumberText.grouped(units)) \(Self.name(of: units, task.unit))"
      text += " in \(NumberText.duration(seconds))"
      if seconds > 0, units > 0, task.pace == nil { text += ", \(Self.rate(Double(units) / seconds, task.unit))" }
      if !task.note.isEmpty { text += ", \(task.note)" }
      write(text + "\n")
    }
  }

  private func show(_ state: inout State, force: Bool) {
    guard let task = state.task else { return }
    let now = clock()
    let since = task.shown.map { now - $0 }
    switch style {
    case .silent, .warnings: return
    case .plain(let pause):
      // The first line comes after one pause: a task that is done by then needs only its last line.
      if let since {
        guard since >= pause, !force else { return }
        write(Self.plainText(task) + "\n")
      }
    case .line(let columns):
      guard force || since.map({ $0 >= 0.1 }) ?? true else { return }
      let text = Self.lineText(task, columns: columns)
      write("\r" + text + String(repeating: " ", count: max(0, state.width - text.count)))
      state.width = text.count
    }
    state.task?.shown = now
  }

  private func wipe(_ state: inout State) {
    guard state.width > 0 else { return }
    write("\r" + String(repeating: " ", count: state.width) + "\r")
    state.width = 0
  }

  private static func plainText(_ task: Task) -> String {
    let meter = task.meter
    var text = "\(task.title): \(amount(task))"
    if let share = meter.share { text += " (\(Int(share * 100)) %)" }
    if let rate = task.rate { text += ", \(Self.rate(rate, task.unit))" }
    if let left = task.secondsLeft { text += ", \(NumberText.duration(left)) left" }
    return task.note.isEmpty ? text : text + ", \(task.note)"
  }

  private static func lineText(_ task: Task, columns: Int) -> String {
    let meter = task.meter
    var parts = [task.title]
    if let share = meter.share {
      let filled = Int(share * Double(barWidth))
      let tip = filled < barWidth ? ">" : ""
      let bar = String(repeating: "=", count: filled) + tip
      parts.append("[\(bar)\(String(repeating: " ", count: barWidth - bar.count))]  \(Int(share * 100)) %")
    }
    parts.append(amount(task))
    if let rate = task.rate { parts.append(Self.rate(rate, task.unit)) }
    if let left = task.secondsLeft { parts.append("\(NumberText.duration(left)) left") }
    if !task.note.isEmpty { parts.append(task.note) }
    // One column stays free: some terminals wrap when the last one is filled.
    return String(parts.joined(separator: "  ").prefix(max(0, columns - 1)))
  }

  private static func amount(_ task: Task) -> String {
    let total = task.meter.total.map { " of \(NumberText.grouped($0))" } ?? ""
    let unit = name(of: task.meter.total ?? task.meter.done, task.unit)
    return "\(NumberText.grouped(task.meter.done))\(total) \(unit)"
  }

  /// What so many units are called: one of the "replies" is a "reply", one of the "updates" an "update".
  private static func name(of count: Int, _ units: String) -> String {
    if count != 1 { return units }
    return units.hasSuffix("ies") ? units.dropLast(3) + "y" : String(units.dropLast())
  }

  /// A rate in units per second, or per minute where that is below one in two seconds.
  private static func rate(_ rate: Double, _ unit: String) -> String {
    if rate < 0.5 { return "\(NumberText.fixed(rate * 60, digits: 1)) \(unit)/min" }
    let number = rate < 99.95 ? NumberText.fixed(rate, digits: 1) : NumberText.grouped(Int(rate.rounded()))
    return "\(number) \(unit)/s"
  }

  private static let barWidth = 24
}
