package import ConfigurationFiles

/// A teacher behind a decision service, which takes a typed question about a state and answers with probabilities.
///
/// Address, key, pace and prices are those of any service.
package struct DecisionTeacherConfiguration: ConfigurationSection {
  package var service: OpenAITeacherConfiguration
  package var api = API.systemOne
  package var state = State.fields
  package var question = "label"

  /// How a service is spoken to.
  package enum API: String, ConfigurationChoice {
    /// System One, `POST /v1/systemone`.
    case systemOne = "systemone"
    /// OpenAI's `POST /v1/decisions`.
    case decisions
  }

  /// What a service is shown of an item.
  package enum State: String, ConfigurationChoice {
    /// Its text, evidence and images as an object; the template is what is asked.
    case fields
    /// The filled prompt.
    case prompt
  }

  /// A model at a service.
  package init(baseURL: String, model: String) {
    service = OpenAITeacherConfiguration(baseURL: baseURL, model: model)
    // Nothing is written.
    service.maximumTokens = 1
  }

  /// No service.
  package static let blank = DecisionTeacherConfiguration(baseURL: "", model: "")

  /// A server on this machine.
  package static let example = DecisionTeacherConfiguration(baseURL: "http://localhost:8000/v1", model: "decider")

  /// The keys of a decision service.
  package static let keys: [ConfigurationKey<DecisionTeacherConfiguration>] =
    OpenAITeacherConfiguration.keys.filter { shared.contains($0.name) }.map { $0.lifted(to: \.service) } + [
      ConfigurationKey("api", \.api, "How the service is spoken to."),
      ConfigurationKey(
        "state", \.state,
        "What is shown: the item's fields, about which the template asks with its slots unfilled, or the filled prompt."
      ),
      ConfigurationKey("question", \.question, "The question's name at the service.", range: .nonBlank),
    ]

  private static let shared: Set<String> = [
    "base_url", "model", "key_env", "key_file", "prompt", "image_edge", "concurrency", "requests_per_minute",
    "tokens_per_minute", "input_price", "output_price", "timeout", "retries",
  ]

  /// What holds between the keys of the service.
  package func checkRelations(with reader: inout ConfigurationReader) { service.checkRelations(with: &reader) }
}
