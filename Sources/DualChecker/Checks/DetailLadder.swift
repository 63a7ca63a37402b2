public import TeacherProtocol

/// The kinds of detail that a follow-up question adds.
public enum DetailStep: String, Sendable, Codable, CaseIterable {
  /// The item's longer text.
  case longerText = "longer_text"
  /// Twice the demonstrations.
  case moreDemonstrations = "more_demonstrations"
  /// The meaning of each label.
  case definitions
  /// Another teacher, or the same one with other demonstrations.
  case secondOpinion = "second_opinion"
}

/// Asks again, with one step more of detail each time, where the teacher is not sure enough.
///
/// Steps add up: the second question has what the first had. A reply without an answer or without a confidence counts as
/// not sure at all.
public struct DetailLadder: ReplyCheck {
  /// Who writes the prompts.
  package var prompts: PromptBuilder
  /// What is added, in this order.
  package var steps: [DetailStep]
  /// Replies below it are asked again, 0...1. The default is 0.85.
  package var threshold: Double
  /// Who gives second opinions; nil asks the same teacher with the demonstrations after the nearest ones.
  package var second: (any Teacher)?
  /// What a stated confidence is worth, 0...1, such as a calibration on the labelled pool; nil takes it as it is.
  package var calibration: (@Sendable (Confidence) -> Double)?

  /// A ladder.
  ///
  /// ```swift
  /// let ladder = DetailLadder(prompts: prompts, steps: [.longerText, .secondOpinion], threshold: 0.85)
  /// let checker = TeacherChecker(teacher: teacher, check: ladder, maximumFollowUps: 2)
  /// ```
  ///
  /// - Precondition: the threshold is within 0...1.
  package init(prompts: PromptBuilder, steps: [DetailStep], threshold: Double = 0.85, second: (any Teacher)? = nil) {
    precondition((0...1).contains(threshold), "DetailLadder: \(threshold) must be within 0...1")
    self.prompts = prompts
    self.steps = steps
    self.threshold = threshold
    self.second = second
  }

  /// How sure a reply is after calibration, 0...1.
  package func sureness(of reply: TeacherReply) -> Double {
    guard reply.label != nil, let confidence = reply.confidence else { return 0 }
    return calibration?(confidence) ?? confidence.value
  }

  /// The question with one step more, where the last reply is not sure enough.
  public func followUp(to exchanges: [Exchange]) async throws -> TeacherRequest? {
    guard let last = exchanges.last, exchanges.count <= steps.count, sureness(of: last.reply) < threshold else {
      return nil
    }
    var detail = PromptDetail()
    let given = steps.prefix(exchanges.count)
    for step in given {
      switch step {
      case .longerText: detail.longerText = true
      case .moreDemonstrations: detail.shots = 2
      case .definitions: detail.definitions = true
      case .secondOpinion: break
      }
    }
    if given.last == .secondOpinion, second == nil { detail.skipped = prompts.shots * detail.shots }
    return try await prompts.request(for: last.request.item, detail: detail)
  }

  /// The second teacher for a second opinion, else nil.
  public func respondent(after exchanges: [Exchange]) -> (any Teacher)? {
    exchanges.count <= steps.count && steps[exchanges.count - 1] == .secondOpinion ? second : nil
  }
}
