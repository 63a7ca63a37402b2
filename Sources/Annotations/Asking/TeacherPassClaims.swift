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
      let pause = wereForeign ? state.pause : 0
      group.addTask {
        if pause > 0 { try await Task.sleep(for: .seconds(pause)) }
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
  func take(_ questions: [OpenQuestion], mine: Set<String>, answered: Set<String>, _ state: inout State) {
    state.open += questions.filter { mine.contains($0.key) }
    let others = questions.filter { !mine.contains($0.key) && !answered.contains($0.key) }
    state.foreign += others
    state.pause = others.count < questions.count ? Self.shortestPause : min(2 * state.pause, 1)
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
