import Annotations
import TeacherProtocol
import Testing

@Suite struct TeacherMixtureTests {
  private static let labels = ["a", "b", "c"]

  private func annotation(_ teacher: String, _ label: String?, _ confidence: Double? = nil, item: String = "1")
    -> Annotation
  {
    let reply = TeacherReply(
      outcome: label.map { .answered($0) } ?? .abstained,
      confidence: confidence.map { Confidence($0, source: .verbalised) }, raw: "")
    return Annotation(
      key: teacher + item, item: item, teacher: teacher, model: "m", promptVersion: "1", reply: reply, time: 0)
  }

  private func expect(_ found: [Double]?, _ expected: [Double]?) {
    #expect(found?.count == expected?.count)
    for (a, b) in zip(found ?? [], expected ?? []) { #expect(abs(a - b) < 1e-12, "\(a), not \(b)") }
  }

  @Test func `probabilities are the teachers' own, weighed by reliability`() {
    let replies = [annotation("x", "a", 0.8), annotation("y", "b", 0.6)]
    // (0.8, 0.1, 0.1) and (0.2, 0.6, 0.2): their mean, and three parts of the first with one of the second.
    expect(TeacherMixture().probabilities(by: replies, of: Self.labels), [0.5, 0.35, 0.15])
    let weighed = TeacherMixture(reliabilities: ["x": 0.9, "y": 0.3])
    expect(weighed.probabilities(by: replies, of: Self.labels), [0.65, 0.225, 0.125])
    expect(weighed.probabilities(by: replies.reversed(), of: Self.labels), [0.65, 0.225, 0.125])
  }

  @Test func `a vote without a confidence is certain, and one below chance is chance`() {
    let mixture = TeacherMixture()
    expect(mixture.probabilities(by: [annotation("x", "b")], of: Self.labels), [0, 1, 0])
    expect(mixture.probabilities(by: [annotation("x", "b", 0)], of: Self.labels), [1.0 / 3, 1.0 / 3, 1.0 / 3])
    expect(mixture.probabilities(by: [annotation("x", "b", 1)], of: ["b"]), [1])
  }

  @Test func `who has no vote is not heard, and without a vote there is nothing`() {
    let mixture = TeacherMixture(reliabilities: ["z": 0])
    expect(
      mixture.probabilities(by: [annotation("x", nil), annotation("y", "c", 0.7)], of: Self.labels), [0.15, 0.15, 0.7])
    expect(mixture.probabilities(by: [annotation("x", nil)], of: Self.labels), nil)
    expect(mixture.probabilities(by: [annotation("x", "elsewhere", 0.9)], of: Self.labels), nil)
    expect(mixture.probabilities(by: [annotation("z", "a", 0.9)], of: Self.labels), nil)
  }

  @Test func `a reply that says the probability of every label is taken at its word`() {
    // (0.2 + 0.1, 0.5 + 0.8, 0.3 + 0.1) / 2, the second vote's confidence spread.
    var whole = annotation("x", "b", 0.5)
    whole.reply.probabilities = ["a": 0.2, "b": 0.5, "c": 0.3]
    expect(
      TeacherMixture().probabilities(by: [whole, annotation("y", "b", 0.8)], of: Self.labels), [0.15, 0.65, 0.2])
    // Not of every label: the confidence alone is known.
    whole.reply.probabilities = ["a": 0.2, "b": 0.5]
    expect(TeacherMixture().probabilities(by: [whole], of: Self.labels), [0.25, 0.5, 0.25])
  }

  @Test func `from three teachers on reliabilities are those of Dawid and Skene, two count the same`() throws {
    let world = VotingWorld(items: 400, labels: Self.labels, accuracies: [0.9, 0.75, 0.5])
    func judgements(_ teachers: Int) -> [Judgement] {
      zip(world.table.items, world.table.votes).map { item, votes in
        Judgement(
          item: Item(id: item, fields: [:]),
          annotations: votes.prefix(teachers).enumerated().map { annotation("t\($0)", $1, item: item) },
          rule: UnanimousRule())
      }
    }
    let fit = DawidSkene(world.table)
    let known = TeacherMixture(judgements(3)).reliabilities
    #expect(known == Dictionary(uniqueKeysWithValues: zip(world.table.teachers, fit.accuracies.map { $0 ?? -1 })))
    #expect(try #require(known["t0"]) > #require(known["t1"]) && #require(known["t1"]) > #require(known["t2"]))
    #expect(TeacherMixture(judgements(2)) == TeacherMixture())
  }
}
