package import ConfigurationFiles
internal import TeacherProtocol

/// A teacher behind a service that speaks the OpenAI chat protocol, such as OpenAI's own, vLLM or llama.cpp, or
/// Anthropic's.
///
/// Keys never stand in a configuration: ``keyVariable`` names the environment variable that holds one, ``keyFile`` a file.
package struct OpenAITeacherConfiguration: ConfigurationSection {
  package var addresses: ServiceAddresses
  package var model: String
  package var api = API.openAI
  package var keyVariable: String?
  package var keyFile: String?
  package var prompt: String?
  package var temperature = 0.0
  package var maximumTokens = 512
  package var answer = Answer.text
  package var responseFormat: ResponseFormat?
  package var lengthParameter: LengthParameter?
  package var logProbabilities = false
  package var statesConfidence = false
  /// Whether an unreadable answer is followed by one more question. The default is false.
  package var repairs = false
  package var samples = 1
  package var seed: Int?
  /// The longest edge of an image in pixels; larger ones are made smaller. The default is none: any size is sent.
  package var imageEdge: Int?
  package var concurrency = ServiceDefaults.inFlight
  package var requestsPerMinute: Double?
  package var tokensPerMinute: Double?
  package var inputPrice: Double?
  package var outputPrice: Double?
  package var timeout = ServiceDefaults.seconds
  package var retries = ServiceDefaults.attempts - 1

  /// How a service is spoken to.
  package enum API: String, ConfigurationChoice {
    /// OpenAI-compatible chat completions.
    case openAI = "openai"
    /// Anthropic's messages.
    case anthropic
  }

  /// How an answer is to be written.
  package enum Answer: String, ConfigurationChoice {
    /// The label's words, then the reasons.
    case text
    /// An object of label and rationale.
    case json
    /// The label's words alone.
    case label
  }

  /// How JSON is asked for in the request.
  package enum ResponseFormat: String, ConfigurationChoice {
    /// `response_format` with a schema.
    case jsonSchema = "json_schema"
    /// vLLM's own `structured_outputs`.
    case structuredOutputs = "structured_outputs"
    /// `response_format` that asks for an object, with the schema beside.
    case jsonObjectWithSchema = "json_object_with_schema"
    /// `response_format` that asks for any object.
    case jsonObject = "json_object"
    /// By the prompt alone.
    case none
  }

  /// The parameter that limits a reply's length.
  package enum LengthParameter: String, ConfigurationChoice {
    /// The older name.
    case maxTokens = "max_tokens"
    /// The newer name.
    case maxCompletionTokens = "max_completion_tokens"
  }

  /// A model at a service.
  package init(baseURL: String, model: String) {
    (addresses, self.model) = (ServiceAddresses([baseURL]), model)
  }

  /// No service.
  package static let blank = OpenAITeacherConfiguration(baseURL: "", model: "")

  /// A server on this machine.
  package static let example = OpenAITeacherConfiguration(
    baseURL: "http://localhost:8000/v1", model: "Qwen/Qwen2-VL-72B-Instruct")

  /// The keys of a service.
  package static let keys: [ConfigurationKey<OpenAITeacherConfiguration>] = [
    ConfigurationKey(
      "base_url", \.addresses, "Address of the service up to /v1; a list of several servers with the same model.",
      range: ServiceAddresses.range, requirement: "the service's address, such as https://api.openai.com/v1"),
    ConfigurationKey(
      "model", \.model, "Name of the model at the service.", range: .nonBlank,
      requirement: "the model's name at the service"),
    ConfigurationKey("api", \.api, "How the service is spoken to."),
    ConfigurationKey(
      "key_env", \.keyVariable, "Environment variable with the key; without it none is sent.", sample: "OPENAI_API_KEY"),
    ConfigurationKey(
      "key_file", \.keyFile, "File whose one line is the key, in place of key_env.", range: .ifGiven(.nonBlank),
      relativeTo: .configuration, sample: "/run/secrets/openai"),
    ConfigurationKey(
      "prompt", \.prompt, "Template for this teacher alone; without it the run's.", range: .ifGiven(.nonBlank),
      sample: "'Caption: {text}'"),
    ConfigurationKey("temperature", \.temperature, "Sampling temperature.", range: .from(0, through: 2)),
    ConfigurationKey("max_tokens", \.maximumTokens, "The most tokens of a reply.", range: .from(1, through: 1_048_576)),
    ConfigurationKey(
      "answer", \.answer, "How an answer is written: in words, as a JSON object, or as a label without reasons."),
    ConfigurationKey(
      "response_format", \.responseFormat, "How the request asks for JSON; without it as the service takes it.",
      sample: "json_schema"),
    ConfigurationKey(
      "length_parameter", \.lengthParameter,
      "Parameter that limits a reply's length; without it as the service takes it.",
      sample: "max_completion_tokens"),
    ConfigurationKey("logprobs", \.logProbabilities, "Ask for token probabilities: a measured confidence."),
    ConfigurationKey("confidence", \.statesConfidence, "Ask the model how sure it is."),
    ConfigurationKey("repair", \.repairs, "Ask once more where an answer has no readable label."),
    ConfigurationKey(
      "samples", \.samples, "Answers drawn for each question; their agreement is the confidence.",
      range: .from(1, through: 100)),
    ConfigurationKey("seed", \.seed, "Seed for sampling.", range: .ifGiven(.from(0, through: .max)), sample: "1"),
    ConfigurationKey(
      "image_edge", \.imageEdge, "Longest edge of an image in pixels; without it images of any size are sent.",
      range: .ifGiven(.from(16, through: 16384)), sample: "1024"),
    ConfigurationKey("concurrency", \.concurrency, "The most requests in flight.", range: .from(1, through: 1024)),
    ConfigurationKey(
      "requests_per_minute", \.requestsPerMinute, "The most requests a minute; without it as the service allows.",
      range: .ifGiven(.above(0, through: 1e9)), sample: "500"),
    ConfigurationKey(
      "tokens_per_minute", \.tokensPerMinute, "The most tokens a minute; without it as the service allows.",
      range: .ifGiven(.above(0, through: 1e12)), sample: "200000"),
    ConfigurationKey(
      "input_price", \.inputPrice, "Price of a million tokens of questions, for spending.max_cost.",
      range: .ifGiven(.from(0, through: 1e9)), sample: "2.5"),
    ConfigurationKey(
      "output_price", \.outputPrice, "Price of a million tokens of replies.", range: .ifGiven(.from(0, through: 1e9)),
      sample: "10"
    ),
    ConfigurationKey(
      "timeout", \.timeout, "Seconds until a request counts as lost.", range: .above(0, through: 86_400)),
    ConfigurationKey("retries", \.retries, "How often a request is tried again.", range: .from(0, through: 20)),
  ]

  /// A variable's name where a variable's name belongs.
  package func checkRelations(with reader: inout ConfigurationReader) {
    let isName =
      keyVariable?.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil && keyVariable?.hasPrefix("sk_") != true
    // What was found is not shown: it may well be the key itself.
    reader.require(
      keyVariable == nil || isName, "key_env",
      expected: "the name of an environment variable, such as OPENAI_API_KEY, never the key itself",
      found: "something else (not shown)")
    reader.require(
      keyVariable == nil || keyFile == nil, "key_file", expected: "either key_env or key_file", found: "both")
    reader.require(
      (inputPrice == nil) == (outputPrice == nil), "output_price", expected: "both prices or neither", found: "one")
  }
}
