internal import JSON
import Foundation
import TeacherProtocol

/// Sends one question until it is answered, refused or given up, at the pace that the service allows.
final class ServiceClient: Sendable {
  /// What is asked of whom.
  struct Address: Sendable {
    var teacher: String
    var model: String
    /// Of one server or several, all with the same model; at least one.
    var endpoints: [URL]
    var key: APIKey?

    /// Where questions go, for people. Most services have their paths under `/v1`, which a `base_url` easily lacks.
    static func asked(_ endpoint: URL) -> String {
      let hint = endpoint.pathComponents.contains("v1") ? "" : " (does its base_url lack a /v1 at the end?)"
      return "the address \(Endpoints.shown(endpoint))\(hint)"
    }
  }

  let address: Address
  private let wire: any WireFormat
  private let transport: any Transport
  let retry: RetryPolicy
  private let seconds: Double
  private let clock: PaceClock
  private let pace: RequestPace
  let endpoints: Endpoints
  /// Shared by all questions: what one of them learns about the server, the next ones know.
  let habits: Locked<ServerHabits>
  /// Whether it was told that token probabilities don't come.
  private let hasToldLack = Locked(false)

  init(
    _ address: Address, wire: any WireFormat, habits: ServerHabits, transport: any Transport, retry: RetryPolicy,
    limits: PaceLimits, seconds: Double, clock: PaceClock
  ) {
    self.address = address
    self.wire = wire
    self.transport = transport
    self.retry = retry
    self.seconds = seconds
    self.clock = clock
    pace = RequestPace(limits, teacher: address.teacher, clock: clock, longestWait: retry.longestHeld)
    endpoints = Endpoints(address.endpoints, clock: clock)
    self.habits = Locked(habits)
  }

  /// Whether several answers are worth asking for at once.
  var sendsSamples: Bool { habits.withLock { $0.sendsSamples } }

  /// What became of one request.
  enum Step {
    case answered(Spoken)
    case adapted
    case throttled(String, wait: Double?)
    /// Whether another server may well answer what this one did not.
    case fault(String, wait: Double?, isServers: Bool)
  }

  /// What the pace is told of one request.
  private struct Ending {
    var outcome = RequestPace.Outcome.other
    var report: RateLimitReport?
  }

  func ask(_ question: Question) async throws -> Spoken {
    // One key for all attempts at one body: a service that knows it does not answer, or charge, twice.
    var idempotency = UUID().uuidString
    let estimate = Self.tokens(of: question)
    var (faults, throttles) = (0, 0)
    while true {
      let pass = try await pace.begin(tokens: estimate)
      var end = Ending()
      let step: Step
      do {
        step = try await attempt(question, idempotency: idempotency, &end)
      } catch {
        await pace.end(pass, end.outcome, report: end.report)
        throw error
      }
      if let news = await pace.end(pass, end.outcome, report: end.report) {
        question.request.meter?.tell(hidden(news))
      }
      let item = question.request.item.id
      switch step {
      case .answered(let spoken): return spoken
      case .adapted: idempotency = UUID().uuidString
      case .throttled(let reason, let wait):
        throttles += 1
        guard throttles < retry.throttledAttempts else {
          throw HTTPTeacherError.gaveUp(attempts: throttles + faults, last: reason)
        }
        try await clock.sleep(retry.wait(after: throttles, asked: wait, item: item))
      case .fault(let reason, let wait, _):
        faults += 1
        guard faults < retry.attempts else {
          throw HTTPTeacherError.gaveUp(attempts: throttles + faults, last: reason)
        }
        try await clock.sleep(retry.wait(after: faults, asked: wait, item: item))
      }
    }
  }

  /// One attempt: at a server, and where that fails or has no room at once at another one, until none is left.
  private func attempt(_ question: Question, idempotency: String, _ end: inout Ending) async throws -> Step {
    var tried: Set<Int> = []
    var pass = try await endpoints.begin()
    while true {
      tried.insert(pass.index)
      end = Ending()
      let (step, gone): (Step, TeacherUnavailable?)
      do {
        try question.request.meter?.countRequest()
        (step, gone) = (try await send(question, to: pass.url, idempotency: idempotency, &end), nil)
      } catch let error as TeacherUnavailable {
        (step, gone) = (.fault(error.reason, wait: nil, isServers: true), error)
      } catch {
        // What it turned down for the question's own sake, it answered.
        let isAnswer = if case .refused = end.outcome { true } else { false }
        await tell(endpoints.end(pass, isAnswer ? .answered(full: nil) : .other), of: question)
        throw error
      }
      await tell(endpoints.end(pass, ending(of: step, gone, end, question)), of: question)
      guard endpoints.count > 1 else {
        if let gone { throw gone }
        return step
      }
      // What one of them still allows is not what all do.
      end.report = nil
      switch step {
      case .answered, .adapted, .fault(_, wait: _, isServers: false): return step
      case .throttled, .fault: break
      }
      guard let next = await endpoints.another(than: tried) else { return try await sum(&end) }
      pass = next
    }
  }

