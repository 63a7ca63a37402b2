internal import Foundation

/// The arithmetic of progress: how much is done, how fast it goes now, how long the rest will take.
///
/// The rate follows changes (a slower stage, a busy machine): work and time of the past are weighted down with a time
/// constant of 20 seconds. Work that was done before this process began (a resumed run) has no part in it.
///
/// ```swift
/// var meter = ProgressMeter(total: 100, done: 40, at: 0)
/// meter.advance(to: 50, at: 5)
/// meter.rate         // 2.0 per second
/// meter.secondsLeft  // 25.0
/// ```
package struct ProgressMeter: Sendable, Equatable {
  /// The number of units of work; nil where it is not known beforehand.
  package let total: Int?
  /// The units done so far, those of earlier processes included.
  package private(set) var done: Int
  private let start: Double
  private var last: Double
  private var recentUnits = 0.0
  private var recentSeconds = 0.0

  /// A meter that starts counting now.
  ///
  /// - Parameters:
  ///   - total: the units of work, at least 0; nil where unknown.
  ///   - done: the units done already. The default is 0.
  ///   - time: the present, in seconds on any clock that never goes back.
  package init(total: Int?, done: Int = 0, at time: Double) {
    (self.total, self.done) = (total, done)
    start = time
    last = time
  }

  /// Notes that `units` are done at a time.
  package mutating func advance(to units: Int, at time: Double) {
    let seconds = max(0, time - last)
    let decay = exp(-seconds / Self.timeConstant)
    recentUnits = recentUnits * decay + Double(units - done)
    recentSeconds = recentSeconds * decay + seconds
    done = units
    last = max(last, time)
  }

  /// Units per second of late; nil before anything was done.
  package var rate: Double? {
    recentSeconds > 0 && recentUnits > 0 ? recentUnits / recentSeconds : nil
  }

  /// The seconds that the rest will take at the present rate; nil where the total or the rate is unknown.
  package var secondsLeft: Double? {
    guard let total, let rate else { return nil }
    return Double(max(0, total - done)) / rate
  }

  /// The share done, in 0...1; nil where the total is unknown.
  package var share: Double? {
    total.map { $0 == 0 ? 1 : min(1, Double(done) / Double($0)) }
  }

  /// The seconds since the start.
  package var elapsed: Double { last - start }

  private static let timeConstant = 20.0
}
