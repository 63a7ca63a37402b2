/// The two forms in which services take typed questions and answer them with probabilities.
public enum DecisionAPI: String, Sendable, Codable, CaseIterable {
  /// System One, `POST /v1/systemone`: a state, questions by name, images as assets.
  case systemOne = "systemone"
  /// OpenAI's, `POST /v1/decisions`: an input of messages, a list of questions.
  case decisions
}
