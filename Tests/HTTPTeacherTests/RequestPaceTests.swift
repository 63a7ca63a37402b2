import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

@Suite struct RequestPaceTests {
  /// A server that counts what is under way at once and answers when it likes.
  private final class Crowd: Sendable {
    let state = Locked((now: 0, most: 0, total: 0, cut: 0))
    let clock = VirtualClock()

    func transport(_ answer: @escaping @Sendable (Int) -> TransportResponse) -> ScriptedTransport {
      ScriptedTransport { [self] _ in
        let (number, now) = state.withLock { state in
          state.now += 1
          state.most = max(state.most, state.now)
          state.total += 1
          return (state.total, state.now)
        }
        defer { state.withLock { $0.now -= 1 } }
        for _ in 0..<3 { await Task.yield() }
        _ = now
        return answer(number)
      }
    }

    func teacher(
      _ configure: (inout OpenAICompatibleTeacher.Options) -> Void,
      answer: @escaping @Sendable (Int) -> TransportResponse = { _ in ScriptedServer.answer("No") }
    ) throws -> OpenAICompatibleTeacher {
      var options = OpenAICompatibleTeacher.Options(model: "m")
      configure(&options)
      return OpenAICompatibleTeacher(
        "t", options: options, base: try #require(URL(string: "http://localhost/v1")), transport: transport(answer),
        clock: clock.pace)
    }
  }

