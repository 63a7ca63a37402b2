import Foundation

/// The servers of one teacher, all with the same model: which of them is asked next, and which is left out for a while.
///
/// The least busy one is asked, of equals the one whose last question began longest ago. One that fails is left out for a
/// second, and twice as long each time that it fails again, up to a minute; then it gets a single question, and all that
/// it can take once it has answered. One that has no room waits as long as it asks to, alone.
///
/// A single server is never left out: when it is asked again is for the pace of the teacher, and for each question.
actor Endpoints {
  /// A question that was given to a server. Each is followed by one ``end(_:_:)``.
  struct Pass: Sendable {
    let index: Int
    let url: URL
    fileprivate let isTrial: Bool
  }

  /// What became of it.
  enum Ending: Sendable {
    /// It gave an answer.
    ///
    /// - Parameter full: seconds until it has room again, where it has none left.
    case answered(full: Double?)
    /// The server or the way to it is at fault; the seconds after which it wants to be asked again.
    case failed(String, wait: Double?)
    /// Each of its questions would be turned down: by the key, or as the model is not there.
    case gone(String)
    /// It has no room for so many seconds.
    case busy(String, wait: Double)
    /// In a way that says nothing of the server's state.
    case other
  }

  private struct Server {
    let url: URL
    var underWay = 0
    var lastBegun = 0
    /// Failures in a row; 0 where it counts as in order.
    var failures = 0
    /// Until when it is left alone.
    var heldUntil = -Double.infinity
    var isOnTrial = false
    /// Whether each of its questions would be turned down.
    var isGone = false
    /// What was wrong last; nil where it has answered since.
    var fault: String?

    func isFree(_ now: Double) -> Bool { heldUntil <= now && !isOnTrial }

    mutating func works(heldUntil time: Double, _ fault: String?) {
      (failures, isGone, isOnTrial, heldUntil, self.fault) = (0, false, false, time, fault)
    }
  }

  private static let longestPause = 60.0

  /// How many there are.
  nonisolated let count: Int
  private var servers: [Server]
  private let clock: PaceClock
  private var begun = 0
  /// Questions that wait for the end of a trial, by number.
  private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  private var nextID = 0

  /// - Precondition: there is at least one.
  init(_ urls: [URL], clock: PaceClock) {
    precondition(!urls.isEmpty, "Endpoints: there must be at least one")
    count = urls.count
    servers = urls.map { Server(url: $0) }
    self.clock = clock
  }

  /// The server for the next attempt at a question. Where all have failed, one that gets no question yet is asked before its
  /// time, and one question at a time; where those that work have no room, it waits for the first that has.
  func begin() async throws -> Pass {
    while true {
      try Task.checkCancellation()
      if let pass = another(than: []) { return pass }
      let now = clock.now()
      let held = servers.indices.filter { !servers[$0].isOnTrial }
      if held.contains(where: { servers[$0].failures == 0 }) {
        let first = held.map { servers[$0].heldUntil }.min() ?? now
        // Another may come back before.
        try await clock.sleep(min(max(first - now, 0.001), 1))
      } else if let first = held.min(by: { servers[$0].heldUntil < servers[$1].heldUntil }) {
        return pass(first)
      } else {
        await queue()
      }
    }
  }

  /// A server that can be asked at once; nil for none.
  ///
  /// - Parameter tried: those that the question was put to in this attempt.
  func another(than tried: Set<Int>) -> Pass? {
    let now = clock.now()
    let free = servers.indices.filter { !tried.contains($0) && (count == 1 || servers[$0].isFree(now)) }
    return free.min { (servers[$0].underWay, servers[$0].lastBegun) < (servers[$1].underWay, servers[$1].lastBegun) }
      .map(pass)
  }

  private func pass(_ index: Int) -> Pass {
    begun += 1
    servers[index].underWay += 1
    servers[index].lastBegun = begun
    let isTrial = servers[index].failures > 0
    if isTrial { servers[index].isOnTrial = true }
    return Pass(index: index, url: servers[index].url, isTrial: isTrial)
  }

  /// Says what became of a question.
  ///
  /// - Returns: what people should know; nil for nothing new.
  func end(_ pass: Pass, _ ending: Ending) -> String? {
    servers[pass.index].underWay -= 1
    if pass.isTrial { servers[pass.index].isOnTrial = false }
    defer { wake() }
    guard count > 1 else { return nil }
    let (was, now) = (servers[pass.index], clock.now())
    switch ending {
    case .answered(let full):
      // An answer to a question of before says nothing of the room that was found used up since.
      let held = full.map { now + $0 } ?? (was.failures > 0 ? now : was.heldUntil)
      servers[pass.index].works(heldUntil: held, full.map { _ in "it has no room left" })
      return was.failures > 0 ? "\(Self.shown(pass.url)) answers again" : nil
    case .failed(let reason, let wait): return leaveOut(pass, reason, for: wait, isGone: false)
    case .gone(let reason): return leaveOut(pass, reason, for: Self.longestPause, isGone: true)
    case .busy(let reason, let wait):
      // It works, and only wants fewer questions.
      servers[pass.index].works(heldUntil: max(was.heldUntil, now + wait), reason)
    case .other: break
    }
    return nil
  }

  private func leaveOut(_ pass: Pass, _ reason: String, for wait: Double?, isGone: Bool) -> String? {
    let was = servers[pass.index]
    servers[pass.index].fault = reason
    // Questions that were under way when it was left out tell nothing new.
    guard was.failures == 0 || pass.isTrial else { return nil }
    servers[pass.index].failures += 1
    servers[pass.index].isGone = isGone
    var pause = 1.0
    for _ in 0..<min(was.failures, 6) { pause = min(pause * 2, Self.longestPause) }
    servers[pass.index].heldUntil = clock.now() + max(pause, wait ?? 0)
    return was.failures > 0 ? nil : "\(Self.shown(pass.url)) is left out until it answers again: \(reason)"
  }

  private func queue() async {
    nextID += 1
    let id = nextID
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { continuation.resume() } else { waiting[id] = continuation }
      }
    } onCancel: {
      Task { await self.leave(id) }
    }
  }

  private func leave(_ id: Int) { waiting.removeValue(forKey: id)?.resume() }

  private func wake() {
    for one in waiting.values { one.resume() }
    waiting = [:]
  }

  /// Seconds until one of those that only lack room has some; nil where there is none such.
  var roomAfter: Double? {
    let now = clock.now()
    return servers.filter { $0.failures == 0 && $0.heldUntil > now }.map { $0.heldUntil - now }.min()
  }

  /// Whether none of them would answer any question.
  var areGone: Bool { servers.allSatisfy(\.isGone) }

  /// What was wrong with each of them last.
  var faults: String {
    servers.map { "\(Self.shown($0.url)): \($0.fault ?? "not asked yet")" }.joined(separator: "; ")
  }

  /// An address for people: without what may be a secret.
  static func shown(_ url: URL) -> String {
    var shown = URLComponents()
    (shown.scheme, shown.host, shown.port, shown.path) = (url.scheme, url.host, url.port, url.path)
    return shown.string ?? ""
  }
}
