import JSON
import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

@Suite struct AnthropicTeacherTests {
  static func answer(_ text: String, end: String = "end_turn") -> TransportResponse {
    TransportResponse(
      status: 200,
      body: Data(
        """
        {"type": "message", "content": [{"type": "text", "text": \(JSONValue.string(text).text)}],
         "stop_reason": "\(end)", "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 4}}
        """.utf8))
  }

  static func failure(_ status: Int, _ type: String, _ message: String = "m") -> TransportResponse {
    let body = "{\"type\": \"error\", \"error\": {\"type\": \"\(type)\", \"message\": \"\(message)\"}}"
    return TransportResponse(status: status, body: Data(body.utf8))
  }

  @Test func `a question is asked as the service says`() async throws {
    let server = ScriptedServer(Self.answer("{\"label\": \"Yes\", \"rationale\": \"A dog.\", \"confidence\": 0.9}"))
    let parameters = TeacherParameters(temperature: 2, maximumTokens: 9, answersInJSON: true, statesConfidence: true)
    let reply = try await server.anthropic(key: key()).reply(to: try request(parameters: parameters))
    #expect((reply.label, reply.rationale) == ("falsified", "A dog."))
    #expect(reply.confidence == Confidence(0.9, source: .verbalised))
    #expect(reply.usage == .init(inputTokens: 15, outputTokens: 4))
    let sent = try #require(server.seen.withLock { $0.first })
    #expect(sent.url.absoluteString == "http://localhost:8000/v1/messages")
    #expect(sent.headers["x-api-key"] == "secret-key")
    #expect(sent.headers["anthropic-version"] == "2023-06-01")
    #expect(sent.headers["Authorization"] == nil)
    let body = try server.body(0)
    #expect((body["model"]?.string, body["max_tokens"]?.integer, body["temperature"]?.double) == ("some-model", 9, 1))
    let content = body["messages"]?.elements?.first?["content"]?.elements?.first
    #expect(content?["text"]?.string?.contains("Answer with one JSON object") == true)
    #expect(await TeacherCheck(requests: [try request()]).problems(of: try server.anthropic()) == [])
  }

  @Test func `several images stand in the text where their slots are`() async throws {
    let server = ScriptedServer(Self.answer("No"))
    try await withPlacedImages { request in
      _ = try await server.anthropic().reply(to: request)
      let parts = try server.body(0)["messages"]?.elements?.first?["content"]?.elements ?? []
      // "text content blocks must contain non-whitespace text": the break between the two found photos is left out.
      #expect(
        parts.map { ($0["source"]?["data"] ?? $0["text"])?.string } == [
          "iVBORwE=", "Photo above, found: ", "iVBORwI=", "iVBORwM=", "\nIs it so?",
        ])
    }
  }

  @Test func `an image goes along in base64`() async throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data([0x89, 0x50, 0x4E, 0x47, 1]).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let server = ScriptedServer(Self.answer("No"))
    _ = try await server.anthropic().reply(to: try request(image: try ImageReference(contentsOf: file)))
    let source = try server.body(0)["messages"]?.elements?.first?["content"]?.elements?.first?["source"]
    #expect(source?["media_type"]?.string == "image/png")
    #expect(source?["data"]?.string == Data([0x89, 0x50, 0x4E, 0x47, 1]).base64EncodedString())
  }

  @Test(arguments: [
    ("end_turn", "Hm", TeacherReply.Outcome.unreadable("a text that begins with none of [\"No\", \"Yes\"]")),
    ("max_tokens", "It may", .cutOff), ("max_tokens", "Yes. It", .answered("falsified")),
    ("refusal", "No way", .refused), ("end_turn", "", .empty),
  ])
  func `what has no label is of its own kind`(_ end: String, _ text: String, _ outcome: TeacherReply.Outcome)
    async throws
  {
    #expect(
      try await ScriptedServer(Self.answer(text, end: end)).anthropic().reply(to: try request()).outcome == outcome)
  }

  @Test func `a service that is overloaded is asked again and one without credit is not`() async throws {
    let busy = ScriptedServer([
      .success(Self.failure(529, "overloaded_error")), .success(Self.failure(429, "rate_limit_error")),
      .success(Self.failure(500, "api_error")), .success(Self.answer("Yes")),
    ])
    #expect(try await busy.anthropic().reply(to: try request()).label == "falsified")
    for failure in [
      Self.failure(400, "invalid_request_error", "Your credit balance is too low"),
      Self.failure(401, "authentication_error"),
    ] {
      let server = ScriptedServer(failure)
      await #expect(throws: TeacherUnavailable.self) { try await server.anthropic().reply(to: try request()) }
      #expect(server.bodies.count == 1)
    }
    let wrong = ScriptedServer(Self.failure(400, "invalid_request_error", "messages: too long"))
    await #expect(throws: HTTPTeacherError.refused(status: 400, message: "messages: too long")) {
      try await wrong.anthropic().reply(to: try request())
    }
  }
}
