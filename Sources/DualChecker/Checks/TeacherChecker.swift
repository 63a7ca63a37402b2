public import TeacherProtocol

/// Which of several replies to one item counts. All of them are kept.
public enum AcceptanceRule: String, Sendable, Codable, CaseIterable {
  /// The surest one with a label; of equally sure ones, the first. A reply without a confidence is the least sure.
  case surest
  /// The label with the largest sum of confidences over all replies; its surest reply. Two that agree outweigh one.
  case sum
  /// The last one with a label, whatever its confidence.
  case latest
  /// The first one with a label: what the teacher would have said unchecked.
  case first
}

/// Every reply on an item, and which one counts.
public struct CheckedReply: Sendable {
  /// The questions with their answers, in order, at least one.
  public let exchanges: [Exchange]
  /// Position of the one that counts.
  package let accepted: Int

  /// The reply that counts.
  public var reply: TeacherReply { exchanges[accepted].reply }
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
    return CheckedReply(exchanges: exchanges, accepted: acceptance.accepted(exchanges))
  }
}

extension AcceptanceRule {
  /// The position of the reply that counts; the last one where none has a label.
  ///
  /// - Precondition: there is at least one exchange.
  package func accepted(_ exchanges: [Exchange]) -> Int {
    let answered = exchanges.indices.filter { exchanges[$0].reply.label != nil }
    let chosen =
      switch self {
      case .surest:
        answered.max { a, b in
          let (left, right) = (exchanges[a].reply.confidence?.value ?? -1, exchanges[b].reply.confidence?.value ?? -1)
          return (left, b) < (right, a)
        }
      case .sum: heaviest(exchanges, answered)
      case .latest: answered.last
      case .first: answered.first
      }
    return chosen ?? exchanges.count - 1
  }

  private func heaviest(_ exchanges: [Exchange], _ answered: [Int]) -> Int? {
    func sure(_ place: Int) -> Double { exchanges[place].reply.confidence?.value ?? 0 }
    func weight(_ place: Int) -> Double {
      answered.filter { exchanges[$0].reply.label == exchanges[place].reply.label }.reduce(0) { $0 + sure($1) }
    }
    return answered.max { (weight($0), sure($0), $1) < (weight($1), sure($1), $0) }
  }
}
