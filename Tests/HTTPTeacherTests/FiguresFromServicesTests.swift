import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

/// Figures in answers that can't be true.
@Suite struct FiguresFromServicesTests {
  static let absurd = [
    "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e400", "-1", "1.5", "true", "\"7\"", "[]",
    "1099511627777",
  ]

  private func openAI(_ usage: String) -> TransportResponse {
    let choices = [ScriptedServer.choice("Yes"), ScriptedServer.choice("No")].joined(separator: ", ")
    return TransportResponse(status: 200, body: Data("{\"choices\": [\(choices)], \"usage\": \(usage)}".utf8))
  }

  @Test(arguments: absurd) func `a count of tokens that cannot be is as one that is not told`(_ count: String)
    async throws
  {
    for usage in [
      "{\"prompt_tokens\": \(count), \"completion_tokens\": 1}",
      "{\"prompt_tokens\": 1, \"completion_tokens\": \(count)}",
      "{\"prompt_tokens\": \(count), \"completion_tokens\": \(count)}", count,
    ] {
      let reply = try await ScriptedServer(openAI(usage)).teacher().reply(to: try request())
      #expect(reply.label == "falsified" && reply.usage == nil, "\(usage)")
    }
    for (input, cached, output) in [(count, "1", "1"), ("1", count, "1"), ("1", "1", count), (count, count, count)] {
      let body = """
        {"type": "message", "content": [{"type": "text", "text": "Yes"}], "stop_reason": "end_turn",
         "usage": {"input_tokens": \(input), "cache_read_input_tokens": \(cached), "output_tokens": \(output)}}
        """
      let server = ScriptedServer(TransportResponse(status: 200, body: Data(body.utf8)))
      let reply = try await server.anthropic().reply(to: try request())
      #expect(reply.label == "falsified" && reply.usage == nil, "\(input), \(cached), \(output)")
    }
  }

  @Test func `the largest counts that are believed add up`() async throws {
    let most = 1 << 40
    let server = ScriptedServer(openAI("{\"prompt_tokens\": \(most), \"completion_tokens\": \(most)}"))
    let teacher = try server.teacher { $0.pace.tokensPerMinute = 1000 }
    let parameters = TeacherParameters(samples: 2, seed: .max)
    for _ in 0..<3 {
      let reply = try await teacher.reply(to: try request(parameters: parameters))
      #expect(reply.usage == .init(inputTokens: most, outputTokens: most))
    }
    // At 1,000 a minute they would hold the next question back for four thousand years.
    #expect(server.clock.now <= 3 * 601)
    #expect(TeacherReply.Usage(inputTokens: .max, outputTokens: 1).tokens == .max)
    let sum = TeacherReply.Usage(inputTokens: .max, outputTokens: 1) + .init(inputTokens: 1, outputTokens: 1)
    #expect(sum == .init(inputTokens: .max, outputTokens: 2))
  }

  @Test func `the longest answers that can be asked for are under way together`() async throws {
    let arrived = Locked(0)
    let transport = ScriptedTransport { _ in
      arrived.withLock { $0 += 1 }
      while arrived.withLock({ $0 }) < 8 { try await Task.sleep(for: .milliseconds(1)) }
      return ScriptedServer.answer("Yes")
    }
    var options = OpenAICompatibleTeacher.Options(model: "m")
    options.pace.inFlight = 8
    let teacher = OpenAICompatibleTeacher(
      "t", options: options, base: try #require(URL(string: "http://localhost/v1")), transport: transport)
    let question = try request(parameters: TeacherParameters(maximumTokens: .max))
    let labels = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<8 { group.addTask { try await teacher.reply(to: question).label } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(labels == Array(repeating: "falsified", count: 8))
  }

  @Test func `counts that are missing or null are none`() async throws {
    for usage in ["{\"prompt_tokens\": 7}", "{\"prompt_tokens\": 7, \"completion_tokens\": null}"] {
      let reply = try await ScriptedServer(openAI(usage)).teacher().reply(to: try request())
      #expect(reply.usage == .init(inputTokens: 7, outputTokens: 0))
    }
    for usage in ["{}", "null", "{\"prompt_tokens\": null}", "{\"completion_tokens\": 7}"] {
      #expect(try await ScriptedServer(openAI(usage)).teacher().reply(to: try request()).usage == nil)
    }
  }

  @Test(arguments: ["1e999", "-1e999", "1e308", "9223372036854775808", "0.5", "null", "\"0\"", "-0.0"])
  func `a probability that cannot be ends nothing`(_ log: String) async throws {
    let token = "{\"token\": \"Yes\", \"logprob\": \(log), \"bytes\": [89, 101, 115, 300, -1, 1e30]"
    let logs = "{\"content\": [\(token), \"top_logprobs\": [\(token)}, {\"token\": \"No\", \"logprob\": \(log)}]}]}"
    let reply = try await ScriptedServer(ScriptedServer.answer("Yes", logs: logs)).teacher().reply(to: try request())
    #expect(reply.label == "falsified")
    if let confidence = reply.confidence { #expect((0...1).contains(confidence.value)) }
  }

  @Test(arguments: ["1e999", "inf", "nan", "-1", "1e18", "99999999999999999999999", "0x7fffffffffffffff"])
  func `a wait that cannot be is not kept`(_ wait: String) async throws {
    for header in ["retry-after", "retry-after-ms"] {
      let server = ScriptedServer(ScriptedServer.failure(429, headers: [header: wait]), ScriptedServer.answer("Yes"))
      #expect(try await server.teacher().reply(to: try request()).label == "falsified")
      #expect(server.clock.now < 1)
    }
  }
}
