import Annotations
import TeacherProtocol
import Testing

@Suite struct WeightedRuleTests {
  func votes(_ votes: (String, Double?)...) -> [Vote] {
    votes.enumerated().map { index, vote in
      Vote(teacher: "t\(index)", label: vote.0, confidence: vote.1.map { Confidence($0, source: .verbalised) })
    }
  }

  @Test func `the surer side wins by its share of all confidence`() {
    let rule = ConfidenceWeightedRule(lead: 0.5)
    // (1.8 - 0.6) / 2.4 is one half.
    #expect(rule.verdict(on: votes(("a", 0.9), ("b", 0.6), ("a", 0.9))) == .agreed("a"))
    #expect(rule.verdict(on: votes(("a", 0.9), ("b", 0.7), ("a", 0.9))) == .conflict)
    // One that is sure against one that hardly is.
    #expect(rule.verdict(on: votes(("a", 0.9), ("b", 0.2))) == .agreed("a"))
    #expect(rule.verdict(on: votes(("a", nil), ("b", nil))) == .conflict)
    #expect(rule.verdict(on: votes(("a", 0), ("b", 0))) == .conflict)
    #expect(rule.verdict(on: votes(("a", 0), ("a", 0))) == .agreed("a"))
    #expect(rule.verdict(on: votes(("a", 1))) == .noVote)
  }

  @Test func `a Dawid-Skene rule follows the teacher that was found reliable`() {
    let world = VotingWorld(items: 2000, labels: ["n", "y"], accuracies: [0.97, 0.8, 0.6, 0.6])
    let rule = DawidSkeneRule(DawidSkene(world.table), minimumProbability: 0.8)
    let divided = [
      Vote(teacher: "t0", label: "y"), Vote(teacher: "t2", label: "n"), Vote(teacher: "t3", label: "n"),
    ]
    #expect(rule.verdict(on: divided) == .agreed("y"))
    #expect(rule.verdict(on: votes(("y", nil))) == .noVote)
    let doubtful = [Vote(teacher: "t1", label: "y"), Vote(teacher: "t2", label: "n")]
    #expect(rule.verdict(on: doubtful) == .conflict)
    // Who was not fitted does not weigh.
    #expect(rule.verdict(on: doubtful + [Vote(teacher: "new", label: "n")]) == .conflict)
    #expect(rule.verdict(on: [Vote(teacher: "new", label: "y"), Vote(teacher: "other", label: "n")]) == .conflict)
  }

  @Test func `both keep what every rule must keep`() {
    let labels = ["x", "y", "z"]
    let world = VotingWorld(items: 500, labels: labels, accuracies: [0.9, 0.6, 0.5, 0.4], abstains: 0.3)
    let check = AgreementCheck(labels: labels, teachers: world.table.teachers)
    #expect(check.problems(of: ConfidenceWeightedRule()) == [])
    #expect(check.problems(of: ConfidenceWeightedRule(lead: 0.1, minimumVotes: 1)) == [])
    #expect(check.problems(of: DawidSkeneRule(DawidSkene(world.table))) == [])
    #expect(check.problems(of: DawidSkeneRule(DawidSkene(world.table), minimumProbability: 0.2)) == [])
  }
}
