import JSON
import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct AgreementRuleTests {
  func votes(_ labels: String...) -> [Vote] {
    labels.enumerated().map { Vote(teacher: "t\($0)", label: $1) }
  }

  @Test func `a unanimous vote needs one label and enough votes`() {
    let rule = UnanimousRule()
    #expect(rule.verdict(on: votes("a", "a")) == .agreed("a"))
    #expect(rule.verdict(on: votes("a", "a", "b")) == .conflict)
    #expect(rule.verdict(on: votes("a")) == .noVote)
    #expect(rule.verdict(on: []) == .noVote)
    #expect(UnanimousRule(minimumVotes: 1).verdict(on: votes("a")) == .agreed("a"))
    #expect(UnanimousRule(minimumVotes: 1).verdict(on: []) == .noVote)
  }

  @Test func `a majority needs its margin, and ties conflict`() {
    #expect(MajorityRule().verdict(on: votes("a", "b", "b")) == .agreed("b"))
    #expect(MajorityRule().verdict(on: votes("a", "b")) == .conflict)
    #expect(MajorityRule(margin: 2).verdict(on: votes("a", "b", "b")) == .conflict)
    #expect(MajorityRule(margin: 2).verdict(on: votes("a", "b", "b", "b")) == .agreed("b"))
    #expect(MajorityRule().verdict(on: votes("a")) == .noVote)
    #expect(MajorityRule(margin: 3, minimumVotes: 1).verdict(on: votes("a", "a")) == .conflict)
  }

  @Test func `the rules keep what every rule must keep`() {
    let check = AgreementCheck(labels: ["x", "y", "z"], teachers: ["a", "b", "c", "d"])
    #expect(check.problems(of: UnanimousRule()) == [])
    #expect(check.problems(of: UnanimousRule(minimumVotes: 1)) == [])
    #expect(check.problems(of: MajorityRule()) == [])
  }

  @Test func `the check finds rules that invent or depend on order`() {
    struct Inventive: AgreementRule {
      func verdict(on votes: [Vote]) -> Verdict { .agreed("new") }
    }
    struct FirstCome: AgreementRule {
      func verdict(on votes: [Vote]) -> Verdict { votes.first.map { .agreed($0.label) } ?? .noVote }
    }
    struct Quarrelsome: AgreementRule {
      func verdict(on votes: [Vote]) -> Verdict { votes.isEmpty ? .noVote : .conflict }
    }
    let check = AgreementCheck(labels: ["x", "y"])
    #expect(check.problems(of: Inventive()).contains { $0.contains("which is none of the votes") })
    #expect(check.problems(of: FirstCome()).contains { $0.contains("order") })
    #expect(check.problems(of: Quarrelsome()).contains { $0.hasSuffix("conflict") })
  }

  @Test func `a judgement keeps replies that are no vote`() {
    let rows = [
      annotation("1", teacher: "a"), annotation("2", teacher: "b", label: nil), annotation("3", teacher: "c"),
    ]
    let agreed = Judgement(item: Item(id: "i", fields: [:]), annotations: rows, rule: UnanimousRule())
    #expect(agreed.label == "falsified")
    #expect(agreed.conflict == nil)
    #expect(agreed.annotations.count == 3)
    let divided = Judgement(
      item: Item(id: "i", fields: [:]), annotations: rows + [annotation("4", teacher: "d", label: "pristine")],
      rule: UnanimousRule())
    #expect(divided.label == nil)
    #expect(divided.conflict?.votes.map(\.teacher) == ["a", "c", "d"])
    let run = AnnotationRun(items: [Item(id: "i", fields: [:])], teachers: ["a", "b", "c"], annotations: [rows])
    #expect(run.judgements(by: UnanimousRule()).map(\.verdict) == [.agreed("falsified")])
    #expect(run.votes.votes == [["falsified", nil, "falsified"]])
  }
}

@Suite struct AgreementReportTests {
  /// Ten items by hand. a and b both voted on 8: five agree (4 right), three conflict.
  let table = VoteTable(
    teachers: ["a", "b", "c"], items: (0..<10).map { "\($0)" },
    votes: [
      ["y", "y", "y"], ["y", "y", "n"], ["n", "n", "n"], ["n", "n", "n"], ["y", "y", "y"], ["y", "n", "n"],
      ["n", "y", "n"], ["y", "n", "y"], ["y", nil, "y"], [nil, nil, nil],
    ])
  let gold = Dictionary(
    uniqueKeysWithValues: ["y", "y", "n", "n", "n", "n", "n", "y", "y", "y"].enumerated().map { ("\($0)", $1) })

  @Test func `the figures are those worked out by hand`() throws {
    let report = AgreementReport(table, gold: gold)
    #expect(report.teachers.map(\.votes) == [9, 8, 9])
    #expect(report.teachers[0].accuracy == 7.0 / 9)
    let pair = report.pairs[0]
    #expect((pair.first, pair.second, pair.bothVoted, pair.conflicts) == ("a", "b", 8, 3))
    #expect(pair.agreement == 5.0 / 8)
    // a says y on 5 of 8 and b on 4 of 8: chance = (5 * 4 + 3 * 4) / 64 = 1/2.
    #expect(pair.kappa == (5.0 / 8 - 0.5) / 0.5)
    #expect(pair.accuracyWhereAgreed == 4.0 / 5)
    #expect(pair.agreedPlusLabels == (4.0 + 3) / 8)
    #expect(report.all.items == 8)
    #expect(report.all.unanimous == 4)
    #expect(report.all.accuracyWhereUnanimous == 3.0 / 4)
    #expect(report.all.majority == 7.0 / 8)
    #expect(report.all.unanimousPlusLabels == 7.0 / 8)
  }

