import JSON
import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

/// Answers that bring something else than words, and words without the figures that were asked for.
@Suite struct AnswersWithoutWordsTests {
  private static func body(_ message: String, end: String = "stop") -> TransportResponse {
    let text = "{\"choices\": [{\"message\": \(message), \"finish_reason\": \"\(end)\"}]}"
    return TransportResponse(status: 200, body: Data(text.utf8))
  }

  private static let thoughtsAlone = TeacherReply.Outcome.unreadable("thoughts alone, and no answer behind them")
  private static let toolCall = TeacherReply.Outcome.unreadable(
    "a call of a tool in place of an answer, though it was offered none")

  /// Fields as vLLM, DeepSeek, Ollama and OpenRouter name them, and parts as Mistral has them.
  @Test(
    arguments: [
      #"{"content": null, "reasoning_content": "Yes. A dog."}"#, #"{"content": "", "reasoning": "Yes. A dog."}"#,
      #"{"content": " \n", "reasoning": null, "thinking": "Yes. A dog."}"#,
      #"{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Yes. A dog."}]}]}"#,
      #"{"content": [{"type": "reasoning", "text": "Yes. "}, {"type": "reasoning", "text": "A dog."}]}"#,
    ])
  func `thoughts alone are no answer, and are kept and told as what they are`(_ message: String) async throws {
    let whole = try await ScriptedServer(Self.body(message)).teacher().reply(to: try request())
    #expect((whole.outcome, whole.raw) == (Self.thoughtsAlone, "<think>Yes. A dog.</think>"))
    let cut = try await ScriptedServer(Self.body(message, end: "length")).teacher().reply(to: try request())
    #expect((cut.outcome, cut.raw) == (.cutOff, "<think>Yes. A dog."))
    // What is kept is read again as it was.
    let reader = AnswerReader(labels: .outOfContext)
    #expect(reader.read(whole.raw).outcome == whole.outcome && reader.read(cut.raw).outcome == cut.outcome)
  }

