package import JSON

/// The form that an answer is asked to have: a JSON schema for servers that hold a model to one, and words for all.
///
/// ```swift
/// let form = AnswerForm(labels: .outOfContext, isJSON: true)
/// form.schema       // {"type": "object", "properties": {"label": {"type": "string", "enum": ["No", "Yes"]}, ...
/// form.instruction  // Answer with one JSON object and nothing else: {"label": "No" or "Yes", "rationale": ...}
/// ```
///
/// It is a wish: whatever comes back is read by ``AnswerReader``, which believes no server.
package struct AnswerForm: Sendable, Equatable {
  /// The labels that an answer may have, by their answer words.
  package var labels: LabelSet
  /// A JSON object, or words.
  package var isJSON: Bool
  /// In words: the label's alone, without reasons. The default is false.
  package var isLabelAlone = false
  /// Whether the answer is to say how sure it is.
  package var statesConfidence: Bool

  package init(labels: LabelSet, isJSON: Bool, statesConfidence: Bool = false) {
    self.labels = labels
    self.isJSON = isJSON
    self.statesConfidence = statesConfidence
  }

  /// The form that a question asks for.
  package init(of request: TeacherRequest) {
    self.init(
      labels: request.labels, isJSON: request.parameters.answersInJSON,
      statesConfidence: request.parameters.statesConfidence)
    isLabelAlone = request.parameters.answersByLabel
  }

  /// The schema as JSON text: every property required and no other allowed, as strict servers want it.
  package var schema: String { schemaValue.text }

  package var schemaValue: JSONValue {
    func typed(_ type: String, _ more: [JSONValue.Member] = []) -> JSONValue {
      .object([.init("type", .string(type))] + more)
    }
    // The label comes first: its tokens then depend on the question alone, and their probability can be read.
    var properties: [JSONValue.Member] = [
      .init("label", typed("string", [.init("enum", .array(labels.labels.map { .string($0.answer) }))])),
      .init("rationale", typed("string")),
    ]
    if statesConfidence { properties.append(.init("confidence", typed("number"))) }
    return .object([
      .init("type", "object"), .init("properties", .object(properties)),
      .init("required", .array(properties.map { .string($0.name) })), .init("additionalProperties", .bool(false)),
    ])
  }

  /// What is said to the model behind the question; empty where the question stands for itself.
  package var instruction: String {
    let share = "how likely your label is right, from 0 to 1"
    guard isJSON else {
      if isLabelAlone {
        let confidence = statesConfidence ? ", then a line \"Confidence:\" and \(share)" : " and nothing else"
        return "Answer with \(choices)\(confidence)."
      }
      return statesConfidence ? "End with a line \"Confidence:\" and \(share)." : ""
    }
    let confidence = statesConfidence ? ", \"confidence\": \(share)" : ""
    return "Answer with one JSON object and nothing else: "
      + "{\"label\": \(choices), \"rationale\": your reasons in one or two sentences\(confidence)}"
  }

  /// The question that follows an answer without a readable label.
  package var repairQuestion: String {
    if isLabelAlone, !isJSON { return "That can't be read. Answer with \(choices) and nothing else." }
    return isJSON
      ? "That can't be read. Answer again with the JSON object alone; its \"label\" must be \(choices)."
      : "That can't be read. Answer again, beginning with \(choices)."
  }

  private var choices: String { labels.labels.map { JSONValue.string($0.answer).text }.joined(separator: " or ") }
}
