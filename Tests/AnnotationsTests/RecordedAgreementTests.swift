import Annotations
import Foundation
import TeacherProtocol
import Testing

/// Three real teachers on news photographs. `Documentation/Agreement.md` shows the figures.
@Suite(.enabled(if: AgreementReportTests.recorded != nil, "set RECORDED_TEACHERS to the file of recorded answers"))
struct RecordedAgreementTests {
  let table: VoteTable
  let gold: [String: String]

  init() throws {
    let file = try #require(AgreementReportTests.recorded)
    let replies = try RecordedReplies(contentsOf: file, labels: nil)
    table = VoteTable(replies)
    gold = try GoldAnswers(
      contentsOf: file, mapping: FieldMapping(id: replies.id, text: nil, label: "gold"),
      labels: nil
    ).answers(of: replies.items)
  }

  @Test func `labels by Dawid-Skene are as right as those of the majority`() throws {
    let report = AgreementReport(table, gold: gold)
    let labels = try #require(report.labels)
    #expect(labels.map(\.items) == [3153, 4721, 4721])
    #expect(labels.map { String(format: "%.4f", 1 - ($0.error ?? 1)) } == ["0.9328", "0.8718", "0.8718"])
    #expect(String(format: "%.4f", report.all.fleissKappa ?? 0) == "0.5568")
    #expect(String(format: "%.4f", report.all.krippendorffAlpha ?? 0) == "0.5573")
  }

  @Test func `accuracies estimated from votes alone are six points too high because teachers err together`() throws {
    let report = AgreementReport(table, gold: gold)
    let excess = try report.teachers.map { try #require($0.estimatedAccuracy) - (try #require($0.accuracy)) }
    #expect(excess.map { String(format: "%.4f", $0) } == ["0.0594", "0.0538", "0.0611"])
  }

  @Test func `labels of the conflicts show nearly half of the errors among unanimous answers`() throws {
    let rows = zip(table.items, table.votes).filter { $0.1.allSatisfy { $0 != nil } }
    let whole = VoteTable(teachers: table.teachers, items: rows.map(\.0), votes: rows.map(\.1))
    let unanimous = rows.filter { Set($0.1).count == 1 }
    let isConflict = Set(rows.map(\.0)).subtracting(unanimous.map(\.0))
    func expected(_ posterior: AgreedPosterior) -> Double {
      unanimous.reduce(0) { $0 + 1 - (posterior.probabilities(of: $1.1)[$1.1[0] ?? ""] ?? 0) } / Double(unanimous.count)
    }
    let real = Double(unanimous.count { gold[$0.0] != $0.1[0] }) / Double(unanimous.count)
    let plain = expected(AgreedPosterior(whole, truth: [:]))
    let known = expected(AgreedPosterior(whole, truth: gold.filter { isConflict.contains($0.key) }))
    #expect([real, plain, known].map { String(format: "%.4f", $0) } == ["0.0672", "0.0024", "0.0284"])
  }

  @Test func `two hundred human labels anchor the accuracies`() throws {
    let truth = try AgreementReport(table, gold: gold).teachers.map { try #require($0.accuracy) }
    var (anchored, plain) = ([0.0, 0, 0], [0.0, 0, 0])
    for draw in 0..<50 {
      var random = SmallRandom(state: UInt64(draw))
      let drawn = Set(table.items.shuffled(using: &random).prefix(200))
      let labels = gold.filter { drawn.contains($0.key) }
      let report = AgreementReport(table, gold: labels, anchors: labels)
      for teacher in truth.indices {
        let estimate = try #require(report.teachers[teacher].anchoredAccuracy)
        anchored[teacher] += abs(estimate.value - truth[teacher]) / 50
        plain[teacher] += abs(try #require(report.teachers[teacher].accuracy) - truth[teacher]) / 50
      }
    }
    #expect(anchored.map { String(format: "%.4f", $0) } == ["0.0188", "0.0154", "0.0151"])
    #expect(plain.map { String(format: "%.4f", $0) } == ["0.0216", "0.0178", "0.0211"])
  }
}