  @Test(arguments: [
    (#"<think>Yes. A"#, "a thought that never ends"), (#"{\"label\": \""#, "an object that never ends"),
    (#"<think>Hm</think>{\"rationale\": \"a d"#, "an object that never ends"),
  ])
  func `what never ends was cut off at a limit of length alone, and elsewhere is told as what it is`(
    _ content: String, _ words: String
  ) async throws {
    let message = #"{"content": "\#(content)"}"#
    let whole = try await ScriptedServer(Self.body(message)).teacher().reply(to: try request())
    #expect(whole.outcome == .unreadable(words) && !whole.raw.isEmpty)
    let cut = try await ScriptedServer(Self.body(message, end: "length")).teacher().reply(to: try request())
    #expect(cut.outcome == .cutOff && cut.raw == whole.raw)
  }

  @Test func `a closing mark within thoughts lets no answer out of them`() async throws {
    let message = #"{"content": null, "reasoning_content": "Hm </think> Yes."}"#
    let reply = try await ScriptedServer(Self.body(message)).teacher().reply(to: try request())
    #expect((reply.label, reply.outcome) == (nil, Self.thoughtsAlone))
    #expect(AnswerReader(labels: .outOfContext).read(reply.raw).outcome == Self.thoughtsAlone)
  }

  /// OpenAI's `tool_calls`, and `function_call` as older servers have it.
  @Test(
    arguments: [
      #"{"content": null, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}]}"#,
      #"{"content": "", "function_call": {"name": "look", "arguments": "{}"}, "reasoning_content": "I look."}"#,
    ])
  func `a call of a tool is told as one, and kept`(_ message: String) async throws {
    for end in ["tool_calls", "stop"] {
      let reply = try await ScriptedServer(Self.body(message, end: end)).teacher().reply(to: try request())
      #expect(reply.outcome == Self.toolCall && reply.raw.contains("look"), "\(reply)")
    }
  }

  @Test func `words beside calls and thoughts are the answer, and nothing at all is an empty one`() async throws {
    let both = #"{"content": "Yes. A dog.", "tool_calls": [{"function": {"name": "f"}}], "reasoning": "No."}"#
    #expect(try await ScriptedServer(Self.body(both)).teacher().reply(to: try request()).label == "falsified")
    for nothing in [
      #"{"content": null, "tool_calls": null, "function_call": null}"#, #"{"content": "", "tool_calls": []}"#,
      #"{"content": null, "reasoning_content": ""}"#,
    ] {
      let reply = try await ScriptedServer(Self.body(nothing)).teacher().reply(to: try request())
      #expect((reply.outcome, reply.raw) == (.empty, ""))
    }
  }

  @Test func `Anthropic's thoughts alone and uses of tools are told likewise`() async throws {
    func reply(_ blocks: String, end: String) async throws -> TeacherReply {
      let body = "{\"type\": \"message\", \"stop_reason\": \"\(end)\", \"content\": [\(blocks)]}"
      return try await ScriptedServer(TransportResponse(status: 200, body: Data(body.utf8))).anthropic()
        .reply(to: try request())
    }
    let thoughts =
      #"{"type": "thinking", "thinking": "No.", "signature": "s"}, {"type": "redacted_thinking", "data": "x"}"#
    let whole = try await reply(thoughts, end: "end_turn")
    #expect((whole.outcome, whole.raw) == (Self.thoughtsAlone, "<think>No.\n(redacted)</think>"))
    #expect(try await reply(thoughts, end: "max_tokens").outcome == .cutOff)
    let call = #"{"type": "tool_use", "id": "t", "name": "look", "input": {}}"#
    #expect(try await reply(call, end: "tool_use").outcome == Self.toolCall)
    let answer = #"{"type": "text", "text": "Yes. A dog."}"#
    #expect(try await reply(thoughts + ", " + answer, end: "end_turn").label == "falsified")
  }

  @Test func `a service that is asked to repair thoughts alone is not told them as its words`() async throws {
    let server = ScriptedServer(
      Self.body(#"{"content": null, "reasoning_content": "Hm."}"#), ScriptedServer.answer("Yes. A dog."))
    var parameters = TeacherParameters()
    parameters.isRepaired = true
    #expect(try await server.teacher().reply(to: try request(parameters: parameters)).label == "falsified")
    #expect(try server.body(1)["messages"]?[1]?["content"]?.string == "(nothing)")
  }

  // MARK: Token probabilities

  private struct Meter: RequestMeter {
    let said = Locked<[String]>([])
    func tell(_ words: String) { said.withLock { $0.append(words) } }
    func countLostReply() {}
    func countRequest() {}
  }

  private func said(_ server: ScriptedServer, wanted: Bool = true, questions: Int = 3) async throws -> [String] {
    let meter = Meter()
    let teacher = try server.teacher { $0.wantsLogProbabilities = wanted }
    for _ in 0..<questions {
      var question = try request()
      question.meter = meter
      #expect(try await teacher.reply(to: question).label == "falsified")
    }
    return meter.said.withLock { $0 }
  }

  @Test func `token probabilities that are asked for and do not come are told once`() async throws {
    let remedy = "No confidence of it is measured: ask for confidence or samples in place of logprobs"
    let missing = Self.body(#"{"content": "Yes. A dog."}"#)
    for answer in [
      ScriptedServer.answer("Yes. A dog.", logs: "null"), missing,
      ScriptedServer.answer("Yes. A dog.", logs: "{\"content\": null}"),
    ] {
      let words = try await said(ScriptedServer(answer))
      #expect(
        words.count == 1
          && words[0].hasPrefix("it is asked for token probabilities (logprobs) and sends none. \(remedy)"))
    }
    // Nothing else stands beside each token, which leaves nothing to compare it with.
    let alone = AnswersFromServicesTests.logs([("Yes", -0.1, []), (".", -0.1, [(".", -0.1)])])
    let words = try await said(ScriptedServer(ScriptedServer.answer("Yes.", logs: alone)))
    #expect(words.count == 1 && words[0].contains("sends those of its own tokens alone"), "\(words)")
    // Whoever asks for none misses none; nor where they come.
    #expect(try await said(ScriptedServer(missing), wanted: false) == [])
    let logs = AnswersFromServicesTests.logs([("Yes", -0.1, [("Yes", -0.1), ("No", -3)]), (".", -0.1, [])])
    #expect(try await said(ScriptedServer(ScriptedServer.answer("Yes.", logs: logs))) == [])
  }

  @Test func `a service that refuses token probabilities is told once too`() async throws {
    let words = try await said(
      ScriptedServer(
        ScriptedServer.failure(400, message: "logprobs are not available for this model"),
        ScriptedServer.answer("Yes. A dog.")))
    #expect(words.count == 1, "\(words)")
    #expect(
      words.first?.hasPrefix("it refuses to send token probabilities (logprobs). No confidence of it is measured")
        == true
        && words.first?.hasSuffix("It said: logprobs are not available for this model") == true)
  }

  @Test func `results of a batch without token probabilities are told`() throws {
    var options = OpenAICompatibleTeacher.Options(model: "m")
    options.wantsLogProbabilities = true
    let line =
      #"{"custom_id": "k", "response": {"status_code": 200, "body": {"choices": [{"message": {"content": "No"}}]}}}"#
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("results.jsonl")
      try Data(line.utf8).write(to: file)
      let asked = BatchService(.openAI(options))
      #expect(try asked.lackOfTokens(in: asked.results(in: file).results)?.contains("sends none") == true)
      let plain = BatchService(.openAI(.init(model: "m")))
      #expect(try plain.lackOfTokens(in: plain.results(in: file).results) == nil)
    }
  }
}
