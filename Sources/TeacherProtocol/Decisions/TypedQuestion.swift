package import JSON

/// The typed question that a decision service is asked about an item: its options are a run's labels.
///
/// ```swift
/// let question = TypedQuestion(instructions: "Is the photo used out of its context?", labels: .outOfContext)
/// question.asked(.systemOne)   // {"type": "noul", "instructions": "Is the photo ...", "criteria": {"true": ...
/// ```
///
/// Two labels of which one answers with yes and the other with no make a yes/no question; others make a choice, whose options
/// are the labels' answers and are described by their meanings.
package struct TypedQuestion: Sendable, Equatable {
  /// What it is called where nothing else is said.
  package static let defaultName = "label"

  /// What it is called at the service, and in rows.
  package var name: String
  /// What is asked.
  package var instructions: String
  /// What may be answered.
  package var labels: LabelSet

  package init(name: String = TypedQuestion.defaultName, instructions: String, labels: LabelSet) {
    (self.name, self.instructions, self.labels) = (name, instructions, labels)
  }

  /// Why something is no answer to the question.
  package struct Fault: Error, Sendable, Equatable {
    package let expected: String
    package let found: String

    package init(expected: String, found: String) { (self.expected, self.found) = (expected, found) }
  }

  /// The question without its name.
  package func asked(_ api: DecisionAPI) -> JSONValue {
    let words = JSONValue.Member("instructions", .string(api == .systemOne ? instructions : explained))
    let said: [JSONValue.Member] = instructions.isEmpty && api == .systemOne ? [] : [words]
    switch (api, labels.yesAndNo) {
    case (.systemOne, let two?):
      let meanings = [("true", two.yes.meaning), ("false", two.no.meaning)].filter { !$0.1.isEmpty }
      let criteria = JSONValue.object(meanings.map { .init($0.0, .string($0.1)) })
      return .object([.init("type", "noul")] + said + (meanings.isEmpty ? [] : [.init("criteria", criteria)]))
    case (.systemOne, nil):
      let options = labels.labels.map { label in
        JSONValue.Member(label.answer, label.meaning.isEmpty ? .null : .string(label.meaning))
      }
      return .object([.init("type", "choice")] + said + [.init("criteria", .object(options))])
    case (.decisions, _?): return .object([.init("type", "predicate"), .init("name", .string(name))] + said)
    case (.decisions, nil):
      let choices = labels.labels.map { label in
        let meaning = label.meaning.isEmpty ? [] : [JSONValue.Member("description", .string(label.meaning))]
        return JSONValue.object([.init("value", .string(label.answer))] + meaning)
      }
      return .object(
        [.init("type", "choice"), .init("name", .string(name))] + said + [.init("choices", .array(choices))])
    }
  }

  /// The instructions with what yes and no mean, for a form that has no other place for it. It must have some instructions.
  private var explained: String {
    let words = instructions.isEmpty ? "Answer the question." : instructions
    guard let (yes, no) = labels.yesAndNo else { return words }
    let meanings = [("True", yes.meaning), ("False", no.meaning)].filter { !$0.1.isEmpty }
    return words + (meanings.isEmpty ? "" : "\n\n" + meanings.map { "\($0.0): \($0.1)" }.joined(separator: "\n"))
  }

  /// The probability of every label by its name in a service's answer; nil for a refusal.
  ///
  /// Probabilities as services round them may miss 1 by a little, and are made to sum to 1.
  ///
  /// - Throws: ``Fault`` for an answer of another type, to other options, or with numbers that are no probabilities.
  package func probabilities(in answer: JSONValue) throws(Fault) -> [String: Double]? {
    let type = answer["type"]?.string
    if type == "refusal" { return nil }
    if let (yes, no) = labels.yesAndNo {
      let member = type == "predicate" ? "probability" : "noul"
      guard type == "noul" || type == "predicate" else {
        throw Fault(expected: "an answer of the type noul or predicate", found: Self.found(type, answer))
      }
      let probability = try Self.probability(answer[member], of: member)
      return [yes.name: probability, no.name: 1 - probability]
    }
    guard type == "choice" else {
      throw Fault(expected: "an answer of the type choice", found: Self.found(type, answer))
    }
    var found: [String: Double] = [:]
    for (option, value) in try Self.options(answer["probabilities"]) {
      guard let label = labels.labels.first(where: { $0.answer == option }) else {
        let known = labels.labels.map { "'\($0.answer)'" }.joined(separator: ", ")
        throw Fault(expected: "probabilities of the options \(known)", found: "one of '\(option)'")
      }
      let probability = try Self.probability(value, of: "probabilities.\(option)")
      guard found.updateValue(probability, forKey: label.name) == nil else {
        throw Fault(expected: "one probability an option", found: "two of '\(option)'")
      }
    }
    if let missing = labels.labels.first(where: { found[$0.name] == nil }) {
      throw Fault(expected: "a probability of every option", found: "none of '\(missing.answer)'")
    }
    // In the labels' order, so that the sum is the same each time.
    let sum = labels.names.reduce(0) { $0 + (found[$1] ?? 0) }
    try Self.check(sum: sum, of: labels.labels.count)
    return found.mapValues { $0 / sum }
  }

  /// Refuses a sum of so many probabilities that misses 1 by more than rounding each to two digits, and of many to three.
  static func check(sum: Double, of count: Int) throws(Fault) {
    guard abs(sum - 1) <= 0.005 * Double(min(count, 25)) else {
      throw Fault(expected: "probabilities that sum to 1", found: "a sum of \(sum)")
    }
  }

  private static func found(_ type: String?, _ answer: JSONValue) -> String {
    type.map { "one of the type '\($0)'" } ?? answer.summary
  }

  private static func probability(_ value: JSONValue?, of member: String) throws(Fault) -> Double {
    guard let number = value?.double, (0...1).contains(number) else {
      throw Fault(expected: "a number from 0 to 1 in '\(member)'", found: value?.summary ?? "nothing")
    }
    return number
  }

  /// The options of a choice with their numbers: an object, or a list of `value` and `probability`.
  private static func options(_ value: JSONValue?) throws(Fault) -> [(option: String, value: JSONValue?)] {
    if let members = value?.members { return members.map { ($0.name, $0.value) } }
    guard let elements = value?.elements else {
      throw Fault(expected: "probabilities by option", found: value?.summary ?? "nothing")
    }
    return elements.map { ($0["value"]?.string ?? $0["value"]?.text ?? "", $0["probability"]) }
  }

  /// System One's answer that has these probabilities.
  ///
  /// - Parameter probabilities: by the labels' names; one that is missing is 0.
  package func answer(_ probabilities: [String: Double]) -> JSONValue {
    if let (yes, _) = labels.yesAndNo {
      return .object([.init("type", "noul"), .init("noul", .number(probabilities[yes.name] ?? 0))])
    }
    let all = labels.labels.map { (answer: $0.answer, value: probabilities[$0.name] ?? 0) }
    let best = all.indices.reduce(0) { all[$1].value > all[$0].value ? $1 : $0 }
    let even = 1 / Double(all.count)
    return .object([
      .init("type", "choice"), .init("choice", .string(all[best].answer)),
      .init("confidence", .number(max(0, (all[best].value - even) / (1 - even)))),
      .init("probabilities", .object(all.map { .init($0.answer, .number($0.value)) })),
    ])
  }
}

extension LabelSet {
  /// The label that answers with yes and the one that answers with no, where there are no others.
  package var yesAndNo: (yes: Label, no: Label)? {
    guard labels.count == 2 else { return nil }
    func label(_ words: Set<String>) -> Label? {
      labels.first { label in
        words.contains(label.answer.prefix { $0.isLetter }.lowercased())
      }
    }
    guard let yes = label(["yes", "true"]), let no = label(["no", "false"]) else { return nil }
    return (yes, no)
  }
}
