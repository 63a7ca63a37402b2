internal import JSON
import Foundation
import TeacherProtocol

/// The wire format of Anthropic's messages.
struct AnthropicMessages: ChatFormat {
  var path: String { "messages" }
  var habits: ServerHabits {
    var habits = ServerHabits()
    habits.isLengthFixed = true
    // The form of an answer is asked for by the prompt, and several answers one by one.
    (habits.format, habits.isFormatFixed, habits.sendsSamples) = (.none, true, false)
    return habits
  }

  func headers(key: APIKey?) -> [String: String] {
    var headers = ["anthropic-version": "2023-06-01"]
    if let key { headers["x-api-key"] = key.value }
    return headers
  }

  func body(_ question: Question, model: String, habits: ServerHabits) -> JSONValue {
    let parameters = question.request.parameters
    let content = question.parts {
      .object([.init("type", "text"), .init("text", .string($0))])
    } image: {
      let source: [JSONValue.Member] = [
        .init("type", "base64"), .init("media_type", .string($0.mediaType)), .init("data", .string($0.base64)),
      ]
      return .object([.init("type", "image"), .init("source", .object(source))])
    }
    var messages = [JSONValue.object([.init("role", "user"), .init("content", .array(content))])]
    if let repair = question.repair {
      messages += [
        .object([.init("role", "assistant"), .init("content", .string(repair.answer))]),
        .object([.init("role", "user"), .init("content", .string(repair.question))]),
      ]
    }
    var members: [JSONValue.Member] = [
      .init("model", .string(model)), .init("max_tokens", .number(parameters.maximumTokens)),
      .init("messages", .array(messages)),
    ]
    // The service knows temperatures up to 1.
    if habits.sendsTemperature { members.append(.init("temperature", .number(min(parameters.temperature, 1)))) }
    return .object(members)
  }

  func spoken(_ value: JSONValue) throws(HTTPTeacherError) -> Spoken {
    guard let content = value["content"]?.elements else {
      throw .badResponse(expected: "content", found: value["content"]?.kind ?? value.kind)
    }
    let text = content.filter { $0["type"]?.string == "text" }.compactMap { $0["text"]?.string }.joined()
    let end: Spoken.End =
      switch FinishReason(value["stop_reason"]?.string) {
      case .cutOff: .cutOff
      case .refused: .refused
      case .complete, .fault: .complete
      }
    let usage = TeacherReply.Usage(
      in: value, input: "input_tokens", cached: ["cache_creation_input_tokens", "cache_read_input_tokens"],
      output: "output_tokens")
    let thoughts = content.compactMap { block in
      switch block["type"]?.string {
      case "thinking": block["thinking"]?.string
      case "redacted_thinking": "(redacted)"
      default: nil
      }
    }.joined(separator: "\n")
    let calls = content.filter { $0["type"]?.string == "tool_use" }
    return Spoken(
      samples: [
        .init(text: text, end: end, thoughts: thoughts, calls: calls.isEmpty ? "" : JSONValue.array(calls).text)
      ], usage: usage)
  }
}
