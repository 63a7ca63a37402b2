import TeacherProtocol

/// Ends what takes too long, with one sleeping task for all.
///
/// A sleep of each request's own would stay in memory until its time is over, cancelled or not: at a thousand requests a
/// second and ten minutes' patience, hundreds of megabytes.
package final class Deadlines: Sendable {
  private struct State {
    var open: [Int: (end: ContinuousClock.Instant, expire: @Sendable () -> Void)] = [:]
    var nextID = 0
    var isWatching = false
  }

  /// How often is looked: as much later than its deadline may something end.
  private static let step = Duration.milliseconds(20)

  private let state = Locked(State())

  /// No deadlines.
  package init() {}

  /// Calls something once, after so many seconds, unless it is removed before.
  package func add(seconds: Double, _ expire: @escaping @Sendable () -> Void) -> Int {
    let end = ContinuousClock.now + .seconds(seconds)
    let (id, isFirst) = state.withLock { state in
      state.nextID += 1
      state.open[state.nextID] = (end, expire)
      defer { state.isWatching = true }
      return (state.nextID, !state.isWatching)
    }
    if isFirst { Task { await watch() } }
    return id
  }

  /// Forgets a deadline.
  package func remove(_ id: Int) { state.withLock { _ = $0.open.removeValue(forKey: id) } }

  private func watch() async {
    while true {
      try? await Task.sleep(for: Self.step)
      let now = ContinuousClock.now
      let (over, isDone) = state.withLock { state in
        let over = state.open.filter { $0.value.end <= now }
        for id in over.keys { state.open[id] = nil }
        if state.open.isEmpty { state.isWatching = false }
        return (over.values.map(\.expire), state.open.isEmpty)
      }
      for expire in over { expire() }
      if isDone { return }
    }
  }
}
