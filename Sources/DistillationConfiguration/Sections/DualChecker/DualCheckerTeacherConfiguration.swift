package import ConfigurationFiles
package import DualChecker

/// The teacher of a DualChecker run.
package struct DualCheckerTeacherConfiguration: DefaultedSection {
  package var name = "teacher"
  /// What answers. The default is `in_context`.
  package var kind = Kind.inContext
  /// How the in-context teacher decides classes. The default is `similarity`.
  package var decides = InContextTeacher.Method.similarity
  /// Where the in-context teacher's confidence comes from. The default is `probability`.
  package var confidence = ConfidenceSource.probability
  package var service = OpenAITeacherConfiguration.blank
  /// The model in this process. The default is none.
  package var model = ModelTeacherConfiguration.blank

  /// The kinds of teacher.
  package enum Kind: String, ConfigurationChoice {
    /// A learner in this process that knows what stands in its prompt.
    case inContext = "in_context"
    /// A language model that runs in this process, for tasks with classes.
    case model
    /// A service that speaks the OpenAI chat protocol.
    case openAI = "openai"
  }

  /// Where a confidence comes from.
  package enum ConfidenceSource: String, ConfigurationChoice {
    /// The probability of the answer.
    case probability
    /// The share of resampled prompts with the same answer.
    case agreement
    /// What is stated in words.
    case verbalised
  }

  /// The in-context teacher.
  package init() {}

  /// The keys under `teacher`.
  package static let keys: [ConfigurationKey<DualCheckerTeacherConfiguration>] =
    [
      ConfigurationKey("name", \.name, "Name in results and stores.", range: .nonBlank),
      ConfigurationKey(
        "kind", \.kind, "An in-context learner or a language model in this process, or a service.", decides: true),
      ConfigurationKey("decides", \.decides, "How classes are decided.", when: own),
      ConfigurationKey("confidence", \.confidence, "Where confidence comes from.", when: own),
    ]
    // The template of this method is its own.
    + OpenAITeacherConfiguration.keys.filter { $0.name != "prompt" }
    .map { $0.lifted(to: \.service, when: .init("kind: openai") { $0.kind == .openAI }) }
    + ModelTeacherConfiguration.keys.filter { ["model", "adapter", "max_tokens"].contains($0.name) }
    .map { $0.lifted(to: \.model, when: .init("kind: model") { $0.kind == .model }) }

  private static let own = ConfigurationKey<DualCheckerTeacherConfiguration>.Condition("kind: in_context") {
    $0.kind == .inContext
  }
}

extension InContextTeacher.Method: ConfigurationChoice {}
