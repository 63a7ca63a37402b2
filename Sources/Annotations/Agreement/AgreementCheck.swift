/// Tries an agreement rule out: what every conformer of ``AgreementRule`` must keep, checked from outside.
///
/// ```swift
/// #expect(AgreementCheck(labels: ["pristine", "falsified"]).problems(of: MyRule()).isEmpty)
/// ```
public struct AgreementCheck: Sendable {
  /// The labels that are voted for.
  package let labels: [String]
  /// The teachers that vote.
  package let teachers: [String]

  /// A check with all votes of these teachers for these labels.
  ///
  /// - Precondition: at most 100,000 ways to vote, each teacher abstaining or choosing one label.
  public init(labels: [String], teachers: [String] = ["a", "b", "c"]) {
    let ways = teachers.reduce(1) { ways, _ in min(ways * (labels.count + 1), 1_000_000) }
    precondition(ways <= 100_000, "AgreementCheck: \(teachers.count) teachers and \(labels.count) labels are too many")
    self.labels = labels
    self.teachers = teachers
  }

  /// The rule's faults; empty where it keeps everything.
  ///
  /// Checked for every way to vote: no votes are no verdict; an agreed label is one that was voted for; unanimous votes
  /// are no conflict; the order of the votes does not matter; the same votes have the same verdict again.
  public func problems(of rule: some AgreementRule) -> [String] {
    var problems: [String] = []
    if rule.verdict(on: []) != .noVote { problems.append("no votes give \(rule.verdict(on: []))") }
    for votes in ways(teachers[...]) where !votes.isEmpty {
      let verdict = rule.verdict(on: votes)
      let words = votes.map { "\($0.teacher): \($0.label)" }.joined(separator: ", ")
      if case .agreed(let label) = verdict, !votes.contains(where: { $0.label == label }) {
        problems.append("\(words) agree on '\(label)', which is none of the votes")
      }
      if verdict == .conflict, Set(votes.map(\.label)).count == 1 { problems.append("\(words) conflict") }
      if rule.verdict(on: votes.reversed()) != verdict { problems.append("\(words) depend on their order") }
      if rule.verdict(on: votes) != verdict { problems.append("\(words) have another verdict the second time") }
    }
    return problems
  }

  private func ways(_ teachers: ArraySlice<String>) -> [[Vote]] {
    guard let first = teachers.first else { return [[]] }
    let rest = ways(teachers.dropFirst())
    return rest + labels.flatMap { label in rest.map { [Vote(teacher: first, label: label)] + $0 } }
  }
}
