internal import JSON
internal import TeacherProtocol

/// A question's answer: how probable each of its options is.
struct DecisionAnswer: Sendable, Equatable {
  let question: DecisionQuestion
  /// One an option; their sum is 1.
  let probabilities: [Double]

  private var levels: LevelProbabilities { LevelProbabilities(probabilities) }

  /// The most probable option; of equals the first.
  var best: Int { levels.best }

  /// The expected level.
  var score: Double { levels.expected }

  /// How far the best option stands out, 0...1, as transformers 5.24.0 has it (`Question.answer`): a choice's probability
  /// above chance; of levels, how near the others lie to the best.
  var confidence: Double {
    let count = Double(probabilities.count)
    guard probabilities.count > 1 else { return 1 }
    guard question.kind == .score else { return max(0, (probabilities[best] - 1 / count) / (1 - 1 / count)) }
    return levels.confidence
  }

  /// The probability that a yes/no question's answer is yes.
  private var isTrue: Double { zip(question.options, probabilities).first { $0.0.value == .bool(true) }?.1 ?? 0 }

  /// As System One answers.
  var systemOne: JSONValue {
    let byOption = JSONValue.object(
      zip(question.options, probabilities).map { .init($0.value.string ?? $0.value.text, .number($1)) })
    switch question.kind {
    case .noul: return .object([.init("type", "noul"), .init("noul", .number(isTrue))])
    case .choice:
      return .object([
        .init("type", "choice"), .init("choice", question.options[best].value),
        .init("confidence", .number(confidence)),
        .init("probabilities", byOption),
      ])
    case .score:
      let legend = question.options.map { JSONValue.Member($0.value.string ?? "", $0.description) }
      return .object([
        .init("type", "score"), .init("score", .number(score)), .init("legend", .object(legend)),
        .init("confidence", .number(confidence)), .init("probabilities", byOption),
      ])
    }
  }

  /// As OpenAI's Decisions answer.
  var decision: JSONValue {
    let name = JSONValue.Member("name", question.name.map { .string($0) } ?? .null)
    switch question.kind {
    case .noul: return .object([.init("type", "predicate"), name, .init("probability", .number(isTrue))])
    case .choice:
      return .object([
        .init("type", "choice"), name, .init("choice", question.options[best].value),
        .init("confidence", .number(confidence)),
        .init(
          "probabilities",
          .array(
            zip(question.options, probabilities).map {
              .object([.init("value", $0.value), .init("probability", .number($1))])
            })),
      ])
    case .score:
      let levels = zip(question.options, probabilities).enumerated().map { number, level in
        JSONValue.object([
          .init("value", .number(number)), .init("label", level.0.value), .init("probability", .number(level.1)),
        ])
      }
      return .object([
        .init("type", "score"), name, .init("score", .number(score)), .init("confidence", .number(confidence)),
        .init("probabilities", .array(levels)),
      ])
    }
  }
}
