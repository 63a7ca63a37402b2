import Annotations
import Foundation
import TeacherProtocol
import Testing

/// A budget counts over all starts, however each of them ended.
@Suite struct SpendingBookTests {
  let scratch: Scratch
  let data: Dataset

  init() throws {
    scratch = try Scratch()
    data = Dataset(items: (0..<60).map { Item(id: "i\($0)", fields: ["text": "text \($0)"]) }, root: scratch.url)
  }

  /// A start that is over once it has asked so often, or its budget is; a store of its own, as if all was asked anew.
  private func start(
    _ number: Int, limit: SpendingLimit, teacher name: String = "a", stopsAfter: Int = .max, sent: Locked<Int>
  ) async throws -> SpendingLedger {
    let store = try JSONLinesAnnotationStore(scratch.path("replies\(number).jsonl"), isDurable: false)
    let teacher = ScriptedTeacher(name) { request in
      try request.meter?.countRequest()
      let count = sent.withLock { sent in
        sent += 1
        return sent
      }
      // What is under way when a process ends is neither answered nor settled.
      if count >= stopsAfter { try await Task.sleep(for: .seconds(60)) }
      return TeacherReply(
        reading: "Yes", with: AnswerReader(labels: request.labels), usage: .init(inputTokens: 10, outputTokens: 2))
    }
    let book = try SpendingBook(scratch.path("spending.txt"), of: ["a"])
    let ledger = SpendingLedger(limit: limit, book: book)
    let annotator = try Annotator(
      store: store, labels: .outOfContext,
      assignments: [
        .init(
          teacher: teacher, template: try PromptTemplate("{text}"), concurrency: 4,
          price: TokenPrice(input: 1e5, output: 1e5))
      ], ledger: ledger)
    _ = try await annotator.annotate(data)
    return ledger
  }

  @Test func `four starts with a budget of 100 requests send 100 and not 400`() async throws {
    let sent = Locked(0)
    var before: [Int] = []
    for number in 1...4 {
      let ledger = try await start(number, limit: SpendingLimit(requests: 100), sent: sent)
      before.append(ledger.spentBefore.requests)
      #expect(ledger.wasExhausted == (number > 1))
    }
    #expect(sent.withLock { $0 } == 100 && before == [0, 60, 100, 100])
  }

  @Test func `tokens and money count over all starts too`() async throws {
    for limit in [SpendingLimit(tokens: 20_000), SpendingLimit(cost: 2000)] {
      let sent = Locked(0)
      try? FileManager.default.removeItem(at: scratch.path("spending.txt"))
      for number in 1...50 {
        try? FileManager.default.removeItem(at: scratch.path("replies\(number).jsonl"))
        _ = try await start(number, limit: limit, sent: sent)
      }
      // A question costs 12 tokens, and is admitted only where its estimate has room.
      #expect(sent.withLock { $0 } * 12 <= 20_000 && sent.withLock { $0 } > 1000)
    }
  }

  @Test func `questions that were under way when a start was killed count as sent`() async throws {
    let sent = Locked(0)
    for number in 1...10 {
      let killed = Task {
        try await start(number, limit: SpendingLimit(requests: 50), stopsAfter: 7 * number, sent: sent)
      }
      let began = ContinuousClock().now
      // Until all four that may be under way wait, so that none is sent behind the book's back.
      while sent.withLock({ $0 }) < min(50, 7 * number + 3), ContinuousClock().now - began < .seconds(120) {
        try await Task.sleep(for: .milliseconds(2))
      }
      // The book as a killed process leaves it: what comes with the cancelling is not in it.
      let left = try Data(contentsOf: scratch.path("spending.txt"))
      killed.cancel()
      _ = await killed.result
      try left.write(to: scratch.path("spending.txt"))
    }
    #expect(sent.withLock { $0 } <= 50)
    #expect(try SpendingBook(scratch.path("spending.txt")).before.requests == 50)
  }

