import DualChecker
import Foundation
import TeacherProtocol
import Testing

/// Remembers the last answer to a text's first word: enough of a student to be taught.
struct WordStudent: OnlineStudent, Equatable {
  var known: [String: TaskAnswer] = [:]
  var fitted: [[String]] = []

  mutating func fit(_ batch: [TrainingExample]) async throws {
    for example in batch { known[example.item.text] = example.answer }
    fitted.append(batch.map(\.item.id))
  }

  func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    items.map {
      let answer = known[$0.text] ?? .label("other")
      return StudentPrediction(answer: answer, probabilities: answer == .label("green") ? [0.55, 0.45] : [0.45, 0.55])
    }
  }
}

@Suite struct DualCheckerLoopTests {
  let items = (0..<10).map {
    Fixture.item("i\($0)", $0 % 2 == 0 ? "a motor \($0) that saves power" : "a game \($0) that starts faster")
  }

  func loop(_ teacher: (any Teacher)? = nil, over items: [Item]? = nil) async throws -> DualCheckerLoop {
    let task = try Fixture.green()
    var loop = DualCheckerLoop(
      task: task, teacher: teacher ?? InContextTeacher("offline", task: task), aligner: try await Fixture.aligner(),
      items: items ?? self.items, template: LabellingTemplate(instructions: ["Green?"]))
    (loop.options.batch, loop.options.refinesEvery, loop.options.replay) = (4, 1, 2)
    return loop
  }

