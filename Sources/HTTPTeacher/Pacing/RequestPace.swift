import TeacherProtocol

/// How fast one service may be asked.
public struct PaceLimits: Sendable, Equatable {
  /// Most requests under way at once. The default is 8.
  public var inFlight = ServiceDefaults.inFlight
  /// Most requests a minute. The default is nil: as many as the service takes.
  public var requestsPerMinute: Double?
  /// Most tokens a minute, of questions and answers. The default is nil: as many as the service takes.
  public var tokensPerMinute: Double?
  /// Faults in a row after which the service is left alone for a while. The default is 10.
  package var faultsToPause = 10
  /// Seconds of the first such pause; each one after is twice as long, up to a minute. The default is 5.
  package var firstPause = 5.0
  /// Pauses in a row after which the teacher counts as unavailable. The default is 6, a little more than three minutes
  /// in all.
  package var pauses = 6
  /// Questions that are refused (4xx) before a single one is answered, after which the teacher counts as unavailable: it is
  /// then not the questions that are at fault. The default is 50.
  package var refusalsToStop = 50

  /// The defaults.
  public init() {}
}

/// Lets requests to one service through, as fast as its limits and its answers allow.
///
/// The number under way starts at its limit, is halved when the service says that it is too much, and grows by one for
/// each full round of answers, as TCP does (additive increase, multiplicative decrease). Requests and tokens a minute are
/// spread evenly, at most a second's worth at once; where the service says in its headers how much is left, requests wait for
/// what comes back rather than be refused. After many faults in a row it pauses, then tries with a single
/// request, and goes on when that is answered (a circuit breaker).
actor RequestPace {
  /// How a request ended.
  enum Outcome: Sendable {
    /// With an answer; the tokens that it cost, where known.
    case answered(tokens: Int?)
    /// The service has no room; the seconds after which it wants to be asked again.
    case throttled(String, wait: Double?)
    /// The service or the way to it is at fault; the seconds after which it wants to be asked again.
    case fault(String, wait: Double?)
    /// The service refuses the question, and would again.
    case refused(String)
    /// In a way that says nothing of the service's state.
    case other
  }

  private let limits: PaceLimits
  private let clock: PaceClock
  private let teacher: String
  /// A request that was let through.
  struct Pass: Sendable {
    /// As they began, from 1.
    let number: Int
    /// What it is thought to cost.
    let tokens: Int
  }

  private var begun = 0
  private var underWay = 0
  /// How many may be under way, at least 1.
  private var room: Double
  private var lastCut = -Double.infinity
  private var pausedUntil = -Double.infinity
  /// The end of the wait that people were told of last.
  private var toldUntil = -Double.infinity
  private var requestTime = -Double.infinity
  private var tokenTime = -Double.infinity
  private var requestBucket: RateBucket
  private var tokenBucket: RateBucket
  /// What the requests under way are thought to cost.
  private var tokensUnderWay = 0
  private var faults = 0
  private var pauses = 0
  private var (refusals, throttles) = (0, 0)
  private var hasAnswered = false
  private var unavailable: TeacherUnavailable?
  private var waiting: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []
  private var nextID = 0

  /// - Parameter longestWait: longest time in seconds for which the service's headers hold a request back.
  init(_ limits: PaceLimits, teacher: String, clock: PaceClock, longestWait: Double) {
    self.limits = limits
    requestBucket = RateBucket(longestWait: longestWait)
    tokenBucket = RateBucket(longestWait: longestWait)
    self.clock = clock
    self.teacher = teacher
    room = Double(max(1, limits.inFlight))
  }

  /// Waits until a request may be sent. Each call that returns is followed by one of ``end(_:_:report:)``.
  ///
  /// - Parameter tokens: what the request is thought to cost.
  func begin(tokens: Int) async throws -> Pass {
    while unavailable == nil, underWay >= allowed {
      try Task.checkCancellation()
      await queue()
    }
    if let unavailable { throw unavailable }
    try Task.checkCancellation()
    begun += 1
    underWay += 1
    tokensUnderWay += tokens
    let pass = Pass(number: begun, tokens: tokens)
    do {
      let slot = reserve(tokens: tokens)
      // A pause that begins while we wait holds us too.
      while case let wait = max(slot, pausedUntil) - clock.now(), wait > 0 { try await clock.sleep(wait) }
      if let unavailable { throw unavailable }
      return pass
    } catch {
      finish(pass)
      throw error
    }
  }

  /// Says how a request ended.
  ///
  /// - Parameter report: what the service's headers said.
  /// - Returns: what people should know; nil for nothing new.
  @discardableResult func end(_ pass: Pass, _ outcome: Outcome, report: RateLimitReport?) -> String? {
    let now = clock.now()
    var news: String?
    if let left = report?.requests {
      requestBucket.learn(
        left, number: pass.number, begun: begun, underWay: Double(underWay - 1), one: 1, now: now)
    }
    if let left = report?.tokens {
      tokenBucket.learn(
        left, number: pass.number, begun: begun, underWay: Double(tokensUnderWay - pass.tokens),
        one: Double(pass.tokens), now: now)
    }
    switch outcome {
    case .answered(let tokens):
      (faults, pauses, hasAnswered) = (0, 0, true)
      room = min(Double(max(1, limits.inFlight)), room + 1 / room)
      // Whatever a service says that an answer cost, the next question waits ten minutes for it at most.
      if let tokens, let rate = limits.tokensPerMinute {
        tokenTime += min(Double(tokens - pass.tokens) * 60 / rate, 600)
      }
    case .throttled(let reason, let wait):
      // What was sent before the cut tells nothing of the room after it.
      if now - lastCut >= 1 {
        room = max(1, room / 2)
        lastCut = now
      }
      if let wait { pausedUntil = max(pausedUntil, now + wait) }
      throttles += 1
      if !hasAnswered, throttles == limits.faultsToPause {
        news = "it has put off \(throttles) requests and answered none; the last: \(reason). It is asked more slowly"
      }
      news = news ?? longWait(now, wait, because: reason)
    case .fault(let reason, let wait):
      faults += 1
      news = longWait(now, wait, because: reason)
      if faults >= limits.faultsToPause, now >= pausedUntil { news = pause(now, because: reason) }
    case .refused(let reason):
      refusals += 1
      if !hasAnswered, refusals >= limits.refusalsToStop {
        unavailable = TeacherUnavailable(
          teacher: teacher, reason: "it refused \(refusals) questions and answered none; the last: \(reason)")
      }
    case .other: break
    }
    finish(pass)
    return news
  }

  private var allowed: Int { faults >= limits.faultsToPause ? 1 : Int(room) }

  /// What people should know of a wait that the service asks for: nil for one that is short, or within the last one told.
  private func longWait(_ now: Double, _ wait: Double?, because reason: String) -> String? {
    guard let wait, wait >= 30, now >= toldUntil else { return nil }
    toldUntil = now + wait
    return "it asks to be left alone for \(Int(wait)) s: \(reason)"
  }

  /// - Returns: what people should know.
  private func pause(_ now: Double, because reason: String) -> String? {
    pauses += 1
    guard pauses <= limits.pauses else {
      unavailable = TeacherUnavailable(
        teacher: teacher,
        reason: "\(faults) requests in a row failed, over \(limits.pauses) pauses; the last: \(reason)")
      return nil
    }
    var length = limits.firstPause
    for _ in 1..<max(pauses, 1) { length = min(length * 2, 60) }
    pausedUntil = max(pausedUntil, now + length)
    return "\(faults) requests in a row failed, the last: \(reason). "
      + "It is asked again in \(Int(length)) s (pause \(pauses) of \(limits.pauses), after which it is given up)"
  }

  /// When a request may be sent by the limits a minute; what it takes is taken at once, so the next one waits longer.
  private func reserve(tokens: Int) -> Double {
    let now = clock.now()
    func next(_ time: inout Double, _ amount: Double, _ rate: Double?) -> Double {
      guard let rate, rate > 0 else { return now }
      time = max(time, now - 1)
      defer { time += amount * 60 / rate }
      return time
    }
    let byRequests = next(&requestTime, 1, limits.requestsPerMinute)
    let byTokens = next(&tokenTime, Double(tokens), limits.tokensPerMinute)
    let allowed = max(requestBucket.take(1, now: now), tokenBucket.take(Double(tokens), now: now))
    return max(byRequests, byTokens, allowed)
  }

  private func finish(_ pass: Pass) {
    underWay -= 1
    tokensUnderWay -= pass.tokens
    let free = unavailable == nil ? max(0, allowed - underWay) : waiting.count
    for next in waiting.prefix(free) { next.continuation.resume() }
    waiting.removeFirst(min(free, waiting.count))
  }

  private func queue() async {
    nextID += 1
    let id = nextID
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { continuation.resume() } else { waiting.append((id, continuation)) }
      }
    } onCancel: {
      Task { await self.leave(id) }
    }
  }

  private func leave(_ id: Int) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).continuation.resume()
  }
}
