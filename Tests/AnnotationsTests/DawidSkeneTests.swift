import Annotations
import Foundation
import TeacherProtocol
import Testing

/// A world in which the truth of every item and the confusion matrix of every teacher are known.
struct VotingWorld {
  let table: VoteTable
  let truth: [String: String]

  /// - Parameters:
  ///   - accuracies: one for each teacher; a wrong vote is for any other label alike.
  ///   - abstains: share of items on which a teacher has no vote.
  init(items: Int, labels: [String], accuracies: [Double], abstains: Double = 0, seed: UInt64 = 1) {
    var random = SmallRandom(state: seed)
    var truth: [String: String] = [:]
    let names = (0..<items).map { "\($0)" }
    let votes = names.map { item -> [String?] in
      let label = labels.randomElement(using: &random) ?? ""
      truth[item] = label
      return accuracies.map { accuracy in
        if Double.random(in: 0..<1, using: &random) < abstains { return nil }
        if Double.random(in: 0..<1, using: &random) < accuracy { return label }
        return labels.filter { $0 != label }.randomElement(using: &random)
      }
    }
    self.truth = truth
    table = VoteTable(teachers: accuracies.indices.map { "t\($0)" }, items: names, votes: votes)
  }
}

/// A linear congruential generator: the same draws on every platform.
struct SmallRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0x9E37_79B9_7F4A_7C15
  }
}

@Suite struct DawidSkeneTests {
  @Test func `where teachers err independently their accuracies are found without any label`() throws {
    let accuracies = [0.9, 0.8, 0.7, 0.55]
    let world = VotingWorld(items: 4000, labels: ["a", "b", "c"], accuracies: accuracies, abstains: 0.2)
    let fit = DawidSkene(world.table)
    #expect(fit.labels == ["a", "b", "c"])
    for (teacher, accuracy) in accuracies.enumerated() {
      #expect(abs(try #require(fit.accuracies[teacher]) - accuracy) < 0.03)
      #expect(abs(fit.confusion[teacher][0][0] - accuracy) < 0.08)
      #expect(abs(fit.confusion[teacher][1].reduce(0, +) - 1) < 1e-12)
    }
    #expect(fit.prior.allSatisfy { abs($0 - 1.0 / 3) < 0.03 })
  }

  @Test func `teachers that guess lose their weight`() throws {
    let world = VotingWorld(items: 3000, labels: ["n", "y"], accuracies: [0.9, 0.85, 0.8, 0.52, 0.52])
    let report = AgreementReport(world.table, gold: world.truth)
    let errors = try #require(report.labels).map { ($0.rule, $0.error ?? 1) }
    #expect(errors.map(\.0) == ["unanimous", "majority", "dawid_skene"])
    // Majority voting lets two that guess and one that errs outvote two that are right.
    #expect(errors[2].1 < errors[1].1 - 0.03)
    #expect(abs(try #require(report.labels?[2].expectedError) - errors[2].1) < 0.02)
  }

  @Test func `the fit does not depend on the order of items`() {
    let world = VotingWorld(items: 300, labels: ["n", "y"], accuracies: [0.9, 0.7, 0.6], abstains: 0.1)
    let backwards = VoteTable(
      teachers: world.table.teachers, items: world.table.items.reversed(), votes: world.table.votes.reversed())
    #expect(DawidSkene(backwards) == DawidSkene(world.table))
  }

  @Test func `tables without votes or with one label have an answer`() {
    let none = DawidSkene(VoteTable(teachers: ["a"], items: ["1"], votes: [[nil]]))
    #expect(none.labels == [])
    #expect(none.accuracies == [nil])
    #expect(none.posterior(of: ["x"]) == nil)
    let one = DawidSkene(VoteTable(teachers: ["a", "b"], items: ["1"], votes: [["x", nil]]))
    #expect(one.posterior(of: ["x", nil]) == [1])
    #expect(one.accuracies == [1, nil])
    #expect(one.posterior(of: [nil, nil]) == nil)
  }

  /// a and b label twenty items alike, c as many of the "no" among them, and c alone one more.
  private static func lone(agreed: Int) -> VoteTable {
    var left = agreed
    var votes = (0..<20).map { item -> [String?] in
      let label = item % 5 < 3 ? "yes" : "no"
      guard label == "no", left > 0 else { return [label, label, nil] }
      left -= 1
      return [label, label, label]
    }
    votes.append([nil, nil, "no"])
    return VoteTable(teachers: ["a", "b", "c"], items: votes.indices.map { "\($0)" }, votes: votes)
  }

  /// Values of Golden/dawid_skene.py.
  @Test(arguments: [
    (0, 0.542178, 0.542178, 0.514466), (1, 0.566064, 0.782876, 0.522922), (8, 0.590109, 0.954210, 0.531121),
  ])
  func `a teacher that gave one label alone is not overruled where nobody contradicts it`(
    _ agreed: Int, _ probability: Double, _ accuracy: Double, _ right: Double
  ) throws {
    let fit = DawidSkene(Self.lone(agreed: agreed))
    let label = try #require(fit.label(of: [nil, nil, "no"]))
    #expect(label.name == "no")
    #expect(abs(label.probability - probability) < 1e-4)
    #expect(abs(try #require(fit.accuracies[2]) - accuracy) < 1e-4)
    // Of "yes" it never judged an item: it is right there as often as was taken before, less what its lone vote may be.
    #expect(abs(fit.confusion[2][1][1] - right) < 1e-4)
  }

