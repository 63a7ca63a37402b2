package import ConfigurationFiles
internal import TeacherProtocol

/// A teacher behind a service that speaks the OpenAI chat protocol, such as OpenAI's own, vLLM or llama.cpp, or
/// Anthropic's.
///
/// Keys never stand in a configuration: ``keyVariable`` names the environment variable that holds one, ``keyFile`` a file.
package struct OpenAITeacherConfiguration: ConfigurationSection {
  /// The service's address up to and with `/v1`; there is no default.
  package var baseURL: String
  /// The model's name at the service; there is no default.
  package var model: String
  /// How the service is spoken to. The default is `openai`.
  package var api = API.openAI
  /// The environment variable with the key. The default is none: no key is sent.
  package var keyVariable: String?
  /// The file whose one line is the key. The default is none.
  package var keyFile: String?
  /// A template for this teacher alone. The default is none: that of the run.
  package var prompt: String?
  /// Sampling temperature, from 0 to 2. The default is 0.
  package var temperature = 0.0
  /// The most tokens of a reply. The default is 512, twice what a teacher in this process may say: models behind services
  /// give reasons at length, and a reply that is cut off has no label.
  package var maximumTokens = 512
  /// How an answer is to be written. The default is `text`.
  package var answer = Answer.text
  /// For JSON: how the request asks for it. The default is none: by a schema, or by less where the service refuses that.
  package var responseFormat: ResponseFormat?
  /// The parameter that limits a reply's length. The default is none: `max_tokens`, or the newer name where that is refused.
  package var lengthParameter: LengthParameter?
  /// Whether token probabilities are asked for, for a measured confidence. The default is false.
  package var logProbabilities = false
  /// Whether the model is asked how sure it is. The default is false.
  package var statesConfidence = false
  /// Whether an unreadable answer is followed by one more question. The default is false.
  package var repairs = false
  /// Answers drawn for each question, whose agreement is the confidence. The default is 1.
  package var samples = 1
  /// The seed for sampling. The default is none.
  package var seed: Int?
  /// The longest edge of an image in pixels; larger ones are made smaller. The default is none: any size is sent.
  package var imageEdge: Int?
  /// The most requests in flight. The default is 8.
  package var concurrency = ServiceDefaults.inFlight
  /// The most requests a minute. The default is none.
  package var requestsPerMinute: Double?
  /// The most tokens a minute. The default is none.
  package var tokensPerMinute: Double?
  /// The price of a million tokens of questions. The default is none.
  package var inputPrice: Double?
  /// The price of a million tokens of replies. The default is none.
  package var outputPrice: Double?
  /// Seconds after which a request counts as lost. The default is 600.
  package var timeout = ServiceDefaults.seconds
  /// How often a request is tried again. The default is 2.
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
    self.baseURL = baseURL
    self.model = model
  }

  /// No service.
  package static let blank = OpenAITeacherConfiguration(baseURL: "", model: "")

  /// A server on this machine.
  package static let example = OpenAITeacherConfiguration(
    baseURL: "http://localhost:8000/v1", model: "Qwen/Qwen2-VL-72B-Instruct")

  /// The keys of a service.
  package static let keys: [ConfigurationKey<OpenAITeacherConfiguration>] = [
    ConfigurationKey(
      "base_url", \.baseURL, "Address of the service up to /v1.",
      range: ConfigurationRange("beginning with http:// or https://") {
        $0.hasPrefix("http://") || $0.hasPrefix("https://")
      }, requirement: "the service's address, such as https://api.openai.com/v1"),
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
    ConfigurationKey("max_tokens", \.maximumTokens, "The most tokens of a reply.", range: .atLeast(1)),
    ConfigurationKey("answer", \.answer, "How an answer is written: in words, or as a JSON object."),
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
    ConfigurationKey("seed", \.seed, "Seed for sampling.", range: .ifGiven(.atLeast(0)), sample: "1"),
    ConfigurationKey(
      "image_edge", \.imageEdge, "Longest edge of an image in pixels; without it images of any size are sent.",
      range: .ifGiven(.from(16, through: 16384)), sample: "1024"),
    ConfigurationKey("concurrency", \.concurrency, "The most requests in flight.", range: .from(1, through: 1024)),
    ConfigurationKey(
      "requests_per_minute", \.requestsPerMinute, "The most requests a minute; without it as the service allows.",
      range: .ifGiven(.above(0)), sample: "500"),
    ConfigurationKey(
      "tokens_per_minute", \.tokensPerMinute, "The most tokens a minute; without it as the service allows.",
      range: .ifGiven(.above(0)), sample: "200000"),
    ConfigurationKey(
      "input_price", \.inputPrice, "Price of a million tokens of questions, for spending.max_cost.",
      range: .ifGiven(.atLeast(0)), sample: "2.5"),
    ConfigurationKey(
      "output_price", \.outputPrice, "Price of a million tokens of replies.", range: .ifGiven(.atLeast(0)), sample: "10"
    ),
    ConfigurationKey("timeout", \.timeout, "Seconds until a request counts as lost.", range: .above(0)),
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
