import TeacherProtocol

/// One teacher's way through the items: look up, ask in a window, keep, count.
///
/// Items are prepared a stretch at a time while others are asked about, so that neither the window runs dry nor the
/// prompts of a large data set are ever all in memory.
struct TeacherPass: Sendable {
  /// What became of one item: the key of its question, and why there is no reply.
  struct Note: Sendable {
    let index: Int
    var key: String?
    var failure: String?
  }

  let maker: QuestionMaker
  let asker: Asker
  let counter: ProgressCounter
  /// The teacher's place among those of the counter.
  let number: Int
  let watch: ReplyWatch
  /// Why the teacher is asked nothing from the beginning; nil where it is.
  var stop: String?
  /// Called for every item once.
  let note: @Sendable (Note) -> Void

  var assignment: Annotator.Assignment { maker.assignment }

  enum Event: Sendable {
    case made([QuestionMaker.Made])
    case answered(Outcome)
    /// Whether they were another worker's before, and what became of them.
    case claimed([OpenQuestion], wereForeign: Bool, mine: Set<String>, answered: Set<String>)
    case released
  }

  struct Outcome: Sendable {
    /// Keys whose reply is in the store now.
    var kept: [String] = []
    var failures: [(key: String, reason: String)] = []
    /// Why nothing more is to be asked.
    var stop: String?
  }

  /// What is known between events.
  struct State {
    var open: [OpenQuestion] = []
    /// The next of those open.
    var next = 0
    /// Items that wait for the reply to a key, by key.
    var waiting: [String: [Int]] = [:]
    /// Keys that were settled while a stretch was looked up, with their failure: the look-up may not have seen them.
    var settled: [String: String?] = [:]
    var stop: String?
    var underWay = 0
    var left: Int { open.count - next }
    /// Questions that are to be claimed before they are open.
    var unclaimed: [OpenQuestion] = []
    /// Questions that another worker asks.
    var foreign: [OpenQuestion] = []
    var isClaiming = false
    var isLooking = false
    /// How long until it is looked what became of those.
    var wait = ClaimWait()
  }

  static let stretch = 512

  /// - Returns: why nothing more was to be asked; nil where nothing spoke against it.
  func run(count: Int, item: @Sendable (Int) -> Item) async throws -> String? {
    let size = max(1, (assignment.teacher as? any BatchTeacher)?.batchSize ?? 1)
    var state = State()
    state.stop = stop
    // A reply that can't be kept is not asked for.
    if maker.store.isReadOnly { state.stop = Asker.readOnlyStore }
    var (read, isMaking) = (0, false)
    try await withThrowingTaskGroup(of: Event.self) { group in
      while true {
        if !isMaking, read < count,
          state.left + state.unclaimed.count < max(Self.stretch, 2 * size * assignment.concurrency)
        {
          let items = (read..<min(read + Self.stretch, count)).map(item)
          let start = read
          read += items.count
          isMaking = true
          group.addTask { .made(try await maker.made(items, from: start)) }
        }
        claim(&state, &group)
        while state.underWay < assignment.concurrency, state.left > 0, state.stop == nil,
          // A batch that is not full waits for more questions, if there are any.
          state.left >= size || !isMaking && read >= count
        {
          let batch = Array(state.open[state.next..<min(state.next + size, state.open.count)])
          do {
            let entry = try await asker.ledger.admit(estimate(batch), of: asker.name)
            state.next += batch.count
            state.underWay += 1
            group.addTask { .answered(try await answer(batch, entry)) }
          } catch let error as BudgetExhausted {
            state.stop = "\(error)"
          }
        }
        if state.stop != nil {
          let unasked = giveUp(&state)
          if let claims, !unasked.isEmpty {
            group.addTask {
              await claims.release(unasked)
              return .released
            }
          }
        }
        guard let event = try await group.next() else { break }
        try Task.checkCancellation()
        switch event {
        case .made(let made):
          isMaking = false
          take(made, &state)
        case .answered(let outcome):
          state.underWay -= 1
          settle(outcome, &state)
        case .claimed(let questions, let wereForeign, let mine, let answered):
          if wereForeign { state.isLooking = false } else { state.isClaiming = false }
          await take(questions, wereForeign: wereForeign, mine: mine, answered: answered, &state)
        case .released: break
        }
      }
    }
    return state.stop
  }

  private func take(_ made: [QuestionMaker.Made], _ state: inout State) {
    var (stored, failed, opened) = (0, 0, 0)
    for one in made {
      guard let key = one.key, let request = one.request else {
        note(Note(index: one.index, failure: one.failure))
        failed += 1
        continue
      }
      if state.waiting[key] != nil {
        // A key that came up before shares that reply, or that failure.
        state.waiting[key]?.append(one.index)
      } else if one.isStored || state.settled[key] == .some(nil) {
        note(Note(index: one.index, key: key))
        stored += 1
      } else if let failure = state.settled[key] ?? nil {
        note(Note(index: one.index, key: key, failure: failure))
        failed += 1
      } else {
        state.waiting[key] = [one.index]
        let question = OpenQuestion(key: key, request: request)
        if claims == nil { state.open.append(question) } else { state.unclaimed.append(question) }
        opened += 1
      }
    }
    state.settled = [:]
    counter.add(of: number, read: made.count, opened: opened, alreadyStored: stored, failed: failed)
    if state.next > Self.stretch {
      state.open.removeFirst(state.next)
      state.next = 0
    }
  }