  @Test func `a layout in which nothing of an item stands is refused before the teacher is asked`() async throws {
    let layout = "{instructions}\n[[{demonstrations}\n]]{names}?"
    let (task, aligner) = (try Fixture.green(), try await Fixture.aligner())
    let loop = DualCheckerLoop(
      task: task, teacher: InContextTeacher("offline", task: task), aligner: aligner, items: items,
      template: LabellingTemplate(layout: layout, instructions: ["Green?"]))
    await #expect(throws: TeacherProtocolError.asksNothing(template: layout, known: ["detail", "text"])) {
      try await loop.start()
    }
  }

  @Test func `it labels everything, counts every question and names the template of every answer`() async throws {
    let loop = try await loop()
    var (state, student) = (try await loop.start(), WordStudent())
    #expect(state.questions == 12, "six explanations and six answers of the pool")
    #expect(state.reasons.count == 6 && state.pool.count == 6)
    while try await loop.step(&state, student: &student) {}
    #expect(state.labelled.map(\.item) == items.map(\.id))
    #expect(state.rounds.map(\.labelled) == [4, 8, 10])
    let refinements = state.history.entries.count - 1
    #expect(refinements == 3)
    #expect(state.questions == 12 + state.labelled.reduce(0) { $0 + $1.replies.count } + refinements * 7)
    let versions = Set(state.history.entries.map(\.template.version))
    for kept in state.labelled {
      #expect(kept.replies.allSatisfy { versions.contains(String($0.version.prefix(12))) })
    }
    #expect(student.fitted.map(\.count) == [6, 6, 4], "a batch and two older ones")
    let examples = loop.trainingExamples(state)
    #expect(examples.count == 16 && examples.prefix(6).allSatisfy { $0.weight == 1 })
  }

  @Test func `records whose answers differ make pairs of the one that counts and the others`() async throws {
    var loop = try await loop()
    (loop.options.threshold, loop.options.followUps, loop.options.acceptance) = (1, 3, .latest)
    (loop.options.shots, loop.options.steps) = (1, [.definitions, .moreDemonstrations, .secondOpinion])
    var (state, student) = (try await loop.start(), WordStudent())
    while try await loop.step(&state, student: &student) {}
    let pairs = loop.disagreements(state)
    let wanted = state.labelled.filter { Set($0.replies.compactMap(\.answer)).count > 1 }
    #expect(!wanted.isEmpty && pairs.map(\.item.id) == wanted.map(\.item))
    for (pair, kept) in zip(pairs, wanted) {
      #expect(pair.chosen.key == kept.answer)
      #expect(Set(pair.rejected.map(\.key)) == Set(kept.replies.compactMap(\.answer)).subtracting([pair.chosen.key]))
    }
  }

  @Test func `confidence is calibrated by what was drawn at random alone`() async throws {
    var loop = try await loop()
    loop.calibrate = { known, _ in
      let share = Double(known.count(where: \.isRight)) / Double(known.count)
      return { _ in share }
    }
    var state = try await loop.start()
    state.pool = (0..<6).map { .init(item: "p\($0)", confidence: 0.5, isRight: $0 == 0, isRandom: $0 < 2) }
    #expect(loop.sureness(in: state)(0.9) == 0.5 && loop.sureness(in: state)(nil) == 0.5)
    for place in state.pool.indices { state.pool[place].isRandom = false }
    #expect(abs(loop.sureness(in: state)(0.9) - 1 / 6) < 1e-12, "all of them where none is fair")
  }

  @Test func `a loop that was stopped goes on from its state to the same end`() async throws {
    let loop = try await loop()
    var (whole, one) = (try await loop.start(), WordStudent())
    while try await loop.step(&whole, student: &one) {}
    var (state, other) = (try await loop.start(), WordStudent())
    for _ in 0..<2 { _ = try await loop.step(&state, student: &other) }
    var restored = try JSONDecoder().decode(LoopState.self, from: JSONEncoder().encode(state))
    while try await loop.step(&restored, student: &other) {}
    #expect(restored == whole && other == one)
  }

  @Test func `one call does what the steps do`() async throws {
    let loop = try await loop()
    var (state, student) = (try await loop.start(), WordStudent())
    while try await loop.step(&state, student: &student) {}
    #expect(try await loop.run(WordStudent()) == (student, state) && !state.labelled.isEmpty)
  }

  @Test func `the budget is never overdrawn`() async throws {
    var loop = try await loop()
    (loop.options.threshold, loop.options.followUps) = (1, 3)
    for budget in 13...40 {
      loop.options.budget = budget
      var (state, student) = (try await loop.start(), WordStudent())
      while try await loop.step(&state, student: &student) {}
      #expect(state.questions <= budget)
      #expect(!state.labelled.isEmpty)
    }
  }

  @Test(arguments: [1, 6, 11, 12]) func `a budget that leaves no record to label is refused`(budget: Int) async throws {
    var loop = try await loop()
    loop.options.budget = budget
    let refused = try await #require(throws: PoolExceedsBudget.self) { try await loop.start() }
    // Six explanations and six answers of the pool.
    #expect((refused.budget, refused.pool, refused.questions) == (budget, 6, 12))
    #expect("\(refused)".contains("takes 12 questions before"), "\(refused)")
    #expect("\(refused)".contains("Raise the budget (loop.budget) by at least \(13 - budget), to 13"), "\(refused)")
  }

  @Test func `a pool without records to label may use up its budget`() async throws {
    var loop = try await loop(over: [])
    loop.options.budget = 12
    var (state, student) = (try await loop.start(), WordStudent())
    #expect(state.questions == 12)
    #expect(try await !loop.step(&state, student: &student))
    #expect(state.labelled.isEmpty && loop.trainingExamples(state).count == 6)
  }

  /// Six explanations and six answers of the pool, and nothing after them.
  @Test(arguments: [1, 11]) func `a budget below what a pool of all records takes is refused, with what would do`(
    budget: Int
  ) async throws {
    var loop = try await loop(over: [])
    loop.options.budget = budget
    let refused = try await #require(throws: PoolExceedsBudget.self) { try await loop.start() }
    #expect((refused.questions, refused.least) == (12, 12))
    #expect("\(refused)".contains("Raise the budget (loop.budget) by at least \(12 - budget), to 12,"), "\(refused)")
    #expect(!"\(refused)".contains("first record to label"), "\(refused)")
  }

  @Test
  func `a used-up budget stops the loop, and with a greater one it ends as if that had been there from the start`()
    async throws
  {
    let offline = InContextTeacher("offline", task: try Fixture.green())
    final class Purse: @unchecked Sendable {
      private let lock = NSLock()
      var (answers, left): ([String: TeacherReply], Int) = ([:], 0)
      func held<Output>(_ body: (Purse) throws -> Output) rethrows -> Output {
        lock.lock()
        defer { lock.unlock() }
        return try body(self)
      }
    }
    func paid(_ purse: Purse) -> ScriptedTeacher {
      ScriptedTeacher("paid") { request in
        if let known = purse.held({ $0.answers[request.prompt] }) { return known }
        try purse.held {
          guard $0.left > 0 else { throw BudgetExhausted(limit: "1 in cost") }
          $0.left -= 1
        }
        await Task.yield()
        let reply = try await offline.reply(to: request)
        purse.held { $0.answers[request.prompt] = reply }
        return reply
      }
    }
    func labelled(_ purse: Purse) async throws -> LoopState {
      var loop = try await loop(paid(purse))
      (loop.options.threshold, loop.options.followUps, loop.options.concurrency) = (1, 3, 3)
      var (state, student) = (try await loop.start(), WordStudent())
      while try await loop.step(&state, student: &student) {}
      return state
    }
    let endless = Purse()
    endless.left = .max
    let whole = try await labelled(endless)
    for budget in stride(from: 1, to: endless.answers.count, by: 5) {
      let purse = Purse()
      purse.left = budget
      await #expect(throws: BudgetExhausted(limit: "1 in cost")) { try await labelled(purse) }
      #expect(purse.answers.count == budget, "what was paid for has arrived")
      purse.left = .max
      #expect(try await labelled(purse) == whole)
    }
  }

  @Test func `a question that fails costs its item alone and a teacher that is gone stops the loop`() async throws {
    let task = try Fixture.green()
    let offline = InContextTeacher("offline", task: task)
    struct Hiccup: Error {}
    let flaky = ScriptedTeacher("flaky") { request in
      if request.item.id == "i3" { throw Hiccup() }
      if request.item.id == "i9" { throw TeacherUnavailable(teacher: "flaky", reason: "no quota") }
      return try await offline.reply(to: request)
    }
    let loop = try await loop(flaky)
    var (state, student) = (try await loop.start(), WordStudent())
    #expect(try await loop.step(&state, student: &student))
    #expect(state.failures.keys.sorted() == ["i3"] && state.labelled.count == 3)
    #expect(try await loop.step(&state, student: &student))
    let before = state
    await #expect(throws: TeacherUnavailable.self) { _ = try await loop.step(&state, student: &student) }
    #expect(state == before)
  }

  @Test func `confidence is calibrated on the pool and the threshold chosen for a precision`() async throws {
    // Always "Yes", which is right on half of the pool.
    let teacher = ScriptedTeacher("yes") { request in
      TeacherReply(
        reading: "Yes.", with: AnswerReader(labels: request.labels),
        confidence: Confidence(request.item.id < "p4" ? 0.9 : 0.6, source: .verbalised))
    }
    var loop = try await loop(teacher)
    (loop.options.explains, loop.options.targetPrecision) = (false, 0.5)
    #expect(try await loop.start().pool.count(where: \.isRight) == 3)
    loop.calibrate = { known, _ in
      let mean = Double(known.count(where: \.isRight)) / Double(known.count)
      return { _ in mean }
    }
    let state = try await loop.start()
    #expect(state.threshold == 0.5, "all are right half of the time, which is precise enough")
    #expect(loop.sureness(in: state)(0.99) == 0.5)
    #expect(loop.sureness(in: state)(nil) == 0.5, "nothing stated: as often right as the pool")
  }

  @Test func `a student is tried out from outside`() async throws {
    let examples = Fixture.pool.entries.map { TrainingExample(item: $0.item, answer: $0.answer) }
    let check = OnlineStudentCheck(task: try Fixture.green(), examples: examples, rounds: 1)
    #expect(try await check.problems(of: WordStudent()) == [])
    struct Stubborn: OnlineStudent {
      mutating func fit(_ batch: [TrainingExample]) async throws {}
      func predictions(for items: [Item]) async throws -> [StudentPrediction] {
        items.map { _ in StudentPrediction(answer: .label("blue"), probabilities: [2]) }
      }
    }
    #expect(try await check.problems(of: Stubborn()).count == 3 * 6 + 1)
  }
}
