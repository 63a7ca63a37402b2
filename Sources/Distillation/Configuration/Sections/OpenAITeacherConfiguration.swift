/// A teacher behind a service that speaks the OpenAI chat protocol, such as OpenAI's own, vLLM or llama.cpp.
///
/// Keys never stand in a configuration: ``keyVariable`` names the environment variable that holds one.
public struct OpenAITeacherConfiguration: ConfigurationSection {
  /// The service's address up to and with `/v1`; there is no default.
  public var baseURL: String
  /// The model's name at the service; there is no default.
  public var model: String
  /// The environment variable with the key. The default is none: no key is sent.
  public var keyVariable: String?
  /// A template for this teacher alone. The default is none: that of the run.
  public var prompt: String?
  /// Sampling temperature, from 0 to 2. The default is 0.
  public var temperature = 0.0
  /// The most tokens of a reply. The default is 512.
  public var maximumTokens = 512
  /// The most requests in flight. The default is 8.
  public var concurrency = 8
  /// Seconds after which a request counts as lost. The default is 600.
  public var timeout = 600.0
  /// How often a request is tried again. The default is 2.
  public var retries = 2

  /// A model at a service.
  public init(baseURL: String, model: String) {
    self.baseURL = baseURL
    self.model = model
  }

  /// No service.
  public static let blank = OpenAITeacherConfiguration(baseURL: "", model: "")

  /// A server on this machine.
  public static let example = OpenAITeacherConfiguration(
    baseURL: "http://localhost:8000/v1", model: "Qwen/Qwen2-VL-72B-Instruct")

  /// The keys of a service.
  public static let keys: [ConfigurationKey<OpenAITeacherConfiguration>] = [
    ConfigurationKey(
      "base_url", \.baseURL, "Address of the service up to /v1.",
      range: ConfigurationRange("beginning with http:// or https://") {
        $0.hasPrefix("http://") || $0.hasPrefix("https://")
      }, requirement: "the service's address, such as https://api.openai.com/v1"),
    ConfigurationKey(
      "model", \.model, "Name of the model at the service.", range: .nonBlank,
      requirement: "the model's name at the service"),
    ConfigurationKey(
      "key_env", \.keyVariable, "Environment variable with the key; without it none is sent.", sample: "OPENAI_API_KEY"),
    ConfigurationKey(
      "prompt", \.prompt, "Template for this teacher alone; without it the run's.", range: .ifGiven(.nonBlank),
      sample: "'Caption: {text}'"),
    ConfigurationKey("temperature", \.temperature, "Sampling temperature.", range: .from(0, through: 2)),
    ConfigurationKey("max_tokens", \.maximumTokens, "The most tokens of a reply.", range: .atLeast(1)),
    ConfigurationKey("concurrency", \.concurrency, "The most requests in flight.", range: .from(1, through: 1024)),
    ConfigurationKey("timeout", \.timeout, "Seconds until a request counts as lost.", range: .above(0)),
    ConfigurationKey("retries", \.retries, "How often a request is tried again.", range: .from(0, through: 20)),
  ]

  /// A variable's name where a variable's name belongs.
  public func checkRelations(with reader: inout ConfigurationReader) {
    let isName =
      keyVariable?.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil && keyVariable?.hasPrefix("sk_") != true
    // What was found is not shown: it may well be the key itself.
    reader.require(
      keyVariable == nil || isName, "key_env",
      expected: "the name of an environment variable, such as OPENAI_API_KEY, never the key itself",
      found: "something else (not shown)")
  }
}
