import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct ReviewJournalTests {
  let scratch: Scratch
  let items = (0..<4).map { Item(id: "\($0)", fields: [:]) }

  init() throws { scratch = try Scratch() }

  @Test func `it keeps what every source must keep`() async throws {
    let journal = try ReviewJournal(scratch.path("answers.jsonl"))
    try await journal.add(ReviewEntry(item: "1", reviewer: "anna", decision: .label("falsified")))
    try await journal.add(ReviewEntry(item: "2", reviewer: "anna", decision: .skipped))
    let check = LabelSourceCheck(items: items, labels: .outOfContext)
    #expect(try await check.problems(of: journal) == [])
    #expect(try await journal.labels(for: items) == ["1": "falsified"])
  }

  @Test func `the last decision stands and undo takes back the last one`() async throws {
    let file = scratch.path("answers.jsonl")
    let journal = try ReviewJournal(file)
    try await journal.add(ReviewEntry(item: "1", reviewer: "anna", decision: .label("pristine"), note: "a \"quote\"\n"))
    try await journal.add(ReviewEntry(item: "2", reviewer: "anna", decision: .label("pristine")))
    try await journal.add(ReviewEntry(item: "1", reviewer: "anna", decision: .label("falsified")))
    #expect(try await journal.undo("anna")?.item == "1")
    #expect(try await journal.entries().map(\.item) == ["2"])
    #expect(try await journal.undo("bea") == nil)
    // Whoever opens the file finds the same, also beside one that has it open.
    let other = try ReviewJournal(file)
    #expect(try await other.entries() == journal.entries())
    try await other.add(ReviewEntry(item: "3", reviewer: "bea", decision: .skipped, note: "dark"))
    #expect(try await journal.entries().last?.note == "dark")
  }

  @Test func `a damaged line is an error each time, and what stands behind it is not forgotten`() async throws {
    let file = scratch.path("answers.jsonl")
    let first = try ReviewJournal(file)
    try await first.add(ReviewEntry(item: "1", reviewer: "anna", decision: .label("pristine")))
    let good = try Data(contentsOf: file)
    try (Data("garbage\n".utf8) + good).write(to: file)
    let journal = try ReviewJournal(file)
    for _ in 0..<2 { await #expect(throws: AnnotationsError.self) { try await journal.entries() } }
    await #expect(throws: AnnotationsError.self) {
      try await journal.add(ReviewEntry(item: "2", reviewer: "bea", decision: .skipped))
    }
    #expect(try Data(contentsOf: file) == Data("garbage\n".utf8) + good)
  }

  @Test func `nothing is confirmed into a file that was deleted or replaced`() async throws {
    let file = scratch.path("answers.jsonl")
    let decision = ReviewEntry(item: "1", reviewer: "anna", decision: .label("pristine"))
    let journal = try ReviewJournal(file)
    try await journal.add(decision)
    let bytes = try Data(contentsOf: file)
    try bytes.write(to: file, options: .atomic)
    await #expect(throws: AnnotationsError.replacedBehindUs(file: file.relativePath)) {
      try await journal.add(decision)
    }
    #expect(try Data(contentsOf: file) == bytes)
    let next = try ReviewJournal(file)
    try FileManager.default.removeItem(at: file)
    await #expect(throws: AnnotationsError.replacedBehindUs(file: file.relativePath)) { try await next.entries() }
  }

  @Test func `several people label by majority and a tie is no label`() async throws {
    let journal = try ReviewJournal(scratch.path("answers.jsonl"))
    for (reviewer, item, label) in [
      ("a", "0", "x"), ("b", "0", "x"), ("c", "0", "y"), ("a", "1", "x"), ("b", "1", "y"), ("a", "2", "y"),
    ] {
      try await journal.add(ReviewEntry(item: item, reviewer: reviewer, decision: .label(label)))
    }
    #expect(try await journal.labels(for: items) == ["0": "x", "2": "y"])
  }

  @Test func `a torn line was confirmed to nobody and a strange one is named`() async throws {
    let torn = try scratch.file(
      "torn.jsonl", "{\"item\": \"0\", \"reviewer\": \"a\", \"label\": \"x\"}\n{\"item\": \"1\", \"rev")
    let journal = try ReviewJournal(torn)
    #expect(try await journal.entries().map(\.item) == ["0"])
    try await journal.add(ReviewEntry(item: "2", reviewer: "a", decision: .label("y")))
    #expect(try await journal.entries().map(\.item) == ["0", "2"])
    let strange = try ReviewJournal(try scratch.file("strange.jsonl", "{\"item\": \"0\"}\n"))
    await #expect(throws: AnnotationsError.self) { try await strange.entries() }
  }
}

