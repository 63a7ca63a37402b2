import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

/// One teacher of several servers with the same model: who is asked, and who is left out.
@Suite struct EndpointsTests {
  private static let answer = Array(
    #"{"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "No."}}]}"#.utf8)

  private static func teacher(
    _ bases: [URL], over transport: any Transport, clock: PaceClock = .system, inFlight: Int = 4, attempts: Int = 1
  ) -> OpenAICompatibleTeacher {
    var options = OpenAICompatibleTeacher.Options(model: "m")
    options.retry.attempts = attempts
    options.pace.inFlight = inFlight
    return OpenAICompatibleTeacher("t", options: options, bases: bases, transport: transport, clock: clock)
  }

  /// Asks so many questions at once; how many had no answer.
  private static func ask(_ teacher: OpenAICompatibleTeacher, _ count: Int) async -> Int {
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<count {
        group.addTask { (try? await teacher.reply(to: request(item: "\(number)")).label) != "pristine" }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
  }

  @Test(arguments: TransportTests.makers)
  func `the slow one of two servers gets fewer questions, and each question goes to one`(
    _ maker: TransportTests.Maker
  ) async throws {
    let fast = try FaultyServer { _ in .answer(body: Self.answer) }
    // Slow as against the other, and not by the clock: a machine may stand still at any time.
    let slow = try FaultyServer { _ in
      for _ in 0..<20_000 where fast.requests < 40 { usleep(1000) }
      return .answer(body: Self.answer)
    }
    let teacher = Self.teacher([slow.base, fast.base], over: maker.make(1 << 20))
    #expect(await Self.ask(teacher, 60) == 0)
    #expect(fast.requests + slow.requests == 60)
    #expect((1...20).contains(slow.requests), "\(slow.requests) and \(fast.requests)")
  }

  /// One attempt for each question: what the dying server loses goes to the other without one more.
  @Test(arguments: TransportTests.makers)
  func `the questions of a server that dies in the middle of an answer go to the other`(
    _ maker: TransportTests.Maker
  ) async throws {
    let dying = try FaultyServer {
      $0.number < 5 ? .answer(body: Self.answer) : .breakOff(body: Self.answer, after: 20)
    }
    let other = try FaultyServer { _ in .answer(body: Self.answer) }
    // No second passes after which it would be tried again.
    let teacher = Self.teacher([dying.base, other.base], over: maker.make(1 << 20), clock: VirtualClock().pace)
    #expect(await Self.ask(teacher, 60) == 0)
    // Each request that it broke off was put once more, to the other; those under way with the first of them are four at most.
    let lost = dying.requests - 5
    #expect((1...5).contains(lost), "\(lost)")
    #expect(dying.requests + other.requests == 60 + lost)
  }

  @Test(arguments: TransportTests.makers)
  func `a server that is not there costs no question an attempt`(_ maker: TransportTests.Maker) async throws {
    let other = try FaultyServer { _ in .answer(body: Self.answer) }
    let nowhere = try #require(URL(string: "http://127.0.0.1:1/v1"))
    #expect(await Self.ask(Self.teacher([nowhere, other.base], over: maker.make(1 << 20)), 20) == 0)
    #expect(other.requests == 20)
  }

  /// Servers by name, under a clock whose waiting costs no time.
  private final class Cluster: Sendable {
    let clock = VirtualClock()
    let counts = Locked<[String: Int]>([:])
    let underWay = Locked<[String: Int]>([:])
    let most = Locked<[String: Int]>([:])
    /// Hosts that answer once another one was asked so many times, or never will be.
    let waiting = Locked<[String: (host: String, count: Int)]>([:])
    private let script: @Sendable (_ host: String, _ now: Double) throws -> TransportResponse

    init(_ script: @escaping @Sendable (_ host: String, _ now: Double) throws -> TransportResponse) {
      self.script = script
    }

    func teacher(_ hosts: [String] = ["a", "b"], attempts: Int = 1) throws -> OpenAICompatibleTeacher {
      let transport = ScriptedTransport { [self] request in
        let host = request.url.host ?? ""
        counts.withLock { $0[host, default: 0] += 1 }
        let now = underWay.withLock { underWay in
          underWay[host, default: 0] += 1
          return underWay[host, default: 0]
        }
        most.withLock { $0[host] = max($0[host] ?? 0, now) }
        await Task.yield()
        for _ in 0..<20_000 {
          guard let other = waiting.withLock({ $0[host] }), counts.withLock({ $0[other.host] ?? 0 }) < other.count
          else { break }
          try await Task.sleep(for: .milliseconds(1))
        }
        defer { underWay.withLock { $0[host, default: 0] -= 1 } }
        return try script(host, clock.now)
      }
      return EndpointsTests.teacher(
        try hosts.map { try #require(URL(string: "http://\($0)/v1")) }, over: transport, clock: clock.pace,
        attempts: attempts)
    }

    func take() -> [String: Int] {
      counts.withLock { counts in
        defer { counts = [:] }
        return counts
      }
    }
  }

  private static let good = TransportResponse(status: 200, body: Data(answer))

  @Test func `one that fails is left out for a second, then two, and comes back by a single question`() async throws {
    let cluster = Cluster { host, now in
      if host == "a", now < 10 { throw HTTPTeacherError.notReached(host: "a", reason: "refused") }
      return Self.good
    }
    let teacher = try cluster.teacher()
    // One after the other: the first goes to a, and on to b.
    for _ in 0..<6 { #expect(await Self.ask(teacher, 1) == 0) }
    #expect(cluster.take() == ["a": 1, "b": 6])
    cluster.clock.pass(1.01)
    for _ in 0..<6 { #expect(await Self.ask(teacher, 1) == 0) }
    #expect(cluster.take() == ["a": 1, "b": 6])
    cluster.clock.pass(1.01)
    for _ in 0..<6 { #expect(await Self.ask(teacher, 1) == 0) }
    #expect(cluster.take() == ["b": 6])
    cluster.clock.pass(10)
    // Many at once: one tries it, and once that is answered others go there too, for whom the other server waits.
    cluster.waiting.withLock { $0 = ["b": ("a", 2)] }
    #expect(await Self.ask(teacher, 40) == 0)
    let counts = cluster.take()
    #expect(counts["a", default: 0] + counts["b", default: 0] == 40)
    #expect(counts["a", default: 0] >= 2, "\(counts)")
  }

  @Test func `one that does not come back gets a single question at a time`() async throws {
    let cluster = Cluster { host, _ in
      if host == "a" { return ScriptedServer.failure(503) }
      return Self.good
    }
    let teacher = try cluster.teacher()
    #expect(await Self.ask(teacher, 1) == 0)
    cluster.most.withLock { $0 = [:] }
    for _ in 0..<5 {
      cluster.clock.pass(100)
      #expect(await Self.ask(teacher, 20) == 0)
    }
    #expect(cluster.most.withLock { $0["a"] } == 1)
    #expect(cluster.take() == ["a": 6, "b": 101])
  }

  @Test func `429 and its Retry-After hold for the one that said it`() async throws {
    let cluster = Cluster { host, now in
      host == "a" && now < 30 ? ScriptedServer.failure(429, headers: ["Retry-After": "30"]) : Self.good
    }
    let teacher = try cluster.teacher()
    for _ in 0..<10 { #expect(await Self.ask(teacher, 1) == 0) }
    #expect(cluster.take() == ["a": 1, "b": 10])
    #expect(cluster.clock.slept.isEmpty)
    cluster.clock.pass(30.01)
    for _ in 0..<10 { #expect(await Self.ask(teacher, 1) == 0) }
    #expect(cluster.take() == ["a": 5, "b": 5])
  }

  @Test func `one that asks for a day is left alone for it, and the teacher where all ask for as much`() async throws {
    let day = ScriptedServer.failure(429, headers: ["Retry-After": "86400"])
    let cluster = Cluster { host, _ in host == "c" ? Self.good : day }
    let teacher = try cluster.teacher(["a", "c"])
    for _ in 0..<5 {
      #expect(await Self.ask(teacher, 2) == 0)
      cluster.clock.pass(3600)
    }
    #expect(cluster.take() == ["a": 1, "c": 10])
    let none = try cluster.teacher()
    let error = await #expect(throws: TeacherUnavailable.self) { try await none.reply(to: request()) }
    let words = try #require(error).reason
    #expect(words.contains("left alone for 86400 s; start again after 2"), "\(words)")
    #expect(words.contains("none of its 2 addresses has room: http://a/v1/chat/completions: "), "\(words)")
    #expect(cluster.take() == ["a": 1, "b": 1])
  }

  @Test func `where none has room the first that has some is waited for, and it costs no attempt`() async throws {
    let cluster = Cluster { host, now in
      let free = host == "a" ? 50.0 : 20
      return now < free ? ScriptedServer.failure(429, headers: ["Retry-After": "\(Int(free - now) + 1)"]) : Self.good
    }
    let teacher = try cluster.teacher()
    #expect(await Self.ask(teacher, 1) == 0)
    #expect(cluster.take() == ["a": 1, "b": 2])
    #expect((20...23).contains(cluster.clock.now), "\(cluster.clock.now)")
  }

  @Test func `where all fail the question is given up after its attempts, and each server is named`() async throws {
    let cluster = Cluster { host, _ in
      if host == "a" { throw HTTPTeacherError.notReached(host: "a", reason: "refused") }
      return ScriptedServer.failure(500, message: "out of memory")
    }
    let teacher = try cluster.teacher(attempts: 3)
    let error = await #expect(throws: HTTPTeacherError.self) { try await teacher.reply(to: request()) }
    let words = "\(try #require(error))"
    #expect(words.hasPrefix("given up after 3 attempts, the last: none of its 2 addresses answers: "), "\(words)")
    #expect(words.contains("http://a/v1/chat/completions: a was not reached: refused"), "\(words)")
    #expect(words.contains("http://b/v1/chat/completions: the server refused the question with status 500"), "\(words)")
  }

  @Test func `a server without the model is left to itself, and the teacher only where all are so`() async throws {
    let cluster = Cluster { host, _ in host == "c" ? Self.good : ScriptedServer.failure(404) }
    #expect(await Self.ask(try cluster.teacher(["a", "c"]), 10) == 0)
    #expect(cluster.take()["c"] == 10)
    let none = try cluster.teacher()
    let error = await #expect(throws: TeacherUnavailable.self) { try await none.reply(to: request()) }
    #expect(error?.reason.hasPrefix("none of its 2 addresses answers: http://a/v1/chat/completions: ") == true)
    #expect(cluster.take() == ["a": 1, "b": 1])
  }

  @Test func `a question that is refused for its own sake leaves no server out`() async throws {
    let refused = Locked(true)
    let cluster = Cluster { _, _ in
      refused.withLock { $0 } ? ScriptedServer.failure(400, message: "too long") : Self.good
    }
    let teacher = try cluster.teacher(attempts: 3)
    await #expect(throws: HTTPTeacherError.self) { try await teacher.reply(to: request()) }
    #expect(cluster.take() == ["a": 1])
    refused.withLock { $0 = false }
    for _ in 0..<4 { #expect(await Self.ask(teacher, 1) == 0) }
    #expect(cluster.take() == ["a": 2, "b": 2])
  }

  @Test func `what one says it still allows holds back its own questions alone`() async throws {
    let cluster = Cluster { host, _ in
      var response = Self.good
      if host == "a" {
        response.headers = ["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "40s"]
      }
      return response
    }
    let teacher = try cluster.teacher()
    for _ in 0..<8 { #expect(await Self.ask(teacher, 1) == 0) }
    #expect(cluster.take() == ["a": 1, "b": 7])
    #expect(cluster.clock.slept.isEmpty)
  }

  @Test(arguments: TransportTests.makers)
  func `the models of each address are listed by a request without a body`(_ maker: TransportTests.Maker) async throws {
    let seen = Locked<[FaultyServer.Request]>([])
    let server = try FaultyServer { request in
      seen.withLock { $0.append(request) }
      switch request.number {
      case 0: return .answer(body: Array(#"{"object": "list", "data": [{"id": "m"}, {"id": "n"}]}"#.utf8))
      case 1: return .answer(status: 401, body: [])
      case 2: return .answer(status: 404, body: [])
      default: return .answer(status: 503, body: [])
      }
    }
    func models(_ base: URL) async throws -> ServiceModels {
      await ServiceModels(
        at: base, .openAI(.init(model: "m")), key: try key(), seconds: 5, transport: maker.make(1 << 20))
    }
    #expect(try await models(server.base) == .listed(["m", "n"]))
    #expect(try await models(server.base) == .keyRefused(status: 401))
    #expect(try await models(server.base) == .unlisted(status: 404))
    #expect(try await models(server.base) == .fault("it answers with status 503"))
    let first = try #require(seen.withLock { $0.first })
    #expect(first.path == "/v1/models" && first.body.isEmpty && first.headers["content-length"] == nil)
    #expect(first.headers["authorization"] == "Bearer secret-key")
    let nowhere = try #require(URL(string: "http://127.0.0.1:1/v1"))
    guard case .fault = try await models(nowhere) else {
      Issue.record("nobody listens there")
      return
    }
  }
}
