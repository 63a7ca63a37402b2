import Annotations
import Foundation
import TeacherProtocol
import TestSupport
import Testing

@Suite struct SpendingTests {
  let scratch: Scratch
  let store: JSONLinesAnnotationStore
  let data: Dataset
  let template: PromptTemplate

  init() throws {
    scratch = try Scratch()
    store = try JSONLinesAnnotationStore(scratch.path("replies.jsonl"), isDurable: false)
    data = Dataset(items: (0..<60).map { Item(id: "i\($0)", fields: ["text": "text \($0)"]) }, root: scratch.url)
    template = try PromptTemplate("{text}")
  }

  /// A service by a random price list: it costs what it says, and sometimes it has to be asked again.
  static func service(_ name: String, seed: UInt64, spent: Locked<Spending>, price: TokenPrice) -> ScriptedTeacher {
    ScriptedTeacher(name) { request in
      var generator = SplitMix(state: seed ^ UInt64(request.prompt.utf8.reduce(7) { $0 &* 31 &+ Int($1) }.magnitude))
      for _ in 0...Int.random(in: 0...2, using: &generator) {
        try request.meter?.countRequest()
        spent.withLock { $0.requests += 1 }
        await Task.yield()
      }
      let usage = TeacherReply.Usage(
        inputTokens: Int.random(in: 1...60, using: &generator),
        outputTokens: Int.random(in: 1...request.parameters.maximumTokens, using: &generator))
      spent.withLock { $0 = $0 + Spending(requests: 0, usage: usage, price: price) }
      if Int.random(in: 0..<10, using: &generator) == 0 {
        request.meter?.countLostReply()
        throw Fault()
      }
      return TeacherReply(reading: "Yes", with: AnswerReader(labels: request.labels), usage: usage)
    }
  }

  struct Fault: Error {}

