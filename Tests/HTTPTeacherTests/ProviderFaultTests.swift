import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

/// Faults behind status 200, as gateways and services report them.
@Suite struct ProviderFaultTests {
  private static func body(_ text: String) -> TransportResponse {
    TransportResponse(status: 200, body: Data(text.utf8))
  }

  @Test(
    arguments: [
      // OpenRouter, "Errors" of its API reference, 2026: a choice with an error, with and without words of an answer.
      #"{"choices": [{"message": {"content": "No"}, "finish_reason": "error", "error": {"code": 502}}]}"#,
      #"{"choices": [{"message": {"content": ""}, "finish_reason": "error", "error": {"code": 502, "message": "down"}}]}"#,
      #"{"choices": [{"message": {"content": "No"}, "finish_reason": "stop", "error": {"message": "down"}}]}"#,
      #"{"error": {"code": 502, "message": "Provider returned error"}, "user_id": "u"}"#,
      #"{"error": {"message": "down"}, "choices": [{"message": {"content": "No"}, "finish_reason": "stop"}]}"#,
      #"{"error": "upstream timed out"}"#,
      // Zhipu's network_error, DeepSeek's insufficient_system_resource, vLLM's and SGLang's abort, Gemini through gateways.
      #"{"choices": [{"message": {"content": "No"}, "finish_reason": "network_error"}]}"#,
      #"{"choices": [{"message": {"content": "No. It"}, "finish_reason": "insufficient_system_resource"}]}"#,
      #"{"choices": [{"message": {"content": "No"}, "finish_reason": "abort"}]}"#,
      #"{"choices": [{"message": {"content": ""}, "finish_reason": "MALFORMED_FUNCTION_CALL"}]}"#,
      // LiteLLM 1.93 writes "stop", and keeps the provider's reason beside it.
      #"""
      {"choices": [{"message": {"content": "No"}, "finish_reason": "stop",
        "provider_specific_fields": {"native_finish_reason": "insufficient_system_resource"}}]}
      """#,
      // MiniMax and Qianfan have codes of their own.
      #"{"choices": null, "base_resp": {"status_code": 1000, "status_msg": "unknown error"}}"#,
      #"{"error_code": 336100, "error_msg": "Try again later"}"#,
      // vLLM before 0.10: the body is the error.
      #"{"object": "error", "message": "out of memory", "type": "InternalServerError", "param": null, "code": 500}"#,
    ])
  func `a fault that is reported with status 200 is asked again and never kept`(_ fault: String) async throws {
    let server = ScriptedServer(Self.body(fault), ScriptedServer.answer("Yes. A dog."))
    let reply = try await server.teacher().reply(to: try request())
    #expect((reply.label, server.bodies.count, server.clock.slept.count) == ("falsified", 2, 1))
    // What goes on failing is an error, which no store keeps.
    let failing = ScriptedServer(Self.body(fault))
    let teacher = try failing.teacher { $0.retry.attempts = 2 }
    await #expect(throws: HTTPTeacherError.self) { try await teacher.reply(to: try request()) }
    #expect(failing.bodies.count == 2)
  }

  @Test func `Anthropic's errors are told behind status 200 as well`() async throws {
    for fault in [
      #"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#,
      #"{"type": "error", "error": {"type": "api_error", "message": "m"}}"#,
      #"{"type": "message", "content": [{"type": "text", "text": "No"}], "stop_reason": "error"}"#,
    ] {
      let server = ScriptedServer(Self.body(fault), AnthropicTeacherTests.answer("Yes. A dog."))
      #expect(try await server.anthropic().reply(to: try request()).label == "falsified")
      #expect(server.clock.slept.count == 1)
    }
  }

  @Test func `a fault behind status 200 means what its code means`() async throws {
    // No use in asking on: the account is empty, the key is wrong.
    for fault in [
      #"{"error": {"code": 402, "message": "Insufficient credits"}}"#, #"{"error": {"code": "401", "message": "m"}}"#,
      #"{"error": {"code": "insufficient_quota", "message": "m"}}"#,
      #"{"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}"#,
      #"{"type": "error", "error": {"type": "authentication_error", "message": "m"}}"#,
      #"{"object": "error", "message": "The model `m` does not exist.", "type": "NotFoundError", "param": null, "code": 404}"#,
    ] {
      let server = ScriptedServer(Self.body(fault))
      await #expect(throws: TeacherUnavailable.self) { try await server.teacher().reply(to: try request()) }
      #expect(server.bodies.count == 1)
    }
    // A filter held the question back.
    for fault in [
      #"{"error": {"code": 403, "message": "flagged", "metadata": {"reasons": ["violence"]}}}"#,
      #"{"base_resp": {"status_code": 1026, "status_msg": "flagged"}}"#,
      #"{"choices": [{"message": {"content": ""}, "finish_reason": "sensitive"}]}"#,
      #"{"choices": [{"message": {"content": "No"}, "finish_reason": "SAFETY"}]}"#,
    ] {
      #expect(try await ScriptedServer(Self.body(fault)).teacher().reply(to: try request()).outcome == .refused)
    }
    let busy = ScriptedServer(
      Self.body(#"{"error": {"code": 429, "message": "slow down"}}"#), ScriptedServer.answer("No. It fits."))
    #expect(try await busy.teacher().reply(to: try request()).label == "pristine")
    #expect(busy.clock.slept.count == 1)
  }

  @Test func `a fault behind status 200 is told as it came, and not with a status that was never sent`() async throws {
    for (body, words) in [
      (
        #"{"error": {"code": 502, "message": "Provider returned error"}}"#,
        "status 200 and the code 502: Provider returned error"
      ),
      (#"{"error": "upstream timed out"}"#, "status 200: upstream timed out"),
      (
        #"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#,
        "status 200 and the code overloaded_error: Overloaded"
      ),
      (#"{"choices": [{"message": {"content": ""}, "finish_reason": "abort"}]}"#, "status 200: finish_reason abort"),
    ] {
      let teacher = try ScriptedServer(Self.body(body)).teacher {
        ($0.retry.attempts, $0.retry.throttledAttempts) = (1, 1)
      }
      let error = try await #require(throws: HTTPTeacherError.self) { try await teacher.reply(to: try request()) }
      #expect("\(error)".contains("the server sent an error in place of an answer, with \(words)"), "\(error)")
    }
    // What would be refused again is not asked again.
    let refused = ScriptedServer(Self.body(#"{"error": {"code": 413, "message": "too long"}}"#))
    await #expect(throws: HTTPTeacherError.errorInAnswer(message: "too long", code: "413")) {
      try await refused.teacher().reply(to: try request())
    }
    #expect(refused.bodies.count == 1)
    let key = ScriptedServer(Self.body(#"{"error": {"code": "401", "message": "m"}}"#))
    let gone = try await #require(throws: TeacherUnavailable.self) { try await key.teacher().reply(to: try request()) }
    #expect(gone.reason == "its key is refused in a body of status 200: m")
  }

  @Test func `an empty error beside an answer is none, and of several choices those that failed are asked for again`()
    async throws
  {
    for empty in ["null", "{}", "\"\""] {
      let body =
        #"{"error": \#(empty), "choices": [{"message": {"content": "No"}, "finish_reason": "stop", "error": null}]}"#
      #expect(try await ScriptedServer(Self.body(body)).teacher().reply(to: try request()).label == "pristine")
    }
    let server = ScriptedServer(
      ScriptedServer.answers([ScriptedServer.choice("Yes. a"), ScriptedServer.choice("No", end: "error")]),
      ScriptedServer.answer("Yes. b"))
    let reply = try await server.teacher().reply(to: try request(parameters: .init(temperature: 1, samples: 2)))
    #expect(reply.confidence == Confidence(1, source: .agreement))
    #expect(server.bodies.count == 2)
  }

  /// "{\"choices\": " has 12 bytes, so that NaN stands at the 13th.
  @Test func `a body that is no JSON is told by the place, and one without choices by what it has`() async throws {
    for (body, words) in [
      (#"{"choices": NaN}"#, "JSON (a value at byte 13) in the response, found 'NaN}' behind '{\"choices\": '"),
      ("<html>Login</html>", "expected JSON in the response, found '<html>Login</html>'"),
      (#"{"choices": []}"#, "expected choices[0].message in the response, found an empty list of choices"),
      (#"{"id": "c"}"#, "expected choices[0].message in the response, found an object without choices"),
    ] {
      let teacher = try ScriptedServer(Self.body(body)).teacher { $0.retry.attempts = 1 }
      let error = try await #require(throws: HTTPTeacherError.self) { try await teacher.reply(to: try request()) }
      #expect("\(error)".contains(words), "\(error)")
    }
  }

  @Test func `a byte-order mark before an answer is passed over`() async throws {
    let body = "\u{FEFF}" + #"{"choices": [{"message": {"content": "Yes. A dog."}, "finish_reason": "stop"}]}"#
    #expect(try await ScriptedServer(Self.body(body)).teacher().reply(to: try request()).label == "falsified")
  }

  @Test func `a batch's line with a fault may be asked again`() throws {
    let service = BatchService(.openAI(.init(model: "m")))
    let found = try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("results.jsonl")
      try Data(
        """
        {"custom_id": "k", "response": {"status_code": 200, "body": {"choices": [{"message": {"content": "No"}, "finish_reason": "error"}]}}}
        """.utf8
      ).write(to: file)
      return try service.results(in: file)
    }
    #expect(
      found.results.map(\.failure) == [
        "the server sent an error in place of an answer, with status 200: finish_reason error"
      ])
  }

  @Test(
    arguments: [
      // DeepSeek, and vLLM before and after 0.11.
      #"{"content": "Yes. A dog.", "reasoning_content": "No? No."}"#,
      #"{"content": "Yes. A dog.", "reasoning": "No? No."}"#,
      // Mistral's Magistral, and gateways that answer in parts.
      #"{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "No."}]}, {"type": "text", "text": "Yes. A dog."}]}"#,
      #"{"content": [{"type": "reasoning", "text": "No."}, {"type": "output_text", "text": "Yes. A dog."}]}"#,
      #"{"content": "<think>No? {\"label\": \"No\"}</think>Yes. A dog."}"#,
    ])
  func `thoughts beside the answer are not the answer`(_ message: String) async throws {
    let server = ScriptedServer(Self.body("{\"choices\": [{\"message\": \(message), \"finish_reason\": \"stop\"}]}"))
    let reply = try await server.teacher().reply(to: try request())
    #expect((reply.label, reply.rationale) == ("falsified", "A dog."))
  }
}
