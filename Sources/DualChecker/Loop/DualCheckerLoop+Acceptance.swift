internal import TeacherProtocol

extension DualCheckerLoop {
  /// Goes on asking about the pool as about any other record, each of its records left out of its own prompt, and takes the
  /// rule of acceptance by which the answers score best; of equally good ones that of the options.
  ///
  /// Only the questions that follow the first ones are new. Where they could take more than half of what is left of the
  /// budget, the rule of the options stays.
  ///
  /// - Parameter exchanges: the first question about each record of the pool, with its reply.
  func chooseAcceptance(_ state: inout LoopState, after exchanges: [Exchange]) async throws {
    let (entries, followUps) = (aligner.pool.entries, options.followUps)
    guard !entries.isEmpty, followUps > 0 else { return }
    if let budget = options.budget, 2 * followUps * entries.count > budget - state.questions { return }
    let prompts = try await prompts(state.history.template, reasons: state.reasons)
    let checker = checker(state, prompts, followUps: followUps)
    let checked = try await concurrently(exchanges) { try await checker.goOn(after: $0).exchanges }
    state.questions += checked.reduce(0) { $0 + $1.count - 1 }
    let vote = vote(state, calibrated: calibration(state))
    let scored = Self.rules(from: options.acceptance).map { rule in
      let replies = checked.map { rule.checked($0, vote: vote).reply }
      let score = task.score(
        replies.map { task.answer(of: $0) }, against: entries.map(\.answer), texts: entries.map(\.item.text))
      return (rule: rule, replies: replies, score: score.macroF1)
    }
    // The first of the best ones.
    let best = scored.dropFirst().reduce(scored[0]) { $1.score > $0.score ? $1 : $0 }
    state.acceptance = best.rule
    state.checked = entries.indices.map { place in
      let entry = entries[place]
      func answer(_ reply: TeacherReply) -> LoopState.PoolAnswer {
        LoopState.PoolAnswer(task.answer(of: reply), confidence: reply.confidence, to: entry)
      }
      let (first, last) = (checked[place][0].reply, checked[place].last { $0.reply.label != nil }?.reply)
      return LoopState.CheckedAnswer(
        first: answer(first), accepted: answer(best.replies[place]),
        isGivenUp: last.map { $0.label != first.label } ?? false)
    }
  }

  private static func rules(from first: AcceptanceRule) -> [AcceptanceRule] {
    [first] + AcceptanceRule.allCases.filter { $0 != first }
  }
}
