import Foundation
import TeacherProtocol

/// How far an annotator has come.
public struct AnnotationProgress: Sendable, Equatable {
  /// Questions that are answered, were answered before, or failed.
  public var done: Int
  /// Items times teachers.
  public var total: Int
  /// Of those done, how many were in the store already.
  package var alreadyStored: Int
  /// Of those done, how many failed.
  public var failed: Int
  /// Since the start.
  public var seconds: Double
  /// What was spent, by the ledger, which other annotators may share.
  package var spent = Spending()
  /// Questions a second that teachers were asked of late and have answered; 0 before any. What is in a store or a file is
  /// there at once, and does not count.
  package var rate = 0.0
  /// Seconds that the slowest teacher takes for what it has to be asked yet; nil where that is not known yet.
  package var secondsLeft: Double?
  /// Teachers that are to be asked no more, and why, by name; known at the end.
  package var givenUp: [String: String] = [:]
}

/// Counts what is done, from several tasks.
package final class ProgressCounter: Sendable {
  /// One teacher's way.
  private struct Pace {
    let isInstant: Bool
    /// Items that were not looked up yet.
    var unread: Int
    var (read, opened, settled) = (0, 0, 0)
    var asked = 0
    /// Moments and what was answered by then: of the last ten seconds or the last sixteen answers, whichever reach further
    /// back, and one before them. Few answers come in bursts, of which neither the haste nor the gaps are a rate.
    var marks: [(seconds: Double, asked: Int)] = [(0, 0)]
    var rate: Double?

    /// - Parameter isInstant: whether its replies are there at once, as those in a file.
    init(items: Int, isInstant: Bool) { (unread, self.isInstant) = (items, isInstant) }

    /// What has to be asked yet; of items not looked up the share that it was so far.
    var left: Double {
      guard !isInstant else { return 0 }
      let share = read > 0 ? Double(opened) / Double(read) : 1
      return Double(opened - settled) + Double(unread) * share
    }

    mutating func note(answered: Int, at now: Double) {
      guard answered > 0, !isInstant else { return }
      asked += answered
      while marks.count > 1, now - marks[1].seconds > 10, asked - marks[1].asked >= 16 { marks.removeFirst() }
      if now > marks[0].seconds { rate = Double(asked - marks[0].asked) / (now - marks[0].seconds) }
      if let last = marks.last, now - last.seconds >= 0.5 { marks.append((now, asked)) }
    }
  }

  private struct State {
    var progress: AnnotationProgress
    var asked: [Int]
    var paces: [Pace]
  }

  private let state: Locked<State>
  private let report: (@Sendable (AnnotationProgress) -> Void)?
  private let ledger: SpendingLedger
  private let clock: @Sendable () -> Double

  /// - Parameters:
  ///   - items: how many each teacher is asked about.
  ///   - isInstant: of each teacher, whether its replies are there at once.
  ///   - clock: seconds since the start.
  package init(
    items: Int, isInstant: [Bool], ledger: SpendingLedger, clock: (@Sendable () -> Double)? = nil,
    report: (@Sendable (AnnotationProgress) -> Void)?
  ) {
    let total = items * isInstant.count
    let progress = AnnotationProgress(done: 0, total: total, alreadyStored: 0, failed: 0, seconds: 0)
    let paces = isInstant.map { Pace(items: items, isInstant: $0) }
    state = Locked(State(progress: progress, asked: isInstant.map { _ in 0 }, paces: paces))
    self.report = report
    self.ledger = ledger
    let start = ContinuousClock().now
    self.clock =
      clock ?? {
        let elapsed = (ContinuousClock().now - start).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
      }
  }

  var asked: [Int] { state.withLock { $0.asked } }
  package var progress: AnnotationProgress { state.withLock { $0.progress } }

  /// Notes what became of a teacher's items.
  ///
  /// - Parameters:
  ///   - read: items that were looked up, and `opened`, how many questions they left to be asked.
  ///   - settled: questions that are open no more, of which `answered` got a reply.
  package func add(
    of teacher: Int, read: Int = 0, opened: Int = 0, settled: Int = 0, answered: Int = 0, alreadyStored: Int = 0,
    failed: Int = 0
  ) {
    state.withLock { state in
      let now = clock()
      state.paces[teacher].unread -= read
      state.paces[teacher].read += read
      state.paces[teacher].opened += opened
      state.paces[teacher].settled += settled
      state.paces[teacher].note(answered: answered, at: now)
      guard answered + alreadyStored + failed > 0 else { return }
      state.asked[teacher] += answered
      state.progress.done += answered + alreadyStored + failed
      state.progress.alreadyStored += alreadyStored
      state.progress.failed += failed
      state.progress.seconds = now
      state.progress.spent = ledger.spent
      state.progress.rate = state.paces.reduce(0) { $0 + ($1.rate ?? 0) }
      // Teachers are asked side by side.
      let waiting = state.paces.filter { $0.left > 0 }
      let times = waiting.compactMap { pace in pace.rate.map { pace.left / $0 } }
      state.progress.secondsLeft = times.count == waiting.count ? times.max() ?? 0 : nil
      report?(state.progress)
    }
  }
}
