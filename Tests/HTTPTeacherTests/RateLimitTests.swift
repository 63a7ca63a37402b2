import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

/// Services that say in their headers how much is left.
@Suite struct RateLimitTests {
  /// Allows so many at once and so many more a second, and refuses what is beyond.
  private final class Metered: Sendable {
    let clock = VirtualClock()
    private let state: Locked<(left: Double, time: Double, refused: Int)>
    private let capacity: Double
    private let rate: Double

    init(capacity: Double, aSecond rate: Double) {
      (self.capacity, self.rate) = (capacity, rate)
      state = Locked((capacity, 0, 0))
    }

    var refused: Int { state.withLock { $0.refused } }

    /// - Parameters:
    ///   - cost: what a request takes.
    ///   - headers: how the server says what is left, and the seconds until it is full.
    func teacher(
      inFlight: Int = 1, cost: Double = 1, _ headers: @escaping @Sendable (Double, Double) -> [String: String]
    ) throws -> OpenAICompatibleTeacher {
      var options = OpenAICompatibleTeacher.Options(model: "m")
      options.pace.inFlight = inFlight
      let transport = ScriptedTransport { [self] _ in
        let (isTaken, left) = state.withLock { state in
          state.left = min(capacity, state.left + rate * (clock.now - state.time))
          state.time = clock.now
          let isTaken = state.left >= cost - 1e-6
          if isTaken { state.left -= cost } else { state.refused += 1 }
          return (isTaken, state.left)
        }
        let said = headers(left.rounded(.down), (capacity - left) / rate)
        let answer = isTaken ? ScriptedServer.answer("No") : ScriptedServer.failure(429, headers: ["retry-after": "60"])
        return TransportResponse(
          status: answer.status, headers: answer.headers.merging(said) { $1 }, body: answer.body)
      }
      return OpenAICompatibleTeacher(
        "t", options: options, base: try #require(URL(string: "http://localhost/v1")), transport: transport,
        clock: clock.pace)
    }
  }

  private func ask(_ teacher: any Teacher, _ count: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for item in 0..<count {
        group.addTask { _ = try await teacher.reply(to: try request(item: "\(item)")) }
      }
      try await group.waitForAll()
    }
  }

  @Test func `requests come as fast as the server refills and none is refused`() async throws {
    let server = Metered(capacity: 10, aSecond: 2)
    let teacher = try server.teacher { left, reset in
      [
        "x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "\(Int(left))",
        "x-ratelimit-reset-requests": "\(Int(reset * 1000))ms",
      ]
    }
    try await ask(teacher, 50)
    #expect(server.refused == 0)
    // 10 at once, and 40 more at two a second.
    #expect((18...24).contains(server.clock.now), "\(server.clock.now)")
  }

  @Test func `several under way leave room for each other`() async throws {
    let server = Metered(capacity: 10, aSecond: 2)
    let teacher = try server.teacher(inFlight: 8) { left, reset in
      [
        "x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "\(Int(left))",
        "x-ratelimit-reset-requests": "\(reset)s",
      ]
    }
    try await ask(teacher, 60)
    #expect(server.refused == 0)
  }

  @Test func `tokens are left for what a question is thought to cost`() async throws {
    // A question is thought to cost half of its longest answer, 128 tokens, and a few more; the server takes 100.
    let server = Metered(capacity: 1000, aSecond: 50)
    let teacher = try server.teacher(cost: 100) { left, reset in
      [
        "x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "\(Int(left))",
        "x-ratelimit-reset-tokens": "0m\(reset)s", "x-ratelimit-remaining-requests": "900",
        "x-ratelimit-reset-requests": "1s",
      ]
    }
    try await ask(teacher, 30)
    #expect(server.refused == 0)
    // 30 questions of 100 tokens less the first 1,000, at 50 a second.
    #expect((36...48).contains(server.clock.now), "\(server.clock.now)")
  }

  @Test func `without a limit the reset is waited for in every form it is given`() async throws {
    let moment = Date().addingTimeInterval(30)
    let forms: [(String, String, String)] = [
      ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset", moment.formatted(.iso8601)),
      ("x-ratelimit-remaining", "x-ratelimit-reset", "\(Int(moment.timeIntervalSince1970))"),
      ("x-ratelimit-remaining", "x-ratelimit-reset", "\(Int(moment.timeIntervalSince1970 * 1000))"),
      ("ratelimit-remaining", "ratelimit-reset", "30"),
      ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "30"),
      ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "0m30s"),
    ]
    for (remaining, reset, value) in forms {
      let server = Metered(capacity: 1000, aSecond: 1000)
      let teacher = try server.teacher { _, _ in [remaining: server.clock.now < 1 ? "0" : "999", reset: value] }
      try await ask(teacher, 3)
      // Of a moment as much less as the machine took to come here.
      #expect((1...31).contains(server.clock.now), "\(reset): \(value) \(server.clock.now)")
    }
  }

  @Test func `what cannot be read, or would take hours, holds nothing back`() async throws {
    for (remaining, reset) in [
      ("0", "8h3m"), ("0", "soon"), ("0", ""), ("none", "3s"), ("-5", "1e300"), ("nan", "3"), ("0", "inf"),
      ("5", "-3"), ("0", String(repeating: "9", count: 400) + "h"),
    ] {
      let server = Metered(capacity: 1000, aSecond: 1)
      let teacher = try server.teacher { _, _ in
        ["x-ratelimit-remaining-requests": remaining, "x-ratelimit-reset-requests": reset]
      }
      try await ask(teacher, 20)
      #expect(server.clock.now == 0, "\(remaining), \(reset)")
    }
  }

  @Test(arguments: ["inf", "nan", "-inf", "1e308", "1e999", "-5"])
  func `no figure holds a question back for longer than a server may ask for`(_ figure: String) async throws {
    // Something is left, so that what is said is believed; in the end more is wanted than there is.
    for (limit, reset) in [(figure, "30"), ("10", figure), (figure, figure), ("10", "1e8h"), ("10", "20000101")] {
      let server = Metered(capacity: 1000, aSecond: 1)
      let teacher = try server.teacher(inFlight: 8) { _, _ in
        [
          "x-ratelimit-limit-requests": limit, "x-ratelimit-remaining-requests": "9",
          "x-ratelimit-reset-requests": reset,
        ]
      }
      try await ask(teacher, 20)
      // Two minutes for each question is the most (RetryPolicy.longestHeld).
      #expect(server.clock.now <= 20 * 120 && server.clock.slept.allSatisfy { $0 <= 120 }, "\(limit), \(reset)")
    }
  }
}