  /// Values of Golden/dawid_skene.py.
  @Test func `of three labels those a teacher never gave share what is left`() throws {
    let agreed = ["x", "y", "z", "x", "y", "z", "x", "y", "z"].map { [$0, $0, $0 == "z" ? "z" : nil] }
    let votes: [[String?]] = agreed + [["x", "y", "z"], [nil, nil, "z"]]
    let fit = DawidSkene(VoteTable(teachers: ["a", "b", "c"], items: votes.indices.map { "\($0)" }, votes: votes))
    let divided = try #require(fit.posterior(of: ["x", "y", "z"]))
    let alone = try #require(fit.posterior(of: [nil, nil, "z"]))
    let expected = [0.496295, 0.496295, 0.007410, 0.268173, 0.268173, 0.463654, 0.945112, 0.945112, 0.693582]
    for (found, expected) in zip(divided + alone + fit.accuracies.compactMap(\.self), expected) {
      #expect(abs(found - expected) < 1e-4)
    }
  }

  @Test func `one that contradicts the others is still found to err`() throws {
    // c says "no" on every item, whatever a and b say alike.
    let votes = (0..<20).map { item -> [String?] in
      let label = item % 5 < 3 ? "yes" : "no"
      return [label, label, "no"]
    }
    let fit = DawidSkene(VoteTable(teachers: ["a", "b", "c"], items: votes.indices.map { "\($0)" }, votes: votes))
    #expect(abs(try #require(fit.accuracies[2]) - 0.4) < 0.01)
    #expect(fit.label(of: ["yes", "yes", "no"])?.name == "yes")
  }

  @Test func `the probability of a label follows Bayes' rule`() throws {
    let fit = DawidSkene(VotingWorld(items: 500, labels: ["n", "y"], accuracies: [0.9, 0.8, 0.6]).table)
    let joint = (0..<2).map { fit.prior[$0] * fit.confusion[0][$0][1] * fit.confusion[2][$0][0] }
    let posterior = try #require(fit.posterior(of: ["y", nil, "n"]))
    #expect(abs(posterior[1] - joint[1] / (joint[0] + joint[1])) < 1e-12)
    #expect(fit.label(of: ["y", nil, "n"])?.name == "y")
  }
}

@Suite struct AnchoredEstimateTests {
  @Test func `guesses that are all too high do no harm`() throws {
    let truth = (0..<100).map { $0 % 4 == 0 ? 0.0 : 1 }
    let guesses = truth.map { $0 == 1 ? 0.99 : 0.4 }
    let known = (0..<20).map { (guess: guesses[$0 * 3], truth: truth[$0 * 3]) }
    let estimate = try #require(AnchoredEstimate(guesses: guesses, known: known))
    #expect(estimate.known == 20)
    // 15 of the 20 are right, as 75 of the 100 are; the weight of 1 at most leaves little to correct.
    #expect(abs(estimate.value - 0.75) < 1e-9)
    let lucky = (0..<15).map { (guess: guesses[$0 * 4 + 1], truth: 1.0) } + [(guess: 0.4, truth: 0.0)]
    let corrected = try #require(AnchoredEstimate(guesses: guesses, known: lucky))
    #expect(abs(corrected.value - 0.75) < abs(15.0 / 16 - 0.75) / 2)
  }

  @Test func `useless guesses leave the share among the known`() throws {
    let known = [(guess: 0.5, truth: 1.0), (0.5, 0), (0.5, 1), (0.5, 1)]
    let estimate = try #require(AnchoredEstimate(guesses: Array(repeating: 0.5, count: 50), known: known))
    #expect(estimate.value == 0.75)
    #expect(abs(try #require(estimate.standardError) - (0.75 * 0.25 / 3).squareRoot()) < 1e-12)
    #expect(AnchoredEstimate(guesses: [0.5], known: []) == nil)
    #expect(AnchoredEstimate(guesses: [0.5], known: [(0.5, 1)])?.standardError == nil)
  }
}

@Suite struct AgreementBeyondChanceTests {
  /// Ratings by 14 people of 10 subjects in 5 categories: the worked example that goes with Fleiss' kappa.
  @Test func `Fleiss' kappa is that of the worked example`() throws {
    let counts = [
      [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0],
      [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]
    let votes = counts.map { row in row.enumerated().flatMap { Array(repeating: "\($0.offset)", count: $0.element) } }
    let table = VoteTable(teachers: (0..<14).map { "t\($0)" }, items: (0..<10).map { "\($0)" }, votes: votes)
    #expect(abs(try #require(AgreementReport(table).all.fleissKappa) - 0.210) < 5e-4)
  }

  /// Four observers, twelve units, five values and gaps: the worked example of Krippendorff's paper.
  @Test func `Krippendorff's alpha is that of the worked example`() throws {
    let rows = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."].map { row in
      row.map { $0 == "." ? nil : String($0) }
    }
    let table = VoteTable(
      teachers: ["A", "B", "C", "D"], items: (0..<12).map { "\($0)" },
      votes: (0..<12).map { unit in rows.map { $0[unit] } })
    let report = AgreementReport(table)
    #expect(abs(try #require(report.all.krippendorffAlpha) - 0.743) < 5e-4)
  }

  @Test func `two teachers without gaps have Fleiss' kappa near Cohen's, and none of one label`() throws {
    let world = VotingWorld(items: 500, labels: ["n", "y"], accuracies: [0.9, 0.8])
    let report = AgreementReport(world.table)
    #expect(abs(try #require(report.all.fleissKappa) - (try #require(report.pairs[0].kappa))) < 0.01)
    let same = AgreementReport(VoteTable(teachers: ["a", "b"], items: ["1"], votes: [["y", "y"]]))
    #expect(same.all.fleissKappa == nil)
    #expect(same.all.krippendorffAlpha == nil)
    #expect(AgreementReport(VoteTable(teachers: ["a"], items: ["1"], votes: [["y"]])).all.krippendorffAlpha == nil)
  }
}
