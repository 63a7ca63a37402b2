internal import JSON
internal import Tokenization

/// A typed question about a state, whichever of the two forms it came in.
struct DecisionQuestion: Sendable, Equatable {
  /// How it is answered. Raw values are System One's words.
  enum Kind: String, Sendable, CaseIterable {
    /// By the probability that something is so; OpenAI's predicate.
    case noul
    /// By one of several options.
    case choice
    /// By one of several levels, the lowest first.
    case score
  }

  /// What may be answered.
  struct Option: Sendable, Equatable {
    /// What an answer calls it: a text, true or false.
    var value: JSONValue
    /// What the prompt says of it; null for nothing.
    var description = JSONValue.null
  }

  /// The most options of a question.
  static let mostOptions = 255

  /// Nil where the client gave none.
  var name: String?
  var kind: Kind
  /// A text, an object or a list; null for none.
  var instructions = JSONValue.null
  /// For a ``Kind/noul`` question true and false, in the order in which they are asked.
  var options: [Option]

  /// The prompt that transformers 5.24.0 asks any chat model by (`DECISION_PROMPT` of `decision/template_utils.py`): state,
  /// instructions, options under their labels, and what to answer with.
  func prompt(of state: JSONValue, labels: [String]) throws -> String {
    var lines = [try Self.text(instructions)]
    for (option, label) in zip(options, labels) {
      let description = try Self.text(option.description)
      let name = option.value.string ?? option.value.text
      switch kind {
      case .noul:
        let said = description.isEmpty && labels != ["Yes", "No"] ? name : description
        if !said.isEmpty { lines.append("\(label): \(said)") }
      case .choice: lines.append("\(label). \(description.isEmpty ? name : "\(name): \(description)")")
      case .score: lines.append("\(label). \(description)")
      }
    }
    let question = lines.filter { !$0.isEmpty }.joined(separator: "\n")
    return "\(try Self.text(state))\n\n\(question)\n\(request(labels))"
  }

  private func request(_ labels: [String]) -> String {
    guard kind != .noul else { return "Answer \(labels[0]) or \(labels[1]) only." }
    let areLetters = labels == Array(DecisionSettings.letters.prefix(labels.count))
    return "Answer with the \(areLetters ? "letter" : "label") of the \(kind == .choice ? "option" : "level")"
      + " that fits best (\(labels[0]) to \(labels[labels.count - 1])) only."
  }

  /// A text as it is, null as nothing, anything else as Python writes JSON.
  private static func text(_ value: JSONValue) throws -> String {
    switch value {
    case .null: ""
    case .string(let text): text
    default: try json.get().render(variables: [JSONValue.Member("value", value)])
    }
  }

  private static let json = Result { try ChatTemplate("{{ value|tojson }}") }
}
