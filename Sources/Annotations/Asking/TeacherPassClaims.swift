import TeacherProtocol

extension TeacherPass {
  /// Where workers of other processes ask the same teacher: of a teacher in this process the answers cost nothing.
  var claims: (any ClaimingStore)? {
    assignment.teacher is any BatchTeacher ? nil : maker.store as? any ClaimingStore
  }

  /// Claims a few questions ahead, and looks now and then what became of those that others ask.
  func claim(_ state: inout State, _ group: inout ThrowingTaskGroup<Event, any Error>) {
    guard let claims, state.stop == nil else { return }
    func add(_ questions: [OpenQuestion], wereForeign: Bool) {
      let pause = wereForeign ? state.wait.pause : 0
      group.addTask { [patience = asker.patience] in
        if pause > 0 { try await patience.pause(pause) }
        let found = try await claims.claim(questions.map(\.key))
        return .claimed(questions, wereForeign: wereForeign, mine: found.mine, answered: found.answered)
      }
    }
    if !state.isClaiming, !state.unclaimed.isEmpty, state.left < assignment.concurrency {
      // So many are held up where this process is killed.
      let count = min(state.unclaimed.count, max(16, 2 * assignment.concurrency))
      add(Array(state.unclaimed.prefix(count)), wereForeign: false)
      state.unclaimed.removeFirst(count)
      state.isClaiming = true
    }
    if !state.isLooking, !state.foreign.isEmpty {
      let count = min(state.foreign.count, Self.stretch)
      add(Array(state.foreign.prefix(count)), wereForeign: true)
      state.foreign.removeFirst(count)
      state.isLooking = true
    }
  }

  /// Notes what became of claims.
  func take(
    _ questions: [OpenQuestion], wereForeign: Bool, mine: Set<String>, answered: Set<String>, _ state: inout State
  ) async {
    state.open += questions.filter { mine.contains($0.key) }
    let others = questions.filter { !mine.contains($0.key) && !answered.contains($0.key) }
    state.foreign += others
    if wereForeign { state.wait.look(found: others.count < questions.count) }
    // While this process asks others it does not stand still.
    if state.wait.isLong, state.underWay == 0, let first = others.first, asker.mayTellWhoIsWaitedFor() {
      asker.tell(ClaimHolder.words(await claims?.holder(of: first.key), questions: state.foreign.count))
    }
    var found = 0
    for question in questions where answered.contains(question.key) {
      let indices = state.waiting.removeValue(forKey: question.key) ?? []
      for index in indices { note(Note(index: index, key: question.key)) }
      state.settled[question.key] = .some(nil)
      found += indices.count
    }
    counter.add(of: number, settled: answered.count, alreadyStored: found)
  }
}
