import TeacherProtocol

/// How an answer's form is asked for in the request.
public enum ResponseFormat: String, Sendable, Codable, CaseIterable {
  /// `response_format` with a strict JSON schema: OpenAI, vLLM, SGLang, llama.cpp, Ollama.
  case jsonSchema = "json_schema"
  /// `structured_outputs`, vLLM's own, from its version 0.12 on.
  case structuredOutputs = "structured_outputs"
  /// `response_format` that asks for a JSON object, with the schema beside: llama-cpp-python.
  case jsonObjectWithSchema = "json_object_with_schema"
  /// `response_format` that asks for any JSON object.
  case jsonObject = "json_object"
  /// By the prompt alone.
  case none

  /// What is asked for where a server refuses this.
  var lesser: ResponseFormat {
    switch self {
    case .jsonSchema: .jsonObjectWithSchema
    case .jsonObjectWithSchema: .jsonObject
    case .structuredOutputs, .jsonObject, .none: .none
    }
  }
}

/// Which parameter limits the answer's length.
public enum LengthParameter: String, Sendable, Codable, CaseIterable {
  /// Known to every server, and refused by OpenAI's newest models.
  case maxTokens = "max_tokens"
  /// What OpenAI asks for now; older servers do not know it.
  case maxCompletionTokens = "max_completion_tokens"
}

/// What one server is known to take. What it refuses by name is left out of the next request.
struct ServerHabits: Sendable, Equatable {
  var length = LengthParameter.maxTokens
  var format = ResponseFormat.jsonSchema
  var sendsLogProbabilities = false
  var sendsSamples = true
  var sendsSeed = true
  var sendsTemperature = true
  /// What was configured, and is not to be discovered.
  var isLengthFixed = false
  var isFormatFixed = false

  /// Learns from a question that was refused (400 or 422); nil where nothing of the request's form is at fault.
  func adapted(to error: ServiceError) -> ServerHabits? {
    let text = "\(error.parameter ?? "") \(error.message)".lowercased()
    func names(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    var next = self
    // A message may name the parameter to use instead as well, so the one in use is looked for first.
    if !isLengthFixed, length == .maxTokens, names("max_tokens") {
      next.length = .maxCompletionTokens
    } else if !isLengthFixed, length == .maxCompletionTokens, names("max_completion_tokens") {
      next.length = .maxTokens
    } else if !isFormatFixed, format != .none, names("response_format", "json_schema", "json_object", "grammar") {
      next.format = format.lesser
    } else if sendsLogProbabilities, names("logprobs") {
      next.sendsLogProbabilities = false
    } else if sendsSamples, error.parameter == "n" || names("'n'", "\"n\"", "`n`", " n ") {
      next.sendsSamples = false
    } else if sendsSeed, names("seed") {
      next.sendsSeed = false
    } else if sendsTemperature, names("temperature") {
      next.sendsTemperature = false
    } else {
      return nil
    }
    return next
  }
}