  @Test func `batches that are written before any is read share the budget and no question`() async throws {
    let store = try JSONLinesAnnotationStore(scratch.path("replies.jsonl"), isDurable: false)
    let teacher = ScriptedTeacher("a") { _ in TeacherReply(outcome: .abstained, raw: "?") }
    func annotator(_ limit: Int) throws -> Annotator {
      let ledger = SpendingLedger(
        limit: SpendingLimit(requests: limit), book: try SpendingBook(scratch.path("spending.txt"), of: ["a"]))
      return try Annotator(
        store: store, labels: .outOfContext,
        assignments: [.init(teacher: teacher, template: try PromptTemplate("{text}"))], ledger: ledger)
    }
    let open = try await annotator(0).openQuestions(to: "a", data).questions
    /// The questions that a process writes until the budget ends.
    func batch(_ limit: Int, again: Bool = false) async throws -> [String] {
      let annotator = try annotator(limit)
      var keys: [String] = []
      do {
        for question in try await annotator.openQuestions(to: "a", data).questions
        where try annotator.send(question, to: "a", again: again) { keys.append(question.key) }
      } catch is BudgetExhausted {}
      return keys
    }
    let keys = open.map(\.key)
    #expect(try await batch(6) == Array(keys[..<6]))
    #expect(try await batch(6) == [])
    #expect(try await batch(8) == Array(keys[6..<8]))
    // Nor does asking have room besides.
    let run = try await annotator(8).annotate(data)
    #expect(run.failures.count == 60 && run.asked == 0)
    // What was answered costs what it cost, what expired nothing, and what is out what it may.
    let reply = TeacherReply(outcome: .abstained, raw: "?", usage: .init(inputTokens: 10, outputTokens: 2))
    try await annotator(8).keep([(open[0], reply)], of: "a", unanswered: [open[1], open[50]])
    #expect(try SpendingBook(scratch.path("spending.txt")).before.requests == 7)
    #expect(try await batch(8) == [keys[1]])
    #expect(try await batch(11, again: true) == Array(keys[1..<4]))
    // One that an older version wrote was not booked.
    try await annotator(11).keep([(open[20], reply)], of: "a")
    #expect(try SpendingBook(scratch.path("spending.txt")).before.requests == 12)
  }

  @Test(.timeLimit(.minutes(2))) func `batches are booked while questions are asked out of the same budget`()
    async throws
  {
    let place = scratch.path("spending.txt")
    let teacher = ScriptedTeacher("a") { request in
      try request.meter?.countRequest()
      return TeacherReply(reading: "Yes", with: AnswerReader(labels: request.labels))
    }
    let annotator = try Annotator(
      store: MemoryAnnotationStore(), labels: .outOfContext,
      assignments: [.init(teacher: teacher, template: try PromptTemplate("{text}"), concurrency: 4)],
      ledger: SpendingLedger(limit: SpendingLimit(requests: 1000), book: try SpendingBook(place)))
    let open = try await annotator.openQuestions(to: "a", data).questions
    let sent = try await withThrowingTaskGroup(of: Int.self) { [data] group in
      group.addTask {
        _ = try await annotator.annotate(data)
        return 0
      }
      for _ in 0..<3 {
        group.addTask { try open.count { try annotator.send($0, to: "a", again: false) } }
      }
      return try await group.reduce(0, +)
    }
    #expect(sent == 60)
    #expect(try SpendingBook(place).before.requests == 120)
  }

  @Test func `a book that several write counts the teachers it is asked for`() throws {
    let place = scratch.path("shared.txt")
    try Data("1 1 a asked 1 10 20 0.5\n1 1 a again 1 0 0 0.0\n1 2 b asked 1 7 7 0.0\n1 1 a paid 1 8 3 0.25\n".utf8)
      .write(to: place)
    let before = try SpendingBook(place, of: ["a"]).before
    #expect(before.requests == 2 && before.inputTokens == 8 && before.outputTokens == 3 && before.cost == 0.25)
    #expect(try SpendingBook(place).before.requests == 3)
    // Half a line is what a power cut leaves; a whole one that is none is a mistake.
    let whole = try Data(contentsOf: place)
    // Cut within a figure it would pass for a whole one.
    for half in ["1 3 a as", "1 3 a asked 5 10 20 0"] {
      try (whole + Data(half.utf8)).write(to: place)
      for _ in 0..<2 { #expect(try SpendingBook(place).before.requests == 3, "\(half)") }
      #expect(try Data(contentsOf: place) == whole)
    }
    try Data("1 1 a asked many\n".utf8).write(to: place)
    #expect(throws: AnnotationsError.self) { try SpendingBook(place) }
  }
}