  @Test func `without gold labels only agreement is known`() throws {
    let report = AgreementReport(table)
    #expect(report.pairs[0].kappa == 0.25)
    #expect(report.pairs[0].accuracyWhereAgreed == nil)
    #expect(report.all.majority == nil)
    #expect(report.text.contains("-"))
    #expect(try JSONParser.value(of: report.json())["all"]?["majority"] == nil)
    #expect(report.teachers[0].estimatedAccuracy != nil)
    #expect(report.teachers[0].anchoredAccuracy == nil)
  }

  @Test func `figures over no items and kappa of one label are not known`() {
    let single = AgreementReport(VoteTable(teachers: ["a", "b"], items: ["1"], votes: [["y", "y"]]))
    #expect(single.pairs[0].kappa == nil)
    #expect(single.pairs[0].agreement == 1)
    let none = AgreementReport(VoteTable(teachers: ["a", "b"], items: ["1"], votes: [["y", nil]]), gold: ["1": "y"])
    #expect(none.pairs[0].agreement == nil)
    #expect(none.all.majority == nil)
  }

  @Test func `a tied majority is wrong`() {
    let report = AgreementReport(VoteTable(teachers: ["a", "b"], items: ["1"], votes: [["y", "n"]]), gold: ["1": "y"])
    #expect(report.all.majority == 0)
  }

  @Test func `kappa equals the naive sum over labels`() throws {
    let labels = ["p", "q", "r"]
    var state: UInt64 = 7
    func next(_ n: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % n
    }
    let rows: [[String?]] = (0..<200).map { _ in
      let first = labels[next(3)]
      return [first, next(2) == 0 ? first : labels[next(3)]]
    }
    let report = AgreementReport(VoteTable(teachers: ["a", "b"], items: (0..<200).map { "\($0)" }, votes: rows))
    let observed = Double(rows.count { $0[0] == $0[1] }) / 200
    let chance = labels.map { label in
      Double(rows.count { $0[0] == label }) / 200 * Double(rows.count { $0[1] == label }) / 200
    }.reduce(0, +)
    let kappa = try #require(report.pairs[0].kappa)
    #expect(abs(kappa - (observed - chance) / (1 - chance)) < 1e-12)
  }

  @Test func `a file with its gold labels is reported and rendered`() throws {
    let scratch = try Scratch()
    let rows = table.votes.enumerated().map { i, row in
      let teachers = zip(table.teachers, row).map { "\"\($0)\": {\"label\": \($1.map { "\"\($0)\"" } ?? "null")}" }
      return "{\"gold\": \"\(gold["\(i)"] ?? "")\", \"teachers\": {\(teachers.joined(separator: ", "))}}"
    }
    let file = try scratch.file("t.jsonl", (rows + ["{\"teachers\": 3}"]).joined(separator: "\n"))
    let (report, setAside) = try AgreementReport.reading(file)
    #expect(report.pairs == AgreementReport(table, gold: gold).pairs)
    #expect(report.all == AgreementReport(table, gold: gold).all)
    #expect(setAside.map(\.line) == [11])
    let lines = report.text.split(separator: "\n")
    #expect(lines[0] == "teacher  votes  accuracy")
    #expect(lines[1] == "a            9  0.777778")
    #expect(lines[5].hasPrefix("a / b           8   0.625000  0.250000"))
    let json = try JSONParser.value(of: report.json())
    #expect(json["pairs"]?.elements?.first?["accuracy_where_agreed"]?.double == 0.8)
    #expect(json["all"]?["unanimous"]?.integer == 4)
  }

  /// A file of three teachers' answers to NewsCLIPpings, which is not part of the package: RECORDED_TEACHERS names it.
  static let recorded = ProcessInfo.processInfo.environment["RECORDED_TEACHERS"].map { URL(filePath: $0) }

  @Test(.enabled(if: Self.recorded != nil, "set RECORDED_TEACHERS to the file of recorded answers"))
  func `recorded teachers of real news photos give the published figures`() throws {
    let (report, setAside) = try AgreementReport.reading(#require(Self.recorded))
    #expect(setAside.isEmpty)
    func six(_ value: Double?) -> String { value.map { String(format: "%.6f", $0) } ?? "-" }
    #expect(report.teachers.map(\.name) == ["gpt4o_direct", "gpt4o_evidence", "gemini_evidence"])
    #expect(report.teachers.map(\.votes) == [4721, 4737, 4737])
    #expect(report.teachers.map { six($0.accuracy) } == ["0.823766", "0.844839", "0.781718"])
    let rows = report.pairs.map {
      [
        "\($0.bothVoted)", six($0.agreement), six($0.kappa), six($0.accuracyWhereAgreed), "\($0.conflicts)",
        six($0.agreedPlusLabels),
      ]
    }
    #expect(
      rows == [
        ["4721", "0.802372", "0.606551", "0.916579", "933", "0.933065"],
        ["4721", "0.754289", "0.517521", "0.901151", "1160", "0.925440"],
        ["4737", "0.779396", "0.556242", "0.901950", "1045", "0.923580"],
      ])
    #expect((report.all.items, report.all.unanimous) == (4721, 3153))
    #expect(six(report.all.accuracyWhereUnanimous) == "0.932762")
    #expect(six(report.all.majority) == "0.871849")
    #expect(six(report.all.unanimousPlusLabels) == "0.955094")
  }
}