  private func settle(_ outcome: Outcome, _ state: inout State) {
    var (answered, twins, failed) = (0, 0, 0)
    for key in outcome.kept {
      let indices = state.waiting.removeValue(forKey: key) ?? []
      for index in indices { note(Note(index: index, key: key)) }
      state.settled[key] = .some(nil)
      answered += 1
      twins += max(0, indices.count - 1)
    }
    for (key, reason) in outcome.failures {
      let indices = state.waiting.removeValue(forKey: key) ?? []
      for index in indices { note(Note(index: index, key: key, failure: reason)) }
      state.settled[key] = reason
      failed += indices.count
    }
    state.stop = state.stop ?? outcome.stop
    let settled = outcome.kept.count + outcome.failures.count
    counter.add(of: number, settled: settled, answered: answered, alreadyStored: twins, failed: failed)
  }

  /// What the store has is still used; only what would have to be asked is missing.
  ///
  /// - Returns: the keys of the questions that were open.
  private func giveUp(_ state: inout State) -> [String] {
    let open = state.open[state.next...]
    let rest = open + state.unclaimed + state.foreign
    guard let reason = state.stop, !rest.isEmpty else { return [] }
    (state.next, state.unclaimed, state.foreign) = (state.open.count, [], [])
    settle(Outcome(failures: rest.map { ($0.key, reason) }), &state)
    return open.map(\.key)
  }

  private func estimate(_ batch: [OpenQuestion]) -> Spending {
    batch.reduce(Spending()) { $0 + asker.estimate($1.request) }
  }

  /// Asks a batch and keeps its replies. A batch that fails as a whole is asked one by one, to find the one at fault.
  private func answer(_ batch: [OpenQuestion], _ entry: SpendingLedger.Entry) async throws -> Outcome {
    guard let teacher = assignment.teacher as? any BatchTeacher, batch.count > 1 else {
      return try await answerOneByOne(batch, entry)
    }
    defer { asker.ledger.settle(entry, usage: .init(inputTokens: 0, outputTokens: 0), price: nil, isAnswered: false) }
    var replies: [TeacherReply] = []
    do {
      replies = try await teacher.replies(to: batch.map(\.request))
    } catch let error as TeacherUnavailable {
      return Outcome(failures: batch.map { ($0.key, error.reason) }, stop: error.reason)
    } catch {
      try Task.checkCancellation()
    }
    guard replies.count == batch.count else {
      var outcome = Outcome()
      for question in batch where outcome.stop == nil { try await ask(question, nil, &outcome) }
      return outcome.completed(batch)
    }
    try await keep(Array(zip(batch, replies)))
    return Outcome(kept: batch.map(\.key))
  }

  private func answerOneByOne(_ batch: [OpenQuestion], _ entry: SpendingLedger.Entry) async throws -> Outcome {
    var outcome = Outcome()
    for question in batch where outcome.stop == nil { try await ask(question, entry, &outcome) }
    outcome = outcome.completed(batch)
    if !outcome.failures.isEmpty { await claims?.release(outcome.failures.map(\.key)) }
    return outcome
  }

  private func ask(_ question: OpenQuestion, _ entry: SpendingLedger.Entry?, _ outcome: inout Outcome) async throws {
    let reply: TeacherReply
    do {
      reply = try await asker.answer(to: question, entry)
    } catch {
      switch error {
      case let error as TeacherUnavailable: outcome.stop = error.reason
      case let error as BudgetExhausted: outcome.stop = "\(error)"
      default: try Task.checkCancellation()
      }
      outcome.failures.append((question.key, outcome.stop ?? "\(error)"))
      return
    }
    try await keep([(question, reply)])
    outcome.kept.append(question.key)
    outcome.stop = outcome.stop ?? watch.stop
  }

  private func keep(_ replies: [(OpenQuestion, TeacherReply)]) async throws {
    try await asker.keep(replies)
    for (question, reply) in replies { watch.note(reply, on: question.request.item.id) }
  }
}

extension TeacherPass.Outcome {
  /// With the questions that were not asked any more, for the reason why.
  fileprivate func completed(_ batch: [OpenQuestion]) -> Self {
    guard let stop else { return self }
    var whole = self
    let settled = Set(kept + failures.map(\.key))
    whole.failures += batch.filter { !settled.contains($0.key) }.map { ($0.key, stop) }
    return whole
  }
}
