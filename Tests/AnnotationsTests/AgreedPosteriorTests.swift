import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct AgreedPosteriorTests {
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
    _ judgements: [Judgement], _ truth: [String: String], by posterior: AgreedPosterior
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
    let without = Self.errors(judgements, truth, by: AgreedPosterior(judgements, truth: [:]))
    let posterior = AgreedPosterior(judgements, truth: truth.filter { conflicts.contains($0.key) })
    let with = Self.errors(judgements, truth, by: posterior)
    #expect(posterior.hardShare > 0)
    // Without them far fewer errors are expected than there are.
    #expect(without.expected < 0.5 * without.real)
    #expect(abs(with.expected - with.real) < abs(without.expected - without.real))
  }

  /// By hand: a share h of the probabilities is that of chance, one half each.
  @Test func `probabilities are those of the model with a share of chance`() throws {
    let (judgements, truth) = Self.world(hard: 0.2, seed: 4)
    let plain = AgreedPosterior(judgements, truth: [:])
    let posterior = AgreedPosterior(judgements, truth: truth)
    let judgement = try #require(judgements.first { $0.label == "y" })
    let p = try #require(plain.probabilities(of: judgement)["y"])
    let h = posterior.hardShare
    #expect(abs((posterior.probabilities(of: judgement)["y"] ?? 0) - ((1 - h) * p + h / 2)) < 1e-12)
    #expect(plain.hardShare == 0 && h > 0)
  }

  /// Three teachers of two labels agree by chance on a quarter of the items and differ on three: of 3 hard conflicts there
  /// is 1 hard agreed item. Where every second label of a conflict is the model's, all 40 conflicts are hard; of 100 agreed items
  /// 40 / 3 are.
  @Test func `the hard ones among the agreed are reckoned from those among the conflicts`() {
    let agreed = (0..<100).map { Self.judgement("a\($0)", $0 % 2 == 0 ? ["y", "y", "y"] : ["n", "n", "n"]) }
    let conflicts = (0..<40).map { Self.judgement("c\($0)", $0 % 2 == 0 ? ["y", "y", "n"] : ["n", "n", "y"]) }
    let truth = Dictionary(uniqueKeysWithValues: (0..<40).map { ("c\($0)", $0 / 2 % 2 == 0 ? "y" : "n") })
    #expect(abs(AgreedPosterior(agreed + conflicts, truth: truth).hardShare - 40.0 / 3 / 100) < 1e-6)
  }

  @Test func `nothing becomes surer, and two teachers that agree are certain`() {
    let (judgements, truth) = Self.world(hard: 0, seed: 5)
    // Where only right labels are known, votes would be worth more than the model says.
    let right = judgements.filter { judgement in
      judgement.annotations.compactMap(\.vote).count { $0.label == truth[judgement.item.id] } > 1
    }
    let known = truth.filter { one in right.contains { $0.item.id == one.key } }
    #expect(AgreedPosterior(judgements, truth: known).hardShare == 0)
    let two = Self.judgement("a", ["y", "y"])
    #expect(AgreedPosterior([two], truth: [:]).probabilities(of: two) == ["y": 1])
  }
}
