import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct TemperedPosteriorTests {
  /// Three teachers that are right on nine items of ten by themselves; on a hard item the first two follow one coin, and the
  /// third is right in six cases of ten.
  ///
  /// - Parameter hard: the share of hard items.
  private static func world(hard: Double, seed: UInt64) -> (judgements: [Judgement], truth: [String: String]) {
    var random = SmallRandom(state: seed)
    var (judgements, truth) = ([Judgement](), [String: String]())
    for number in 0..<4_000 {
      let label = Bool.random(using: &random) ? "y" : "n"
      let other = label == "y" ? "n" : "y"
      let isHard = Double.random(in: 0..<1, using: &random) < hard
      let coin = Bool.random(using: &random) ? label : other
      let votes = (0..<3).map { teacher -> String in
        if isHard, teacher < 2 { return coin }
        return Double.random(in: 0..<1, using: &random) < (isHard ? 0.6 : 0.9) ? label : other
      }
      truth["\(number)"] = label
      judgements.append(Self.judgement("\(number)", votes))
    }
    return (judgements, truth)
  }

  private static func judgement(_ id: String, _ votes: [String]) -> Judgement {
    let annotations = votes.enumerated().map { annotation("\(id) \($0)", item: id, teacher: "t\($0)", label: $1) }
    return Judgement(item: Item(id: id, fields: [:]), annotations: annotations, rule: UnanimousRule())
  }

  /// The share of wrong labels among the agreed ones: as expected, and as it is.
  private static func errors(
    _ judgements: [Judgement], _ truth: [String: String], by posterior: TemperedPosterior
  ) -> (expected: Double, real: Double) {
    let agreed = judgements.filter { $0.label != nil }
    let expected = agreed.reduce(0) { $0 + 1 - (posterior.probabilities(of: $1)[$1.label ?? ""] ?? 0) }
    let wrong = agreed.count { $0.label != truth[$0.item.id] }
    return (expected / Double(agreed.count), Double(wrong) / Double(agreed.count))
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `labels of conflicts show that teachers err together on what they agree on`(_ seed: UInt64) {
    let (judgements, truth) = Self.world(hard: 0.2, seed: seed)
    let conflicts = Set(judgements.filter { $0.label == nil }.prefix(300).map(\.item.id))
    let without = Self.errors(judgements, truth, by: TemperedPosterior(judgements, truth: [:]))
    let posterior = TemperedPosterior(judgements, truth: truth.filter { conflicts.contains($0.key) })
    let with = Self.errors(judgements, truth, by: posterior)
    #expect(posterior.temperature > 1)
    // Without them far fewer errors are expected than there are.
    #expect(without.expected < 0.5 * without.real)
    #expect(abs(with.expected - with.real) < abs(without.expected - without.real))
  }

  /// By hand: odds of p to 1 - p become their square root at a temperature of 2.
  @Test func `probabilities are those of the model at the temperature`() throws {
    let (judgements, truth) = Self.world(hard: 0.2, seed: 4)
    let plain = TemperedPosterior(judgements, truth: [:])
    let tempered = TemperedPosterior(judgements, truth: truth)
    let judgement = try #require(judgements.first { $0.label == "y" })
    let p = try #require(plain.probabilities(of: judgement)["y"])
    let odds = pow(p / (1 - p), 1 / tempered.temperature)
    #expect(abs((tempered.probabilities(of: judgement)["y"] ?? 0) - odds / (1 + odds)) < 1e-9)
    #expect(plain.temperature == 1)
  }

  @Test func `nothing becomes surer, and two teachers that agree are certain`() {
    let (judgements, truth) = Self.world(hard: 0, seed: 5)
    // Where only right labels are known, votes would be worth more than the model says.
    let right = judgements.filter { judgement in
      judgement.annotations.compactMap(\.vote).count { $0.label == truth[judgement.item.id] } > 1
    }
    let known = truth.filter { one in right.contains { $0.item.id == one.key } }
    #expect(TemperedPosterior(judgements, truth: known).temperature == 1)
    let two = Self.judgement("a", ["y", "y"])
    #expect(TemperedPosterior([two], truth: [:]).probabilities(of: two) == ["y": 1])
  }
}
