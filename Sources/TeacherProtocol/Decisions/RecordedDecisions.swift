package import JSON

extension RecordedReplies {
  /// An answer of a decision row as a reply, with the probability of every label where it has them.
  ///
  /// - Throws: `TypedQuestion.Fault` for numbers that are no probabilities.
  package static func reply(_ answer: JSONValue, labels: LabelSet) throws(TypedQuestion.Fault) -> TeacherReply {
    if answer["type"]?.string == "refusal" { return TeacherReply(outcome: .refused, raw: answer.text) }
    guard let option = DecisionRow.option(of: answer) else {
      throw TypedQuestion.Fault(expected: "an answer of the type noul, choice or score", found: answer.text)
    }
    guard let label = labels.label(answered: option) else {
      return TeacherReply(outcome: .unknownLabel(option.cell ?? option.text), raw: answer.text)
    }
    var reply = TeacherReply(outcome: .answered(label.name), raw: answer.text)
    reply.probabilities = try probabilities(of: answer, labels)
    reply.confidence = reply.probabilities[label.name].map { Confidence(min($0, 1), source: .measured) }
    return reply
  }

  /// By the labels' names; empty where the answer has none, and where labels and options are not the same.
  private static func probabilities(
    of answer: JSONValue, _ labels: LabelSet
  ) throws(TypedQuestion.Fault) -> [String: Double] {
    var options = (answer["probabilities"]?.members ?? []).map { member in
      (option: answer["legend"]?[member.name] ?? JSONValue.string(member.name), value: member.value)
    }
    if let truth = answer["noul"] ?? answer["probability"] {
      options = [(.bool(true), truth), (.bool(false), .number(1 - (truth.double ?? .nan)))]
    }
    var (found, sum) = ([String: Double](), 0.0)
    for (option, value) in options {
      guard let number = value.double, (0...1).contains(number) else {
        throw TypedQuestion.Fault(expected: "a number from 0 to 1 as a probability", found: value.summary)
      }
      guard let label = labels.label(answered: option), found.updateValue(number, forKey: label.name) == nil else {
        return [:]
      }
      sum += number
    }
    guard found.count == labels.labels.count else { return [:] }
    try TypedQuestion.check(sum: sum, of: found.count)
    return found.mapValues { $0 / sum }
  }
}
