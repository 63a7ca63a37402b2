internal import JSON
import Foundation
import TeacherProtocol

/// The wire format of OpenAI-compatible chat completions: a question as a body, a body as an answer.
struct ChatCompletions: ChatFormat {
  var path: String { "chat/completions" }

  func headers(key: APIKey?) -> [String: String] {
    key.map { ["Authorization": "Bearer \($0.value)"] } ?? [:]
  }

  func body(_ question: Question, model: String, habits: ServerHabits) -> JSONValue {
    let parameters = question.request.parameters
    var messages = [JSONValue.object([.init("role", "user"), .init("content", content(question))])]
    if let repair = question.repair {
      messages += [
        .object([.init("role", "assistant"), .init("content", .string(repair.answer))]),
        .object([.init("role", "user"), .init("content", .string(repair.question))]),
      ]
    }
    var members: [JSONValue.Member] = [
      .init("model", .string(model)), .init("messages", .array(messages)),
      .init(habits.length.rawValue, .number(parameters.maximumTokens)),
    ]
    if habits.sendsTemperature { members.append(.init("temperature", .number(parameters.temperature))) }
    if habits.sendsSeed, let seed = question.seed { members.append(.init("seed", .number(seed))) }
    if question.samples > 1, habits.sendsSamples { members.append(.init("n", .number(question.samples))) }
    if parameters.answersInJSON { members += form(AnswerForm(of: question.request), habits.format) }
    if habits.sendsLogProbabilities {
      members += [.init("logprobs", .bool(true)), .init("top_logprobs", .number(20))]
    }
    return .object(members)
  }

  private func content(_ question: Question) -> JSONValue {
    // Servers without images may know plain texts only.
    guard !question.images.isEmpty else { return .string(question.text) }
    return .array(
      question.parts {
        .object([.init("type", "text"), .init("text", .string($0))])
      } image: {
        .object([
          .init("type", "image_url"),
          .init("image_url", .object([.init("url", .string("data:\($0.mediaType);base64,\($0.base64)"))])),
        ])
      })
  }

  private func form(_ form: AnswerForm, _ format: ResponseFormat) -> [JSONValue.Member] {
    func responseFormat(_ type: String, _ more: [JSONValue.Member] = []) -> [JSONValue.Member] {
      [.init("response_format", .object([.init("type", .string(type))] + more))]
    }
    switch format {
    case .none: return []
    case .jsonObject: return responseFormat("json_object")
    case .jsonObjectWithSchema: return responseFormat("json_object", [.init("schema", form.schemaValue)])
    case .structuredOutputs: return [.init("structured_outputs", .object([.init("json", form.schemaValue)]))]
    case .jsonSchema:
      return responseFormat(
        "json_schema",
        [
          .init(
            "json_schema",
            .object([.init("name", "answer"), .init("schema", form.schemaValue), .init("strict", .bool(true))]))
        ])
    }
  }

  func spoken(_ value: JSONValue) throws(HTTPTeacherError) -> Spoken {
    guard let choices = value["choices"]?.elements, !choices.isEmpty else {
      let found = value["choices"].map {
        $0.elements == nil ? "choices that are \($0.kind)" : "an empty list of choices"
      }
      throw .badResponse(expected: "choices[0].message", found: found ?? "\(value.kind) without choices")
    }
    var samples: [Spoken.Sample] = []
    // Of several choices those that failed are asked for again.
    for choice in choices where !ProviderFault.isFaulty(choice) {
      guard let message = choice["message"], case .object = message else {
        throw .badResponse(expected: "choices[0].message", found: choice["message"]?.kind ?? "nothing")
      }
      samples.append(sample(message, of: choice))
    }
    let usage = TeacherReply.Usage(in: value, input: "prompt_tokens", output: "completion_tokens")
    return Spoken(samples: samples, usage: usage)
  }

  private func sample(_ message: JSONValue, of choice: JSONValue) -> Spoken.Sample {
    let text = message["content"].map(Self.text) ?? ""
    let parts = message["content"]?.elements ?? []
    let refusal = message["refusal"]?.string ?? parts.lazy.compactMap { $0["refusal"]?.string }.first ?? ""
    let tokens = choice["logprobs"]?["content"]?.elements?.compactMap(token) ?? []
    let thoughts = Self.thoughts(message)
    let calls = [message["tool_calls"], message["function_call"]].compactMap(\.self).first {
      $0[0] != nil || $0["name"] != nil
    }
    return switch FinishReason(choice["finish_reason"]?.string) {
    case .refused: Spoken.Sample(text: refusal.isEmpty ? text : refusal, end: .refused)
    case _ where !refusal.isEmpty: Spoken.Sample(text: refusal, end: .refused)
    case let end:
      Spoken.Sample(
        text: text, end: end == .cutOff ? .cutOff : .complete, tokens: tokens, thoughts: thoughts,
        calls: calls?.text ?? "")
    }
  }

  /// What was thought, which stands in fields of its own beside the content (DeepSeek, vLLM, Ollama, OpenRouter) or in parts of
  /// it (Mistral).
  private static func thoughts(_ message: JSONValue) -> String {
    let beside = ["reasoning_content", "reasoning", "thinking"].lazy.compactMap { message[$0]?.string }
    if let thoughts = beside.first(where: { !$0.isEmpty }) { return thoughts }
    let parts = message["content"]?.elements?.filter { ["thinking", "reasoning"].contains($0["type"]?.string) } ?? []
    return parts.compactMap { part in
      part["text"]?.string ?? part["thinking"]?.string
        ?? part["thinking"]?.elements?.compactMap { $0["text"]?.string }.joined()
    }.joined()
  }

  /// The words of an answer, which some servers give in parts, as they are asked. Thoughts have parts of other types
  /// (`thinking`, `reasoning`), or fields of their own beside the content, and are no words of the answer.
  private static func text(_ content: JSONValue) -> String {
    if let text = content.string { return text }
    let parts = content.elements?.filter { ["text", "output_text", nil].contains($0["type"]?.string) } ?? []
    return parts.compactMap { $0["text"]?.string ?? $0.string }.joined()
  }

  private func token(_ value: JSONValue) -> SpokenToken? {
    guard let own = bytes(value) else { return nil }
    return SpokenToken(
      bytes: own, logProbability: value["logprob"]?.double ?? -.infinity,
      alternatives: value["top_logprobs"]?.elements?.compactMap { other in
        guard let bytes = bytes(other), let log = other["logprob"]?.double else { return nil }
        return (bytes, log)
      } ?? [])
  }

  private func bytes(_ value: JSONValue) -> [UInt8]? {
    if let bytes = value["bytes"]?.elements { return bytes.compactMap { $0.integer.flatMap(UInt8.init(exactly:)) } }
    return value["token"]?.string.map { Array($0.utf8) }
  }
}