  private func ending(
    of step: Step, _ gone: TeacherUnavailable?, _ end: Ending, _ question: Question
  ) -> Endpoints.Ending {
    switch step {
    case _ where gone != nil: .gone(gone?.reason ?? "")
    case .answered, .adapted:
      .answered(full: end.report?.roomAfter(tokens: Self.tokens(of: question), longestWait: retry.longestHeld))
    case .throttled(let reason, let wait):
      .busy(reason, wait: retry.wait(after: 1, asked: wait, item: question.request.item.id))
    case .fault(let reason, let wait, isServers: true): .failed(reason, wait: wait)
    case .fault: .answered(full: nil)
    }
  }

  /// What it means that none of several servers is left to ask.
  private func sum(_ end: inout Ending) async throws -> Step {
    let faults = await endpoints.faults
    if let wait = await endpoints.roomAfter {
      let reason = "none of its \(endpoints.count) addresses has room: \(faults)"
      if wait > retry.longestAsked { throw leftAlone(for: wait, said: reason) }
      end.outcome = .throttled(reason, wait: wait)
      return .throttled(reason, wait: wait)
    }
    let reason = "none of its \(endpoints.count) addresses answers: \(faults)"
    if await endpoints.areGone { throw TeacherUnavailable(teacher: address.teacher, reason: reason) }
    end.outcome = .fault(reason, wait: nil)
    return .fault(reason, wait: nil, isServers: true)
  }

  func leftAlone(for wait: Double, said: String) -> TeacherUnavailable {
    let again = Date().addingTimeInterval(wait).formatted(.iso8601)
    return TeacherUnavailable(
      teacher: address.teacher,
      reason: "it asks to be left alone for \(Int(wait)) s; start again after \(again). It said: \(said)")
  }

  /// Tells once for all questions that no confidence is measured, and why.
  func tell(lackOfTokens news: String?, of question: Question) {
    guard let news, let meter = question.request.meter else { return }
    let wasTold = hasToldLack.withLock { told in
      defer { told = true }
      return told
    }
    if !wasTold { meter.tell(hidden(news)) }
  }

  private func tell(_ news: String?, of question: Question) {
    if let news { question.request.meter?.tell(hidden(news)) }
  }

  private func send(
    _ question: Question, to endpoint: URL, idempotency: String, _ end: inout Ending
  ) async throws -> Step {
    let asked = habits.withLock { $0 }
    var headers = wire.headers(key: address.key)
    headers["Content-Type"] = "application/json"
    headers["Accept"] = "application/json"
    headers["Idempotency-Key"] = idempotency
    let body = wire.body(question, model: address.model, habits: asked).text
    do {
      let response = try await transport.send(
        TransportRequest(url: endpoint, headers: headers, body: Data(body.utf8), seconds: seconds))
      end.report = RateLimitReport(response.headers, now: Date())
      guard response.status == 200 else {
        return try step(
          for: response, wire.error(response.body), to: question, from: endpoint, habits: asked, &end.outcome)
      }
      let answer = try wire.parsed(response.body)
      if let fault = ProviderFault(in: answer) {
        // What was written before it may have been charged.
        question.request.meter?.countLostReply()
        let meant = TransportResponse(status: fault.status, headers: response.headers, body: response.body)
        return try step(
          for: meant, fault.cause, to: question, from: endpoint, habits: asked, told: fault.told(hidden), &end.outcome)
      }
      let spoken = try wire.spoken(answer, to: question)
      if asked.sendsLogProbabilities { tell(lackOfTokens: spoken.lackOfTokens, of: question) }
      end.outcome = .answered(tokens: spoken.usage?.tokens)
      return .answered(spoken)
    } catch let error as Refusal {
      throw error.cause
    } catch {
      let fault =
        error as? HTTPTeacherError
        ?? .brokenOff(host: endpoint.host ?? "", reason: hidden("\(error)"))
      // That of a question which is given up while it is asked may have been charged as well.
      if fault.hasLostReply { question.request.meter?.countLostReply() }
      try Task.checkCancellation()
      end.outcome = .fault("\(fault)", wait: nil)
      // Another server would send as much.
      let isServers = if case .tooLarge = fault { false } else { true }
      return .fault("\(fault)", wait: nil, isServers: isServers)
    }
  }

  func hidden(_ text: String) -> String { address.key?.hidden(in: text) ?? text }

  /// What a question is thought to cost: four bytes a token, a thousand tokens an image, half of the longest answer.
  private static func tokens(of question: Question) -> Int {
    let parameters = question.request.parameters
    // What is counted while it is under way is taken off again, so that its sum has to be exact.
    let longest = min(
      question.samples.multipliedSaturated(by: parameters.maximumTokens), TeacherReply.Usage.most)
    return question.text.utf8.count / 4 + 1000 * question.images.count + longest / 2 + 1
  }
}