@Suite struct ReviewQuestionTests {
  @Test func `a queue is read back as it was written`() throws {
    let scratch = try Scratch()
    let conflicts = [conflict("a", ["x", "y"], [0.5, 0.75]), conflict("b", ["y", "x", "x"])]
    let file = scratch.path("queue.jsonl")
    try ReviewFile.write(conflicts, to: file)
    let questions = try ReviewQuestion.reading(file)
    #expect(questions == conflicts.map(ReviewQuestion.init))
    #expect(questions[0].answers[1].confidence == 0.75)
    let bad = try scratch.file("bad.jsonl", "{\"label\": \"x\"}\n")
    #expect(throws: TeacherProtocolError.self) { try ReviewQuestion.reading(bad) }
  }

  @Test func `words that nobody of another opinion uses are marked`() {
    let item = Item(id: "1", fields: [:])
    let question = ReviewQuestion(
      item: item,
      answers: [
        .init(teacher: "a", label: "x", rationale: "The banner shows  Paris, not Rome."),
        .init(teacher: "b", label: "y", rationale: "the banner, shows Rome"),
        .init(teacher: "c", label: "x", rationale: "Paris"),
      ])
    func marks(_ index: Int) -> [String] { question.marked(question.answers[index]).filter(\.differs).map(\.text) }
    #expect(marks(0) == ["  Paris, not"])
    #expect(marks(1) == [])
    #expect(marks(2) == ["Paris"])
    #expect(question.marked(question.answers[0]).map(\.text).joined() == "The banner shows  Paris, not Rome.")
    let agreed = ReviewQuestion(item: item, answers: [.init(teacher: "a", label: "x", rationale: "why")])
    #expect(agreed.marked(agreed.answers[0]).map(\.differs) == [false])
  }
}

@Suite struct BlindOrderTests {
  @Test func `the place of an answer does not give its teacher away`() {
    let questions = (0..<40).map { ReviewQuestion(conflict("\($0)", ["x", "y"])) }
    let first = questions.count { $0.answersInBlindOrder[0].teacher == "t0" }
    #expect((10...30).contains(first))
    #expect(questions.allSatisfy { Set($0.answersInBlindOrder.map(\.teacher)) == ["t0", "t1"] })
    #expect(questions.map(\.answersInBlindOrder) == questions.map(\.answersInBlindOrder))
  }
}

@Suite struct TerminalReviewTests {
  @Test func `lines answer, skip, note and undo`() async throws {
    let scratch = try Scratch()
    let journal = try ReviewJournal(scratch.path("answers.jsonl"))
    let questions = ["a", "b", "c"].map { ReviewQuestion(conflict($0, ["falsified", "pristine"])) }
    let review = TerminalReview(questions: questions, labels: .outOfContext, log: journal, reviewer: "anna")
    var lines = ["n blurred", "1", "nonsense", "s", "u", "2", "q"]
    var shown: [String] = []
    try await review.run(read: { lines.isEmpty ? nil : lines.removeFirst() }, write: { shown.append($0) })
    let entries = try await journal.entries()
    let names = LabelSet.outOfContext.names
    #expect(entries.map(\.item) == ["a", "b"])
    #expect(entries.map(\.label) == [names[0], names[1]])
    #expect(entries[0].note == "blurred")
    #expect(shown.contains { $0.contains("Please answer") })
    let first = try #require(shown.first)
    #expect(first.contains("Caption") && first.contains("because *0*") && !first.contains("t0"))
    // Names come once it is decided; the next time it goes on with what is open.
    #expect(shown.contains { $0.contains("t0") })
    shown = []
    try await review.run(read: { nil }, write: { shown.append($0) })
    #expect(shown.first?.contains("3 of 3") == true)
  }
}