  private func ask(_ teacher: any Teacher, _ count: Int) async -> [Result<TeacherReply, any Error>] {
    await withTaskGroup(of: Result<TeacherReply, any Error>.self) { group in
      for item in 0..<count {
        group.addTask {
          do {
            return .success(try await teacher.reply(to: try request(item: "\(item)")))
          } catch {
            return .failure(error)
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test func `no more requests are under way than allowed`() async throws {
    let crowd = Crowd()
    let teacher = try crowd.teacher { $0.pace.inFlight = 5 }
    #expect(await ask(teacher, 100).allSatisfy { (try? $0.get()) != nil })
    #expect(crowd.state.withLock { $0.most } <= 5)
  }

  @Test func `requests a minute are spread over it`() async throws {
    let crowd = Crowd()
    let teacher = try crowd.teacher {
      $0.pace.requestsPerMinute = 60
      // The clock passes for each that waits; waits side by side would add up.
      $0.pace.inFlight = 1
    }
    _ = await ask(teacher, 31)
    // One a second after a second's worth at the start.
    #expect((29...32).contains(crowd.clock.now))
  }

  @Test func `tokens a minute are counted as they turn out`() async throws {
    let crowd = Crowd()
    // An answer costs 15 tokens; each question is thought to cost 128 + 5.
    let teacher = try crowd.teacher {
      $0.pace.tokensPerMinute = 600
      $0.pace.inFlight = 1
    }
    _ = await ask(teacher, 21)
    // 20 answers at 15 tokens are 300 tokens, half a minute, give or take the first estimate.
    #expect((16...45).contains(crowd.clock.now))
  }

  @Test func `a server without room is asked less and every question is answered`() async throws {
    let crowd = Crowd()
    let teacher = try crowd.teacher({ $0.pace.inFlight = 32 }) { number in
      number % 3 == 0
        ? ScriptedServer.failure(429, headers: ["retry-after-ms": "1500"]) : ScriptedServer.answer("Yes")
    }
    let replies = await ask(teacher, 200)
    #expect(replies.allSatisfy { (try? $0.get().label) == "falsified" })
    #expect(crowd.state.withLock { $0.total } == 299)
  }

  @Test func `a service that only fails is left alone and then given up`() async throws {
    let crowd = Crowd()
    let teacher = try crowd.teacher({
      $0.pace.faultsToPause = 4
      $0.pace.pauses = 3
      $0.pace.inFlight = 8
      $0.retry.attempts = 3
    }) { _ in ScriptedServer.failure(500) }
    let replies = await ask(teacher, 200)
    let unavailable = replies.filter { reply in
      if case .failure(let error) = reply { error is TeacherUnavailable } else { false }
    }
    #expect(unavailable.count > 150)
    // Not 600 requests: those under way when it broke, and one for each pause.
    #expect(crowd.state.withLock { $0.total } < 30)
    #expect(crowd.clock.slept.contains { $0 > 4 })
  }

  @Test func `a service that comes back is asked as before`() async throws {
    let crowd = Crowd()
    let teacher = try crowd.teacher({
      $0.pace.faultsToPause = 4
      // However few requests are under way when the first faults come, each pause costs one more of the twelve.
      $0.pace.pauses = 12
      $0.retry.attempts = 20
    }) { number in number <= 12 ? ScriptedServer.failure(503) : ScriptedServer.answer("No") }
    let replies = await ask(teacher, 50)
    #expect(replies.allSatisfy { (try? $0.get()) != nil })
  }

  @Test func `a service that refuses every question is not asked a thousand times`() async throws {
    let crowd = Crowd()
    let refusing = try crowd.teacher({ $0.pace.inFlight = 8 }) { _ in
      TransportResponse(status: 400, body: Data("{\"detail\": \"no such model\"}".utf8))
    }
    let replies = await ask(refusing, 300)
    #expect(crowd.state.withLock { $0.total } < 60)
    let reasons = replies.compactMap { reply in
      if case .failure(let error as TeacherUnavailable) = reply { error.reason } else { nil }
    }
    #expect(reasons.contains { $0.contains("answered none") && $0.contains("no such model") })
    // Where one question was answered, it is the questions.
    let picky = try Crowd().teacher({ $0.pace.inFlight = 4 }) { number in
      number == 1 ? ScriptedServer.answer("No") : ScriptedServer.failure(400)
    }
    #expect(
      await ask(picky, 200).allSatisfy {
        if case .failure(let error) = $0 { error is HTTPTeacherError } else { true }
      })
  }

  /// A server that was not started is the usual reason for a run that seems to stand still.
  @Test func `a service that fails or only puts off is told while it is asked, without its key`() async throws {
    struct Meter: RequestMeter {
      let said = Locked<[String]>([])
      func tell(_ words: String) { said.withLock { $0.append(words) } }
      func countLostReply() {}
      func countRequest() {}
    }
    func said(_ server: ScriptedServer, key: APIKey? = nil) async throws -> [String] {
      let meter = Meter()
      let teacher = try server.teacher(key: key) {
        ($0.retry.attempts, $0.retry.throttledAttempts) = (12, 12)
      }
      var question = try request()
      question.meter = meter
      _ = try? await teacher.reply(to: question)
      return meter.said.withLock { $0 }
    }
    let failing = try await said(
      ScriptedServer(.init(status: 503, body: Data("no, not with secret-key".utf8))), key: key())
    #expect(
      failing.first == "10 requests in a row failed, the last: the server refused the question with status 503: "
        + "no, not with (key). It is asked again in 5 s (pause 1 of 6, after which it is given up)", "\(failing)")
    #expect(failing.dropFirst().first?.contains("in 10 s (pause 2 of 6") == true)
    let busy = try await said(ScriptedServer(ScriptedServer.failure(429)))
    #expect(busy.count == 1 && busy[0].hasPrefix("it has put off 10 requests and answered none; the last: "), "\(busy)")
    #expect(try await said(ScriptedServer(ScriptedServer.failure(503), ScriptedServer.answer("No"))) == [])
  }

  @Test func `a budget stops retries too`() async throws {
    struct Meter: RequestMeter {
      let left = Locked(3)
      let lost = Locked(0)
      func tell(_ words: String) {}
      func countLostReply() { lost.withLock { $0 += 1 } }
      func countRequest() throws {
        try left.withLock { left in
          guard left > 0 else { throw BudgetExhausted(limit: "3 requests") }
          left -= 1
        }
      }
    }
    let server = ScriptedServer(ScriptedServer.failure(500))
    var question = try request()
    question.meter = Meter()
    await #expect(throws: BudgetExhausted(limit: "3 requests")) {
      try await server.teacher { $0.retry.attempts = 6 }.reply(to: question)
    }
    #expect(server.bodies.count == 3)
    #expect("\(BudgetExhausted(limit: "3 requests"))".contains("3 requests"))
    // A refusal was not answered; a body that is none may have been charged.
    let meter = Meter()
    question.meter = meter
    let broken = ScriptedServer(
      .init(status: 503, body: Data()), .init(status: 200, body: Data("{".utf8)), ScriptedServer.answer("No"))
    #expect(try await broken.teacher().reply(to: question).label == "pristine")
    #expect((meter.left.withLock { $0 }, meter.lost.withLock { $0 }) == (0, 1))
    // And so may be what is given up while it is asked, but not what never came about.
    for (fault, lost) in [(nil, 1), (HTTPTeacherError.notReached(host: "localhost", reason: "gone"), 0)] {
      let (meter, asked) = (Meter(), Locked(false))
      let transport = ScriptedTransport { _ in
        asked.withLock { $0 = true }
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
        throw fault ?? CancellationError() as any Error
      }
      question.meter = meter
      let teacher = OpenAICompatibleTeacher(
        "t", options: .init(model: "m"), base: try #require(URL(string: "http://localhost/v1")), transport: transport)
      let task = Task { [question] in try await teacher.reply(to: question) }
      while !asked.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(meter.lost.withLock { $0 } == lost)
    }
  }
}
