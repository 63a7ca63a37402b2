import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct LevelDistanceRuleTests {
  let levels = ["1", "2", "3", "4", "5"]

  func votes(_ votes: (String, Double?)...) -> [Vote] {
    votes.enumerated().map { index, vote in
      Vote(teacher: "t\(index)", label: vote.0, confidence: vote.1.map { Confidence($0, source: .verbalised) })
    }
  }

  @Test func `votes within the distance agree on their median, others conflict`() {
    let rule = LevelDistanceRule(levels: levels)
    #expect(rule.verdict(on: votes(("2", nil), ("3", nil), ("3", nil))) == .agreed("3"))
    #expect(rule.verdict(on: votes(("2", nil), ("3", nil), ("2", nil))) == .agreed("2"))
    #expect(rule.verdict(on: votes(("2", nil), ("3", nil), ("4", nil))) == .conflict)
    #expect(rule.verdict(on: votes(("4", nil), ("4", nil))) == .agreed("4"))
    #expect(rule.verdict(on: votes(("4", nil))) == .noVote)
    let wide = LevelDistanceRule(levels: levels, distance: 2)
    #expect(wide.verdict(on: votes(("4", nil), ("2", nil), ("3", nil))) == .agreed("3"))
    #expect(wide.verdict(on: votes(("5", nil), ("2", nil), ("3", nil))) == .conflict)
    #expect(LevelDistanceRule(levels: levels, distance: 0).verdict(on: votes(("1", nil), ("2", nil))) == .conflict)
  }

  @Test func `of two middle levels the surer half decides, of equally sure ones the lower`() {
    let rule = LevelDistanceRule(levels: levels)
    #expect(rule.verdict(on: votes(("3", nil), ("2", nil))) == .agreed("2"))
    #expect(rule.verdict(on: votes(("3", 0.9), ("2", 0.6))) == .agreed("3"))
    #expect(rule.verdict(on: votes(("3", 0.6), ("2", 0.9))) == .agreed("2"))
    // A vote without a confidence counts as 0.5.
    #expect(rule.verdict(on: votes(("3", 0.6), ("2", nil))) == .agreed("3"))
    #expect(rule.verdict(on: votes(("3", 0.4), ("2", nil))) == .agreed("2"))
    // 0.1 + 0.2 and 0.3 are equal but for rounding.
    #expect(rule.verdict(on: votes(("2", 0.3), ("2", 0), ("3", 0.1), ("3", 0.2))) == .agreed("2"))
    // The median is an outer vote of its half: 1, 2 and 3, 3 at a distance of 2.
    let wide = LevelDistanceRule(levels: levels, distance: 2)
    #expect(wide.verdict(on: votes(("1", 0.5), ("2", 0.5), ("3", 0.6), ("3", 0.6))) == .agreed("3"))
    #expect(wide.verdict(on: votes(("1", 0.9), ("2", 0.5), ("3", 0.6), ("3", 0.6))) == .agreed("2"))
  }

  @Test func `what is no level agrees with itself alone`() {
    let rule = LevelDistanceRule(levels: levels, distance: 4)
    #expect(rule.verdict(on: votes(("x", nil), ("x", nil))) == .agreed("x"))
    #expect(rule.verdict(on: votes(("x", nil), ("1", nil))) == .conflict)
  }

  @Test func `it keeps what every rule must keep`() {
    let check = AgreementCheck(labels: levels, teachers: ["a", "b", "c", "d"])
    for distance in 0...4 {
      #expect(check.problems(of: LevelDistanceRule(levels: levels, distance: distance)) == [])
    }
  }
}

@Suite struct OrdinalAgreementTests {
  private func table(_ rows: [[String?]]) -> VoteTable {
    VoteTable(teachers: rows[0].indices.map { "t\($0)" }, items: rows.indices.map { "\($0)" }, votes: rows)
  }

