public import TeacherProtocol

/// Every reply on an item, and which one counts.
public struct CheckedReply: Sendable {
  /// The questions with their answers, in order, at least one.
  public let exchanges: [Exchange]
  /// Position of the one that counts; of voted replies that of the surest one with the voted answer, else of the surest.
  package let accepted: Int
  /// What the replies were voted to; nil where one of them counts as it is.
  package var voted: TeacherReply?

  /// The reply that counts: one of the answers, or what they were voted to.
  public var reply: TeacherReply { voted ?? exchanges[accepted].reply }
  /// Whether asking again changed the label.
  public var isChanged: Bool { reply.label != exchanges[0].reply.label }
}

/// Asks a teacher, lets a check look at the reply, asks again where it says so, and decides which reply counts.
///
/// ```swift
/// let checker = TeacherChecker(teacher: teacher, check: check, acceptance: .surest, maximumFollowUps: 1)
/// let checked = try await checker.ask(request)
/// ```
public struct TeacherChecker: Sendable {
  /// Who is asked.
  package let teacher: any Teacher
  /// Who looks at the replies.
  package let check: any ReplyCheck
  /// Which reply counts.
  package let acceptance: AcceptanceRule
  /// Most questions after the first, whatever the check says. The default is 1.
  package let maximumFollowUps: Int
  /// How replies with spans are voted on; nil where labels are classes.
  package var vote: SpanVote?

  /// A checker.
  ///
  /// - Precondition: the number of follow-ups is not negative.
  public init(
    teacher: any Teacher, check: any ReplyCheck, acceptance: AcceptanceRule = .surest, maximumFollowUps: Int = 1
  ) {
    precondition(maximumFollowUps >= 0, "TeacherChecker: \(maximumFollowUps) follow-ups")
    self.teacher = teacher
    self.check = check
    self.acceptance = acceptance
    self.maximumFollowUps = maximumFollowUps
  }

  /// Asks about one item.
  ///
  /// - Throws: an error of the first question, or `BudgetExhausted`. Where a follow-up fails otherwise, what was paid for is
  ///   kept and the replies so far decide; a teacher that is unavailable says so again at the next item.
  public func ask(_ request: TeacherRequest) async throws -> CheckedReply {
    try await goOn(after: Exchange(request: request, reply: teacher.reply(to: request)))
  }

  /// Looks at a first reply that is there already, and asks again where the check says so.
  ///
  /// - Throws: as ``ask(_:)``, but for the first question.
  package func goOn(after first: Exchange) async throws -> CheckedReply {
    var exchanges = [first]
    while exchanges.count <= maximumFollowUps, let next = try await check.followUp(to: exchanges) {
      do {
        let asked = check.respondent(after: exchanges) ?? teacher
        exchanges.append(Exchange(request: next, reply: try await asked.reply(to: next)))
      } catch {
        // What the budget has no room for now is asked in the run that has a greater one.
        guard !(error is BudgetExhausted) else { throw error }
        try Task.checkCancellation()
        break
      }
    }
    return acceptance.checked(exchanges, vote: vote)
  }
}
