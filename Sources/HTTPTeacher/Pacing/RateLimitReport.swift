import Foundation

/// What a response says of the server's limits a minute: how much is left, and when it is full again.
///
/// Read are OpenAI's headers (`x-ratelimit-remaining-requests`, `x-ratelimit-reset-tokens: 6m0s`, ...), Anthropic's
/// (`anthropic-ratelimit-requests-remaining`, `-reset` as a date), and the plain `x-ratelimit-remaining` and
/// `ratelimit-remaining` of other servers, which count requests.
struct RateLimitReport: Equatable {
  /// One limit.
  struct Allowance: Equatable {
    /// So much may be asked for now.
    var remaining: Double
    /// Seconds until everything may be asked for again.
    var reset: Double
    /// What may be asked for from then on; nil where the server does not say.
    var limit: Double?

    /// What comes back in a second; nil where the server does not say.
    var rate: Double? {
      guard let limit, reset > 0, limit > remaining else { return nil }
      return (limit - remaining) / reset
    }
  }

  var requests: Allowance?
  var tokens: Allowance?

  /// The report of a response; parts that are missing or can't be read are nil.
  ///
  /// - Parameters:
  ///   - headers: by name in lower case.
  ///   - now: the moment of the response.
  init(_ headers: [String: String], now: Date) {
    func allowance(_ name: (_ part: String) -> String) -> Allowance? {
      guard let remaining = headers[name("remaining")].flatMap({ Double($0) }), remaining.isFinite,
        let reset = headers[name("reset")].flatMap({ Self.seconds($0, now: now) })
      else { return nil }
      let limit = headers[name("limit")].flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
      return Allowance(remaining: max(0, remaining), reset: reset, limit: limit)
    }
    requests =
      allowance { "x-ratelimit-\($0)-requests" } ?? allowance { "anthropic-ratelimit-requests-\($0)" }
      ?? allowance { "x-ratelimit-\($0)" } ?? allowance { "ratelimit-\($0)" }
    tokens = allowance { "x-ratelimit-\($0)-tokens" } ?? allowance { "anthropic-ratelimit-tokens-\($0)" }
  }

  /// Seconds until there is room for a question of so many tokens; nil where there is some, and where it would come later than
  /// anybody waits.
  func roomAfter(tokens: Int, longestWait: Double) -> Double? {
    [(requests, 1.0), (self.tokens, Double(tokens))].compactMap { allowance, one -> Double? in
      guard let allowance, allowance.remaining < one else { return nil }
      let wait = allowance.rate.map { min((one - allowance.remaining) / $0, allowance.reset) } ?? allowance.reset
      return wait <= longestWait ? wait : nil
    }.max()
  }

  /// Seconds from now: `1h2m3.5s`, `20ms`, `7.66`, a moment since 1970 in seconds or milliseconds, or a date of RFC 3339.
  static func seconds(_ text: String, now: Date) -> Double? {
    if let number = Double(text) {
      guard number.isFinite, number >= 0 else { return nil }
      // Nobody waits a year: larger numbers are moments.
      let moment = number < 1e8 ? nil : number < 1e11 ? number : number / 1000
      return moment.map { max(0, $0 - now.timeIntervalSince1970) } ?? number
    }
    for style in [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)] {
      if let date = try? style.parse(text) { return max(0, date.timeIntervalSince(now)) }
    }
    let units = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400]
    var (rest, total) = (Substring(text), 0.0)
    while !rest.isEmpty {
      let number = rest.prefix { $0.isNumber || $0 == "." }
      let unit = rest.dropFirst(number.count).prefix(while: \.isLetter)
      guard let amount = Double(number), let size = units[String(unit)] else { return nil }
      total += amount * size
      rest = rest.dropFirst(number.count + unit.count)
    }
    return text.isEmpty || !total.isFinite ? nil : total
  }
}
