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
  /// Questions done a second, over the last ten seconds or so; 0 before anything is.
  package var rate = 0.0
  /// Seconds that are left at this rate; nil where there is no rate yet.
  package var secondsLeft: Double?
}

/// Counts what is done, from several tasks.
final class ProgressCounter: Sendable {
  private struct State {
    var progress: AnnotationProgress
    var asked = 0
    /// Moments and what was done by then, half a second apart, of the last ten seconds.
    var marks: [(seconds: Double, done: Int)] = [(0, 0)]
  }

  private let state: Locked<State>
  private let report: (@Sendable (AnnotationProgress) -> Void)?
  private let ledger: SpendingLedger
  private let start = ContinuousClock().now

  init(total: Int, ledger: SpendingLedger, report: (@Sendable (AnnotationProgress) -> Void)?) {
    let progress = AnnotationProgress(done: 0, total: total, alreadyStored: 0, failed: 0, seconds: 0)
    state = Locked(State(progress: progress))
    self.report = report
    self.ledger = ledger
  }

  var asked: Int { state.withLock { $0.asked } }
  var progress: AnnotationProgress { state.withLock { $0.progress } }

  func add(answered: Int = 0, alreadyStored: Int = 0, failed: Int = 0) {
    guard answered + alreadyStored + failed > 0 else { return }
    state.withLock { state in
      state.asked += answered
      state.progress.done += answered + alreadyStored + failed
      state.progress.alreadyStored += alreadyStored
      state.progress.failed += failed
      let elapsed = (ContinuousClock().now - start).components
      let now = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
      state.progress.seconds = now
      state.progress.spent = ledger.spent
      let done = state.progress.done
      if let last = state.marks.last, now - last.seconds >= 0.5 { state.marks.append((now, done)) }
      while state.marks.count > 1, now - state.marks[0].seconds > 10 { state.marks.removeFirst() }
      if let first = state.marks.first, now > first.seconds, done > first.done {
        let rate = Double(done - first.done) / (now - first.seconds)
        state.progress.rate = rate
        state.progress.secondsLeft = Double(state.progress.total - done) / rate
      }
      report?(state.progress)
    }
  }
}
