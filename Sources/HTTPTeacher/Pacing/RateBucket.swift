/// What a server still allows, as it said last: so much now, and so much more every second.
///
/// Until the server has said something, or where what it said can't be kept, everything is allowed.
struct RateBucket {
  /// What is left; below 0 where requests wait for what is to come.
  private var level = Double.infinity
  private var capacity = Double.infinity
  private var rate = 0.0
  private var time = 0.0
  /// When everything is allowed again.
  private var fullAt = -Double.infinity
  /// How many requests had begun when the server was last believed.
  private var learned = 0
  /// Longest time in seconds for which one request is held back.
  private let longestWait: Double

  init(longestWait: Double) { self.longestWait = longestWait }

  /// Takes over what a server says.
  ///
  /// Responses overtake each other, and an older one speaks of more than is left. So more is believed only of a request that
  /// began after the last one that was believed, and less of any.
  ///
  /// - Parameters:
  ///   - number: of the request, as they began.
  ///   - begun: how many requests have begun.
  ///   - underWay: what requests under way will take, of which the server may not know yet.
  ///   - one: what a single request takes: a server that has nothing left for longer than ``longestWait`` is asked all the
  ///     same, and will say itself what it thinks of that.
  mutating func learn(
    _ allowance: RateLimitReport.Allowance, number: Int, begun: Int, underWay: Double, one: Double, now: Double
  ) {
    let rate = allowance.rate ?? 0
    let wait = rate > 0 ? one / rate : allowance.reset
    guard wait <= longestWait || allowance.remaining >= underWay + one else {
      self = RateBucket(longestWait: longestWait)
      return
    }
    refill(now)
    guard number > learned || allowance.remaining - underWay < level else { return }
    learned = begun
    level = allowance.remaining - underWay
    capacity = allowance.limit ?? .infinity
    (self.rate, time, fullAt) = (rate, now, now + allowance.reset)
  }

  /// Takes an amount, and says when it may be used: after ``longestWait`` at the latest, whatever was said.
  mutating func take(_ amount: Double, now: Double) -> Double {
    guard level.isFinite else { return now }
    refill(now)
    if rate == 0, now >= fullAt {
      // The server did not say how much there is then; its next response will.
      self = RateBucket(longestWait: longestWait)
      return now
    }
    level -= amount
    if level >= 0 { return now }
    return min(rate > 0 ? time - level / rate : fullAt, now + longestWait)
  }

  private mutating func refill(_ now: Double) {
    level = min(capacity, level + rate * max(0, now - time))
    time = max(time, now)
  }
}
