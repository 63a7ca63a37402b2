internal import JSON
import TeacherProtocol

/// The members of a request, by name, each checked as it is read. `null` is as good as nothing, as clients write it for
/// parameters that were not given.
struct RequestFields {
  private let members: [String: JSONValue]
  private static let known: Set<String> = [
    "model", "messages", "max_completion_tokens", "max_tokens", "temperature", "top_p", "top_k", "n", "seed", "stop",
    "logprobs", "top_logprobs", "response_format", "structured_outputs", "stream", "stream_options",
    "frequency_penalty", "presence_penalty", "chat_template_kwargs",
  ]

  init(_ members: [JSONValue.Member]) {
    self.members = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
  }

  subscript(name: String) -> JSONValue? {
    let value = members[name]
    return value == .null ? nil : value
  }

  /// Whether the server takes note of the member.
  func isRead(_ name: String) -> Bool { Self.known.contains(name) }

  func text(_ name: String) throws(ChatError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.string else { throw .invalid(name, "\(name) must be a text, not \(value.kind).") }
    return text
  }

  func flag(_ name: String) throws(ChatError) -> Bool? {
    guard let value = self[name] else { return nil }
    guard case .bool(let flag) = value else {
      throw .invalid(name, "\(name) must be true or false, not \(value.kind).")
    }
    return flag
  }

  func number(_ name: String, _ range: ClosedRange<Double>) throws(ChatError) -> Double? {
    guard let value = self[name] else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw .invalid(name, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  func whole(_ name: String, _ range: ClosedRange<Int>) throws(ChatError) -> Int? {
    guard let value = self[name] else { return nil }
    guard let number = value.integer, range.contains(number) else {
      let bounds =
        range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      throw .invalid(
        name, range.lowerBound == .min ? "\(name) must be a whole number." : "\(name) must be a whole number \(bounds)."
      )
    }
    return number
  }

  /// Most tokens of an answer; nil for no limit, which llama.cpp and LM Studio write as -1.
  func length(_ name: String) throws(ChatError) -> Int? {
    if self[name]?.integer == -1 { return nil }
    return try whole(name, 1...Int.max)
  }

  /// What the chat template is told besides, as vLLM and llama.cpp spell it.
  func templateVariables() throws(ChatError) -> [JSONValue.Member] {
    let name = "chat_template_kwargs"
    guard let value = self[name] else { return [] }
    guard case .object(let variables) = value else {
      throw .invalid(name, "\(name) must be an object, not \(value.kind).")
    }
    for variable in variables {
      let place = "\(name).\(variable.name)"
      // What the server itself says of a conversation, and the tokens of the model.
      if ["messages", "tools", "documents", "add_generation_prompt"].contains(variable.name)
        || variable.name.hasSuffix("_token")
      {
        throw .unsupported(place, "\(place) is the server's own to say; leave it out.")
      }
      switch variable.value {
      case .null, .bool, .number, .string: break
      case .array, .object:
        throw .invalid(place, "\(place) must be true or false, a number or a text, not \(variable.value.kind).")
      }
    }
    return variables.filter { !$0.value.isNull }
  }

  /// A text or up to four; none for an empty list.
  func stops() throws(ChatError) -> [String] {
    guard let value = self["stop"], value != .array([]) else { return [] }
    let texts = value.string.map { [$0] } ?? value.elements?.compactMap(\.string) ?? []
    guard !texts.isEmpty, texts.count == value.elements?.count ?? 1, texts.count <= 4, !texts.contains("") else {
      throw .invalid("stop", "stop must be a text or a list of one to four, none of them empty.")
    }
    return texts
  }

  /// The one member of `structured_outputs`; nil where it has none.
  private func structuredOutput() throws(ChatError) -> JSONValue.Member? {
    guard let outputs = self["structured_outputs"] else { return nil }
    guard case .object(let all) = outputs else {
      throw .invalid("structured_outputs", "structured_outputs must be an object, not \(outputs.kind).")
    }
    let given = all.filter { $0.value != .null }
    guard given.count <= 1 else {
      throw .invalid("structured_outputs", "structured_outputs must have one member: json or choice.")
    }
    return given.first
  }

  /// What answers are held to, by `response_format` or by vLLM's `structured_outputs`.
  func form() throws(ChatError) -> AnswerGuide.Form {
    if let only = try structuredOutput() {
      let format = self["response_format"]
      guard format == nil || format?["type"]?.string == "text" else {
        throw .invalid("structured_outputs", "Give either response_format or structured_outputs.")
      }
      switch only.name {
      case "json": return .schema(try AnswerSchema(only.value, at: "structured_outputs.json"))
      case "choice":
        let texts = only.value.elements?.compactMap(\.string) ?? []
        guard !texts.isEmpty, texts.count == only.value.elements?.count, !texts.contains("") else {
          throw .invalid("structured_outputs.choice", "choice must be a list of texts, none of them empty.")
        }
        return .choice(ChoiceTexts(texts))
      default:
        throw .unsupported("structured_outputs.\(only.name)", "Of structured_outputs json and choice are supported.")
      }
    }
    guard let format = self["response_format"] else { return .free }
    switch format["type"]?.string {
    case "text": return .free
    case "json_object": return .schema(.anyObject)
    case "json_schema":
      guard let schema = format["json_schema"]?["schema"] else {
        throw .invalid("response_format.json_schema.schema", "schema is missing.")
      }
      return .schema(try AnswerSchema(schema, at: "response_format.json_schema.schema"))
    default:
      throw .invalid("response_format.type", "type must be text, json_object or json_schema.")
    }
  }
}