  /// Random budgets, prices and concurrencies; all of a thousand where the environment has `MEASURE_BUDGET`.
  @Test func `a budget is never exceeded by more than what was under way`() async throws {
    let runs = ProcessInfo.processInfo.environment["MEASURE_BUDGET"] == nil ? 20 : 1000
    var worst = (requests: 0, tokens: 0)
    for seed in 1...UInt64(runs) {
      var generator = SplitMix(state: seed)
      let price = TokenPrice(
        input: .random(in: 0...10, using: &generator), output: .random(in: 0...40, using: &generator))
      let tokens = Int.random(in: 5...50, using: &generator)
      let concurrency = Int.random(in: 1...16, using: &generator)
      var limit = SpendingLimit()
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: limit.requests = .random(in: 1...150, using: &generator)
      case 1: limit.tokens = .random(in: 10...6000, using: &generator)
      default: limit.cost = .random(in: 0...0.05, using: &generator)
      }
      let spent = Locked(Spending())
      let ledger = SpendingLedger(limit: limit)
      let annotator = try Annotator(
        store: MemoryStore(), labels: .outOfContext,
        assignments: ["a", "b", "c"].map {
          .init(
            teacher: Self.service($0, seed: seed, spent: spent, price: price), template: template,
            parameters: .init(maximumTokens: tokens), concurrency: concurrency, price: price)
        }, ledger: ledger)
      let run = try await annotator.annotate(data)
      let used = spent.withLock { $0 }
      let answered = run.annotations.reduce(0) { $0 + $1.count }
      #expect(answered + run.failures.count == 180)
      // What was under way: at most so many questions of each teacher, each at its dearest.
      let underWay = 3 * concurrency
      let most = TeacherReply.Usage(inputTokens: 60, outputTokens: tokens)
      if let requests = limit.requests {
        #expect(used.requests <= requests)
        worst.requests = max(worst.requests, used.requests - requests)
      }
      if let limit = limit.tokens {
        #expect(used.inputTokens + used.outputTokens <= limit + underWay * (60 + tokens))
        worst.tokens = max(worst.tokens, used.inputTokens + used.outputTokens - limit)
      }
      if let cost = limit.cost { #expect(used.cost <= cost + Double(underWay) * price.cost(of: most)) }
      if used.requests > 170, run.failures.isEmpty { #expect(ledger.spent.requests == used.requests) }
    }
    if runs == 1000 { print("1,000 runs: requests over \(worst.requests), tokens over at most \(worst.tokens)") }
  }

  /// Keeps what it is given, in memory.
  actor MemoryStore: AnnotationStore {
    var kept: [String: Annotation] = [:]
    func append(_ annotations: [Annotation]) {
      for one in annotations where kept[one.key] == nil { kept[one.key] = one }
    }
    func annotations(forKeys keys: [String]) -> [String: Annotation] { kept.filter { keys.contains($0.key) } }
    func annotations(forItems items: [String]?) -> [Annotation] { Array(kept.values) }
  }

  @Test func `figures too large to be added up stay the largest`() async throws {
    let teacher = ScriptedTeacher("t") { request in
      TeacherReply(
        reading: "No", with: AnswerReader(labels: request.labels), usage: .init(inputTokens: .max, outputTokens: .max))
    }
    let annotator = try Annotator(
      store: MemoryStore(), labels: .outOfContext,
      assignments: [
        .init(
          teacher: teacher, template: template, parameters: .init(maximumTokens: .max, samples: 3),
          price: .init(input: 1e6, output: 2e6))
      ])
    #expect(try await annotator.estimate(data, items: data.items).spending.outputTokens == .max)
    let run = try await annotator.annotate(data)
    #expect(run.failures.isEmpty)
    let spent = annotator.ledger.spent
    #expect((spent.inputTokens, spent.outputTokens, spent.tokens) == (.max, .max, .max))
    #expect(spent.cost.isFinite)
  }

  @Test func `a budget that is used up is said and what is stored still counts`() async throws {
    let asked = Locked(0)
    let teacher = ScriptedTeacher("t") { request in
      asked.withLock { $0 += 1 }
      return TeacherReply(
        reading: "No", with: AnswerReader(labels: request.labels), usage: .init(inputTokens: 10, outputTokens: 5))
    }
    func run(_ limit: SpendingLimit) async throws -> (AnnotationRun, Spending) {
      let annotator = try Annotator(
        store: store, labels: .outOfContext,
        assignments: [.init(teacher: teacher, template: template, price: .init(input: 1e6, output: 2e6))],
        ledger: SpendingLedger(limit: limit))
      return (try await annotator.annotate(data), annotator.ledger.spent)
    }
    let (first, spent) = try await run(SpendingLimit(requests: 25))
    #expect((first.asked, first.failures.count, asked.withLock { $0 }) == (25, 35, 25))
    #expect(first.failures[0].reason.contains("the budget of 25 requests is used up"))
    #expect((spent.requests, spent.inputTokens, spent.outputTokens, spent.cost) == (25, 250, 125, 500))
    let (second, _) = try await run(SpendingLimit(requests: 25))
    #expect(second.failures.count == 10)
    let (third, more) = try await run(SpendingLimit())
    #expect(third.failures.isEmpty)
    #expect(more.requests == 10)
  }

  @Test func `an estimate asks nothing`() async throws {
    let teacher = ScriptedTeacher("t") { _ in throw Fault() }
    let twins = Dataset(
      items: data.items + [Item(id: "twin", fields: ["text": "text 0"]), Item(id: "bad", fields: ["other": "x"])],
      root: scratch.url)
    let annotator = try Annotator(
      store: store, labels: .outOfContext,
      assignments: [
        .init(
          teacher: teacher, template: template, parameters: .init(maximumTokens: 100), price: .init(input: 0, output: 1)
        )
      ])
    let estimate = try await annotator.estimate(twins)
    let row = try #require(estimate.teachers.first)
    #expect((row.questions, row.alreadyStored, row.shared, row.unfit) == (60, 0, 1, 1))
    #expect(estimate.spending.requests == 60)
    #expect(estimate.spending.outputTokens == 3000)
    #expect(abs(estimate.spending.cost - 0.003) < 1e-12)
    #expect(try await store.all().isEmpty)
  }

  @Test func `progress tells rate, cost and time left`() async throws {
    let teacher = ScriptedTeacher("t") { request in
      try await Task.sleep(for: .milliseconds(1))
      return TeacherReply(
        reading: "No", with: AnswerReader(labels: request.labels), usage: .init(inputTokens: 10, outputTokens: 5))
    }
    let annotator = try Annotator(
      store: store, labels: .outOfContext, assignments: [.init(teacher: teacher, template: template)])
    let steps = Locked<[AnnotationProgress]>([])
    _ = try await annotator.annotate(data) { step in steps.withLock { $0.append(step) } }
    let last = try #require(steps.withLock { $0.last })
    #expect(last.rate > 0)
    #expect(last.secondsLeft == 0)
    #expect((last.spent.requests, last.spent.inputTokens) == (60, 600))
    #expect(steps.withLock { $0.dropLast().allSatisfy { ($0.secondsLeft ?? 1) > 0 } })
  }

  @Test func `items may be made when they are needed`() async throws {
    let failing = ScriptedTeacher("t") { request in
      if request.item.id.hasSuffix("7") { throw Fault() }
      return TeacherReply(reading: "No", with: AnswerReader(labels: request.labels))
    }
    let annotator = try Annotator(
      store: store, labels: .outOfContext, assignments: [.init(teacher: failing, template: template, concurrency: 32)])
    let failures = Locked<[AnnotationRun.Failure]>([])
    let end = try await annotator.fill(
      Dataset(items: [], root: scratch.url), count: 1500,
      item: { Item(id: "\($0)", fields: ["text": "\($0)"]) }
    ) { failure in failures.withLock { $0.append(failure) } }
    #expect((end.done, end.total, end.failed) == (1500, 1500, 150))
    #expect(failures.withLock { $0.count } == 150)
    #expect(try await store.all().count == 1350)
  }
}
