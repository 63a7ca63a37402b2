internal import TeacherProtocol

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
  /// For spans none of them as a whole: each votes on every word of the text, by the odds that it is right, and the answer is
  /// the most probable one, which may be none of the replies. For classes the same as ``sum``.
  case vote
}

extension AcceptanceRule {
  /// The replies with the one that counts, or with what they were voted to.
  ///
  /// - Parameter vote: how replies with spans are voted on; nil where labels are classes.
  /// - Precondition: there is at least one exchange.
  package func checked(_ exchanges: [Exchange], vote: SpanVote?) -> CheckedReply {
    guard self == .vote, let vote else { return CheckedReply(exchanges: exchanges, accepted: accepted(exchanges)) }
    let voted = vote.reply(of: exchanges)
    let same = exchanges.indices.filter { voted != nil && exchanges[$0].reply.label == voted?.label }
    return CheckedReply(
      exchanges: exchanges, accepted: surest(exchanges, same) ?? AcceptanceRule.surest.accepted(exchanges), voted: voted
    )
  }

  /// The position of the reply that counts as a whole; the last one where none has a label.
  private func accepted(_ exchanges: [Exchange]) -> Int {
    let answered = exchanges.indices.filter { exchanges[$0].reply.label != nil }
    let chosen =
      switch self {
      case .surest: surest(exchanges, answered)
      case .sum, .vote: heaviest(exchanges, answered)
      case .latest: answered.last
      case .first: answered.first
      }
    return chosen ?? exchanges.count - 1
  }

  private func surest(_ exchanges: [Exchange], _ places: [Int]) -> Int? {
    places.max { a, b in
      let (left, right) = (exchanges[a].reply.confidence?.value ?? -1, exchanges[b].reply.confidence?.value ?? -1)
      return (left, b) < (right, a)
    }
  }

  private func heaviest(_ exchanges: [Exchange], _ answered: [Int]) -> Int? {
    func sure(_ place: Int) -> Double { exchanges[place].reply.confidence?.value ?? 0 }
    func weight(_ place: Int) -> Double {
      answered.filter { exchanges[$0].reply.label == exchanges[place].reply.label }.reduce(0) { $0 + sure($1) }
    }
    return answered.max { (weight($0), sure($0), $1) < (weight($1), sure($1), $0) }
  }
}
