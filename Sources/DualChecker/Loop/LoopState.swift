public import TeacherProtocol

/// One reply about an item, as the loop keeps it.
public struct KeptReply: Sendable, Equatable, Codable {
  /// Template and detail of the question.
  public var version: String
  /// The ``TaskAnswer/key`` of the answer; nil where none could be read.
  public var answer: String?
  /// How sure the teacher said it is; nil where it said nothing.
  public var confidence: Confidence?
  /// The reply as it came.
  package var raw: String
}

/// One item with its accepted label.
public struct LabelledByTeacher: Sendable, Equatable, Codable {
  /// The item.
  public var item: String
  /// Every reply, in order.
  public var replies: [KeptReply]
  /// Position of the one that counts.
  package var accepted: Int
  /// The key of the answer that the replies were voted to; nil where one of them counts as it is.
  package var voted: String?
  /// How sure the accepted reply is, 0...1, after calibration.
  public var sureness: Double
  /// In which round.
  public var round: Int

  /// The key of the accepted answer; nil where none could be read.
  public var answer: String? { voted ?? replies[accepted].answer }
  /// Whether asking again changed the answer.
  public var isChanged: Bool { answer != replies[0].answer }
  /// Whether the last readable answer is another one than the first, whichever counts.
  package var isGivenUp: Bool { replies.last { $0.answer != nil }.map { $0.answer != replies[0].answer } ?? false }
}

/// The record of one round.
public struct RoundRecord: Sendable, Equatable, Codable {
  /// From 1 on.
  public var round: Int
  /// Items labelled so far.
  public var labelled: Int
  /// Questions asked so far, of every kind.
  public var questions: Int
  /// Questions asked again in this round.
  package var followUps: Int
  /// Answers that asking again changed in this round.
  public var changed: Int
  /// Items of this round that the student answered as the teacher, before it learned them, 0...1.
  public var studentAgreement: Double
  /// Borderline cases of this round.
  package var borderline: Int
  /// Position in the template's history that held at the end.
  package var template: Int
}

/// The state of the loop between two rounds; with the student's weights it is enough to continue.
public struct LoopState: Sendable, Equatable, Codable {
  /// The outcome of each item, in the order of labelling.
  public var labelled: [LabelledByTeacher] = []
  /// Items that got no answer because the teacher failed, with the reason.
  public var failures: [String: String] = [:]
  /// Items taken so far, answered or not.
  package var taken = 0
  /// Questions asked, of every kind: first ones, follow-ups, explanations, scorings on the pool.
  public var questions = 0
  /// The template's versions.
  package var history: TemplateHistory
  /// Why pool items are labelled so, by item.
  package var reasons: [String: String] = [:]
  /// Confidence and rightness on the pool, each item left out of its own prompt.
  package var pool: [PoolAnswer] = []
  /// The pool as it was asked with every follow-up; nil where it was asked once.
  package var checked: [CheckedAnswer]?
  /// The rule of acceptance that the pool chose; nil for that of the options.
  package var acceptance: AcceptanceRule?
  /// Replies less sure than this are asked again, 0...1.
  package var threshold: Double
  /// The rounds.
  public var rounds: [RoundRecord] = []

  /// How the teacher answered an item of the pool.
  package struct PoolAnswer: Sendable, Equatable, Codable {
    package var item: String
    /// How sure the teacher said it is; nil where it said nothing.
    package var confidence: Double?
    /// Whether it was right.
    package var isRight: Bool
    /// Whether the item was drawn at random: those alone tell what a confidence is worth.
    package var isRandom: Bool

    package init(item: String, confidence: Double?, isRight: Bool, isRandom: Bool = true) {
      (self.item, self.confidence, self.isRight, self.isRandom) = (item, confidence, isRight, isRandom)
    }

    /// The answer to an item of the pool.
    init(_ answer: TaskAnswer?, confidence: Confidence?, to entry: LabelledPool.Entry) {
      self.init(
        item: entry.item.id, confidence: confidence?.value, isRight: answer == entry.answer, isRandom: entry.isRandom)
    }
  }

  /// How the teacher answered an item of the pool when it was asked again where it was not sure.
  package struct CheckedAnswer: Sendable, Equatable, Codable {
    /// What it said at first.
    package var first: PoolAnswer
    /// What counts.
    package var accepted: PoolAnswer
    /// Whether the last answer is another one than the first.
    package var isGivenUp: Bool

    package init(first: PoolAnswer, accepted: PoolAnswer, isGivenUp: Bool) {
      (self.first, self.accepted, self.isGivenUp) = (first, accepted, isGivenUp)
    }
  }

  /// The pool's answers on items that were drawn at random; all of them where none was.
  package var fairPool: [PoolAnswer] { Self.fair(pool) }

  private static func fair(_ answers: [PoolAnswer]) -> [PoolAnswer] {
    let random = answers.filter(\.isRandom)
    return random.isEmpty ? answers : random
  }

  /// The answers that count after every question on items that were drawn at random; nil where the pool was asked once.
  package var fairAccepted: [PoolAnswer]? { checked.map { Self.fair($0.map(\.accepted)) } }

  /// The first answers on items that were drawn at random, with what became of them; nil where the pool was asked once.
  package var fairFirst: [(answer: PoolAnswer, isGivenUp: Bool)]? {
    checked.map { checked in
      let fair = Set(Self.fair(checked.map(\.first)).map(\.item))
      return checked.filter { fair.contains($0.first.item) }.map { ($0.first, $0.isGivenUp) }
    }
  }

  init(history: TemplateHistory, threshold: Double) {
    self.history = history
    self.threshold = threshold
  }
}
