import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct DecisionLogTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func `a journal keeps what every log must keep`() async throws {
    let file = scratch.path("answers.jsonl")
    let time = Locked(ContinuousClock.now)
    let problems = try await DecisionLogCheck().problems(
      areClaimsShared: false, expire: { time.withLock { $0 += .seconds(ReviewClaim.lease) } },
      opening: { try ReviewJournal(file) { time.withLock { $0 } } })
    #expect(problems == [])
  }

  @Test func `a claim that is made again is renewed`() async throws {
    let time = Locked(ContinuousClock.now)
    let journal = try ReviewJournal(scratch.path("answers.jsonl")) { time.withLock { $0 } }
    for _ in 0..<3 {
      #expect(try await journal.claim(firstOf: ["a"], for: "anna", opinions: 1) == "a")
      time.withLock { $0 += .seconds(ReviewClaim.lease - 1) }
      #expect(try await journal.claim(firstOf: ["a"], for: "bea", opinions: 1) == nil)
    }
    time.withLock { $0 += .seconds(1) }
    #expect(try await journal.claim(firstOf: ["a"], for: "bea", opinions: 1) == "a")
  }

  @Test func `progress counts no more labels than are wanted, and tells whose items may come back`() {
    func entry(_ item: String, _ reviewer: String, _ decision: ReviewEntry.Decision) -> ReviewEntry {
      ReviewEntry(item: item, reviewer: reviewer, decision: decision, time: 0)
    }
    let entries = [
      entry("a", "anna", .label("x")), entry("a", "bea", .label("y")), entry("a", "carl", .label("y")),
      entry("b", "anna", .label("x")), entry("c", "bea", .skipped), entry("elsewhere", "anna", .label("x")),
    ]
    let claims = [("b", "bea"), ("c", "carl"), ("d", "carl"), ("a", "dora"), ("elsewhere", "dora")].map {
      ReviewClaim(item: $0, reviewer: $1)
    }
    let progress = ReviewProgress(items: ["a", "b", "c", "d"], opinions: 2, entries: entries, claims: claims)
    #expect(progress.labels == 3 && progress.open == 3)
    // What anna has decided does not come back to her, nor what bea has skipped to bea.
    #expect(progress.others(than: "anna").map { "\($0.reviewer) \($0.items)" } == ["carl 2"])
    #expect(progress.others(than: "bea").map { "\($0.reviewer) \($0.items)" } == ["carl 1"])
    #expect(progress.others(than: "carl").map { "\($0.reviewer) \($0.items)" } == ["bea 1"])
  }
}

@Suite struct ReviewerAgreementTests {
  private func entries(_ rows: [(reviewer: String, labels: String)]) -> [ReviewEntry] {
    rows.flatMap { row in
      row.labels.split(separator: " ").enumerated().map { unit, label in
        ReviewEntry(
          item: "\(unit)", reviewer: row.reviewer, decision: label == "." ? .skipped : .label(String(label)), time: 0)
      }
    }
  }

  /// The example of Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: nominal data with missing
  /// ones, alpha 0.743. Of its 55 pairs of values in one unit 43 are equal.
  @Test func `people agree as the published example says`() throws {
    let example = entries([
      ("A", "1 2 3 3 2 1 4 1 2 . . ."), ("B", "1 2 3 3 2 2 4 1 2 5 . 3"), ("C", ". 3 3 3 2 3 4 2 2 5 1 ."),
      ("D", "1 2 3 3 2 4 4 1 2 5 1 ."),
    ])
    let agreement = try #require(ReviewerAgreement(example))
    #expect(agreement.items == 11 && agreement.share == 43.0 / 55)
    #expect(abs(try #require(agreement.alpha) - 0.743) < 5e-4)
    #expect(
      agreement.text
        == "people agree in 78.2 % of the pairs of labels on 11 items with two or more (Krippendorff's alpha 0.74)")
    #expect(ReviewerAgreement(example.reversed()) == agreement)
    // Only items that count do.
    #expect(ReviewerAgreement(example, items: ["5"])?.share == 0)
  }

  @Test func `without two labels of an item there is no agreement, and with one label alone no alpha`() {
    #expect(ReviewerAgreement([]) == nil)
    #expect(ReviewerAgreement(entries([("A", "1 ."), ("B", ". 1")])) == nil)
    let one = ReviewerAgreement(entries([("A", "1"), ("B", "1")]))
    #expect(one?.share == 1 && one?.alpha == nil)
    #expect(one?.text.hasSuffix("on 1 item with two or more (one label alone was given)") == true)
  }
}

@Suite struct SharedTerminalReviewTests {
  @Test func `what another has before them is passed over, and a second person gives second opinions`() async throws {
    let scratch = try Scratch()
    let journal = try ReviewJournal(scratch.path("answers.jsonl"))
    let questions = ["a", "b", "c"].map { ReviewQuestion(conflict($0, ["falsified", "pristine"])) }
    func review(_ reviewer: String, _ opinions: Int, _ answers: [String]) async throws -> [String] {
      var (lines, shown) = (answers, [String]())
      try await TerminalReview(
        questions: questions, labels: .outOfContext, log: journal, opinions: opinions, reviewer: reviewer
      ).run(read: { lines.isEmpty ? nil : lines.removeFirst() }, write: { shown.append($0) })
      #expect(lines.isEmpty)
      return shown
    }
    #expect(try await journal.claim(firstOf: ["b"], for: "bea", opinions: 1) == "b")
    let first = try await review("anna", 1, ["1", "1"])
    #expect(first.filter { $0.contains("--- ") }.count == 2 && !first.contains { $0.contains("--- 2 of 3") })
    #expect(first.last == "What is left is before others: 1 before bea. Come back later for what they leave.")
    #expect(await journal.claims().map(\.reviewer) == ["bea"])
    await journal.release("b", by: "bea")
    #expect(try await review("bea", 1, ["2"]).last == "All 3 are decided.")
    #expect(try await review("bea", 2, ["1", "2"]).last?.hasPrefix("Nothing is left for you; 1 of 3 are open") == true)
    #expect(
      try await review("anna", 2, ["2"]).last?.hasPrefix("All 3 are decided.\npeople agree in 66.7 % of") == true)
  }

  @Test func `an answer that comes after others have decided is not kept, and said`() async throws {
    let scratch = try Scratch()
    let time = Locked(ContinuousClock.now)
    let journal = try ReviewJournal(scratch.path("answers.jsonl")) { time.withLock { $0 } }
    let questions = [ReviewQuestion(conflict("a", ["falsified", "pristine"]))]
    var shown: [String] = []
    // While anna thinks, her claim expires and a second page has the item.
    try await TerminalReview(questions: questions, labels: .outOfContext, log: journal, reviewer: "anna").run(
      read: {
        time.withLock { $0 += .seconds(ReviewClaim.lease) }
        try? Data((ReviewEntry(item: "a", reviewer: "bea", decision: .label("pristine")).line + "\n").utf8)
          .write(to: scratch.path("answers.jsonl"))
        return "1"
      }, write: { shown.append($0) })
    #expect(shown.contains { $0.hasPrefix("Not kept: ") })
    #expect(try await journal.entries().map(\.reviewer) == ["bea"])
  }
}