  /// The worked example of Krippendorff's paper ("Computing Krippendorff's Alpha-Reliability", 2011): four observers, twelve
  /// units, five values and gaps; 0.743 for nominal data and 0.815 for ordinal ones.
  @Test func `ordinal alpha is that of the worked example`() throws {
    let rows = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."].map { row in
      row.map { $0 == "." ? nil : String($0) }
    }
    let table = table((0..<12).map { unit in rows.map { $0[unit] } })
    let report = AgreementReport(table, levels: ["1", "2", "3", "4", "5"])
    #expect(abs(try #require(report.all.ordinalAlpha) - 0.815) < 5e-4)
    #expect(abs(try #require(report.all.krippendorffAlpha) - 0.743) < 5e-4)
    // A level that nobody voted for is between no two votes.
    let gap = AgreementReport(table, levels: ["1", "2", "unused", "3", "4", "5"])
    #expect(gap.all.ordinalAlpha == report.all.ordinalAlpha)
    #expect(AgreementReport(table).all.ordinalAlpha == nil)
  }

  /// scikit-learn 1.9.1: cohen_kappa_score(a, b, weights=..., labels=["low", "mid", "high"]).
  @Test func `weighted kappas are those of scikit-learn in the meant order`() throws {
    let a = "low mid high mid low high mid low high high mid low".split(separator: " ").map(String.init)
    let b = "low mid mid high low high low mid high mid mid high".split(separator: " ").map(String.init)
    let pair = AgreementReport(table(zip(a, b).map { [$0, $1] }), levels: ["low", "mid", "high"]).pairs[0]
    #expect(abs(try #require(pair.kappa) - 0.25) < 1e-12)
    #expect(abs(try #require(pair.linearKappa) - 0.32258064516129037) < 1e-12)
    #expect(abs(try #require(pair.quadraticKappa) - 0.4) < 1e-12)
    let three = table([["low", "low"], ["mid", "mid"], ["high", "mid"]])
    let meant = AgreementReport(three, levels: ["low", "mid", "high"]).pairs[0]
    #expect(abs(try #require(meant.linearKappa) - 0.5714285714285714) < 1e-12)
    // In the alphabet's order it is another figure.
    let alphabet = AgreementReport(three, levels: ["high", "low", "mid"]).pairs[0]
    #expect(abs(try #require(alphabet.linearKappa) - 0.25) < 1e-12)
  }

  @Test func `of two levels all kappas are one`() throws {
    let rows = [["n", "n"], ["n", "y"], ["y", "y"], ["y", "y"], ["n", "n"]]
    let pair = AgreementReport(table(rows), levels: ["n", "y"]).pairs[0]
    let kappa = try #require(pair.kappa)
    #expect(abs(try #require(pair.linearKappa) - kappa) < 1e-12)
    #expect(abs(try #require(pair.quadraticKappa) - kappa) < 1e-12)
  }

  @Test func `without an order, or with one level alone, there are no such figures`() throws {
    let one = AgreementReport(table([["y", "y"]]), levels: ["n", "y"])
    #expect(one.pairs[0].linearKappa == nil && one.pairs[0].quadraticKappa == nil && one.all.ordinalAlpha == nil)
    let plain = AgreementReport(table([["y", "y"], ["n", "y"]]))
    #expect(plain.pairs[0].linearKappa == nil && plain.pairs[0].quadraticKappa == nil)
    #expect(!plain.text.contains("levels") && !plain.text.contains("ordinal"))
    #expect(try !plain.json().contains("quadratic_kappa"))
    let ordered = AgreementReport(table([["y", "y"], ["n", "y"]]), levels: ["n", "y"])
    #expect(ordered.text.contains("quadratic kappa") && ordered.text.contains("ordinal alpha"))
    #expect(try ordered.json().contains("\"quadratic_kappa\""))
  }

  @Test func `levels are found in a table however they are spelled there, and a vote for none is named`() throws {
    let votes = table([["High", "low"], ["low", nil]])
    #expect(try votes.levels(["low", "mid", "high"]) == ["low", "mid", "High"])
    #expect(throws: TeacherProtocolError.unknownLabel("High", known: ["low", "mid"])) {
      try votes.levels(["low", "mid"])
    }
  }
}

@Suite struct SpreadOrderTests {
  @Test func `the conflict of a low and a high vote comes before that of two neighbours`() {
    let order = DisagreementConfidenceOrder(unknownConfidence: 1, levels: ["1", "2", "3", "4", "5"])
    #expect(order.score(conflict("a", ["1", "5"])) == 1)
    #expect(order.score(conflict("b", ["2", "3"])) == 0.25)
    // Distances 1, 4 and 3 of at most 4, 4 and 0.
    #expect(order.score(conflict("c", ["2", "1", "5"])) == 1)
    #expect(order.score(conflict("d", ["1", "2", "2"])) == 0.25)
    #expect(order.score(conflict("e", ["1", "1", "5", "5"])) == 1)
    #expect(order.score(conflict("f", ["3"])) == 0)
    // Votes for what is no level are divided as they are without an order.
    #expect(order.score(conflict("g", ["x", "1"])) == 1)
    let conflicts = [conflict("b", ["2", "3"]), conflict("a", ["1", "5"]), conflict("h", ["2", "4"])]
    #expect(order.ordered(conflicts).map(\.item.id) == ["a", "h", "b"])
    #expect(ReviewOrderCheck(conflicts: conflicts).problems(of: order) == [])
  }
}
