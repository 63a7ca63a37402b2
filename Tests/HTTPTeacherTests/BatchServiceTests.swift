import JSON
import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

@Suite struct BatchServiceTests {
  func results(_ service: BatchService, _ text: String) throws -> (results: [BatchService.Result], unreadable: Int) {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("results.jsonl")
      try Data(text.utf8).write(to: file)
      let found = try service.results(in: file)
      return (found.results, found.unreadable.count)
    }
  }

  @Test func `questions are written as each service wants them`() async throws {
    var options = OpenAICompatibleTeacher.Options(model: "some-model")
    options.lengthParameter = .maxCompletionTokens
    let question = try request(parameters: .init(maximumTokens: 9, answersInJSON: true))
    let openAI = try JSONParser.value(of: try await BatchService(.openAI(options)).line(id: "k1", request: question))
    #expect((openAI["custom_id"]?.string, openAI["method"]?.string) == ("k1", "POST"))
    #expect(openAI["url"]?.string == "/v1/chat/completions")
    #expect(openAI["body"]?["max_completion_tokens"]?.integer == 9)
    #expect(openAI["body"]?["response_format"]?["type"]?.string == "json_schema")
    let anthropic = BatchService(.anthropic(.init(model: "some-model")))
    let line = try JSONParser.value(of: try await anthropic.line(id: "k1", request: question))
    #expect(line["params"]?["max_tokens"]?.integer == 9)
    #expect(line["params"]?["messages"]?.elements?.count == 1)
    #expect(anthropic.maximumLines == 100_000)
  }

  @Test func `a line has all images where their slots are`() async throws {
    try await withPlacedImages { request in
      for (service, body) in [
        (BatchService(.openAI(.init(model: "m"))), "body"), (BatchService(.anthropic(.init(model: "m"))), "params"),
      ] {
        let line = try JSONParser.value(of: try await service.line(id: "k", request: request))
        let parts = line[body]?["messages"]?.elements?.first?["content"]?.elements ?? []
        #expect(parts.map { $0["type"]?.string == "text" } == [false, true, false, false, true])
      }
    }
  }

  @Test func `a partial file gives what it has`() throws {
    let service = BatchService(.openAI(.init(model: "m")))
    let body = ScriptedServer.answer("Yes. A dog.").body
    let answer = String(decoding: body, as: UTF8.self).replacingOccurrences(of: "\n", with: " ")
    let found = try results(
      service,
      """
      {"id": "b3", "custom_id": "k3", "response": {"status_code": 200, "request_id": "r", "body": \(answer)}, "error": null}
      {"id": "b1", "custom_id": "k1", "response": {"status_code": 429, "body": {"error": {"code": "c", "message": "m"}}}}
      {"id": "b2", "custom_id": "k2", "response": null, "error": {"code": "batch_expired", "message": "too late"}}
      {"id": "b3", "custom_id": "k3", "response": {"status_code": 500}}
      not a line

      {"id": "b4", "custom_id": "k4", "response": {"status_code": 200, "body": {"choices": []}}}
      {"id": "b5", "custom_id": "k5", "response": {"status_code": 200, "bo
      """)
    #expect(found.unreadable == 2)
    #expect(found.results.map(\.id) == ["k3", "k1", "k2", "k4"])
    #expect(found.results[0].reply(to: try request())?.outcome == .answered("falsified"))
    #expect(found.results[0].reply(to: try request())?.usage == .init(inputTokens: 12, outputTokens: 3))
    #expect(found.results[1].failure == "c: m")
    #expect(found.results[2].failure == "batch_expired: too late")
    #expect(found.results[3].failure?.contains("choices") == true)
    #expect(try found.results[1].reply(to: request()) == nil)
    #expect(throws: HTTPTeacherError.self) { try service.results(in: URL(fileURLWithPath: "/nowhere")) }
  }

  @Test func `Anthropic's results are of four kinds`() throws {
    let message = String(decoding: AnthropicTeacherTests.answer("No. It fits.").body, as: UTF8.self)
      .replacingOccurrences(of: "\n", with: " ")
    let found = try results(
      BatchService(.anthropic(.init(model: "m"))),
      """
      {"custom_id": "k1", "result": {"type": "succeeded", "message": \(message)}}
      {"custom_id": "k2", "result": {"type": "errored", "error": {"type": "error", "error": {"type": "t", "message": "m"}}}}
      {"custom_id": "k3", "result": {"type": "canceled"}}
      {"custom_id": "k4", "result": {"type": "expired"}}
      """)
    #expect(try found.results.map { try $0.reply(to: request())?.label } == ["pristine", nil, nil, nil])
    #expect(found.results.map(\.failure) == [nil, "t: m", "canceled", "expired"])
  }
}
