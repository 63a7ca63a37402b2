/// How sure a teacher is, and where the number comes from: numbers of different sources must not be compared raw.
public struct Confidence: Sendable, Equatable, Codable {
  /// The rungs of the ladder, from measured to claimed.
  public enum Source: String, Sendable, Codable, CaseIterable {
    /// Probability that the model gave the label's own tokens, relative to the other labels.
    case labelTokenProbability
    /// Probability that a decision service gave the label, one of the probabilities of all labels.
    case measured
    /// Share of several sampled answers that have this label.
    case agreement
    /// A number that the model wrote.
    case verbalised
    /// A number found in a file of recorded replies.
    case recorded
  }

  /// 0...1.
  public let value: Double
  /// Where it comes from.
  public let source: Source

  /// A confidence.
  ///
  /// - Precondition: the value is within 0...1.
  public init(_ value: Double, source: Source) {
    precondition((0...1).contains(value), "Confidence: expected 0...1, got \(value)")
    self.value = value
    self.source = source
  }
}

/// A teacher's reply about an item, always with the raw text, also if no label could be read.
public struct TeacherReply: Sendable, Equatable {
  /// The kinds of result. Only ``answered(_:)`` is a vote.
  public enum Outcome: Sendable, Equatable {
    /// A label of the request's set, by name.
    case answered(String)
    /// The teacher said that it does not know.
    case abstained
    /// A text from which no label could be read, and why.
    case unreadable(String)
    /// An answer in the form asked for, with a label that is none of the set: this one.
    case unknownLabel(String)
    /// No text at all.
    case empty
    /// The teacher declined to answer.
    case refused
    /// The text ended at its length limit before a label was complete.
    case cutOff

    /// Why a reply is unreadable that calls a tool in place of answering.
    package static let toolCall = "a call of a tool in place of an answer, though it was offered none"

    /// Whether a second question may make a label of it, where that is wanted.
    package var isRepairable: Bool {
      switch self {
      case .unreadable, .unknownLabel, .empty: true
      case .answered, .abstained, .refused, .cutOff: false
      }
    }
  }

  /// The tokens of an answer, all of its requests together.
  public struct Usage: Sendable, Equatable, Codable {
    /// Tokens of the question, image included.
    public var inputTokens: Int
    /// Tokens of the answer.
    public var outputTokens: Int

    /// A usage.
    public init(inputTokens: Int, outputTokens: Int) {
      self.inputTokens = inputTokens
      self.outputTokens = outputTokens
    }

    /// Most tokens that a question or an answer is believed to have, 2^40.
    package static let most = 1 << 40

    /// Questions and answers together.
    package var tokens: Int { inputTokens.addingSaturated(outputTokens) }

    /// Both together.
    package static func + (a: Usage, b: Usage) -> Usage {
      Usage(
        inputTokens: a.inputTokens.addingSaturated(b.inputTokens),
        outputTokens: a.outputTokens.addingSaturated(b.outputTokens))
    }
  }

  /// The label, or why there is none.
  public var outcome: Outcome
  /// The reasons given; empty where there were none.
  public var rationale: String
  /// Whether the reply ended before its reasons did, as at a length limit. The default is false.
  package var isRationaleCut = false
  /// How sure the teacher is; nil if unknown.
  public var confidence: Confidence?
  /// The probability of each label by its name, each in 0...1 and together 1. The default is empty: the teacher gives none.
  public var probabilities: [String: Double] = [:]
  /// The reply as it came.
  public var raw: String
  /// The tokens that it took; nil where the teacher does not say.
  public var usage: Usage?
  /// How long it took.
  package var seconds: Double

  /// A reply.
  public init(
    outcome: Outcome, rationale: String = "", confidence: Confidence? = nil, raw: String, usage: Usage? = nil,
    seconds: Double = 0
  ) {
    self.outcome = outcome
    self.rationale = rationale
    self.confidence = confidence
    self.raw = raw
    self.usage = usage
    self.seconds = seconds
  }

  /// A reply whose text is read by a reader.
  public init(
    reading text: String, with reader: AnswerReader, confidence: Confidence? = nil, usage: Usage? = nil,
    seconds: Double = 0
  ) {
    let answer = reader.read(text)
    self.init(
      outcome: answer.outcome, rationale: answer.rationale, confidence: confidence ?? answer.confidence, raw: text,
      usage: usage, seconds: seconds)
    isRationaleCut = answer.isRationaleCut
  }

  /// The reasons that may be learned from: none where they were cut.
  package var wholeRationale: String { isRationaleCut ? "" : rationale }

  /// The label, where there is one.
  public var label: String? {
    if case .answered(let label) = outcome { label } else { nil }
  }
}

extension TeacherReply.Outcome {
  /// Why there is no label, in a few words; nil where there is one, or where the teacher said that it does not know.
  package var fault: String? {
    switch self {
    case .answered, .abstained: nil
    case .unreadable(let reason): reason
    case .unknownLabel(let label): "the label '\(label)'"
    case .empty: "an empty text"
    case .refused: "a refusal"
    case .cutOff: "an answer that was cut off"
    }
  }
}
