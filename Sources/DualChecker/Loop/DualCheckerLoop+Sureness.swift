internal import TeacherProtocol

extension DualCheckerLoop {
  /// Tells how sure first replies are by what they state, 0...1, after calibration on the pool. It is learned here, once for all
  /// replies that are asked for.
  package func sureness(in state: LoopState) -> @Sendable (Double?) -> Double {
    sureness(calibration(state), unstated: unstated(state))
  }

  /// The same of replies that count after every question: after calibration on those that count on the pool, where it was asked
  /// again, else on its first ones.
  func surenessOfAccepted(in state: LoopState) -> @Sendable (Double?) -> Double {
    guard let accepted = state.fairAccepted else { return sureness(in: state) }
    return sureness(calibration(accepted.map { ($0, false) }, []), unstated: share(of: accepted))
  }

  /// How sure a first reply is that states nothing.
  private func unstated(_ state: LoopState) -> Double { state.pool.isEmpty ? 1 : share(of: state.fairPool) }

  private func sureness(
    _ calibrated: @escaping @Sendable (Double) -> Double, unstated: Double
  ) -> @Sendable (Double?) -> Double {
    { $0.map(calibrated) ?? unstated }
  }

  /// How replies with spans are voted on, each by what its confidence is worth as the state has it; nil for classes.
  func vote(_ state: LoopState, calibrated: @escaping @Sendable (Double) -> Double) -> SpanVote? {
    guard task.kind == .spans else { return nil }
    let sureness = sureness(calibrated, unstated: unstated(state))
    return SpanVote(task) { sureness($0?.value) }
  }

  /// The calibration of first replies.
  func calibration(_ state: LoopState) -> @Sendable (Double) -> Double {
    guard let first = state.fairFirst else { return calibration(state.fairPool.map { ($0, false) }, []) }
    // Labelling goes on asking as the pool was asked, so what it gives up tells of its first answers too.
    let others = state.labelled.compactMap { kept -> EvidenceCalibration.Answer? in
      guard kept.replies[0].answer != nil, let confidence = kept.replies[0].confidence else { return nil }
      return .init(confidence: confidence.value, isGivenUp: kept.isGivenUp)
    }
    return calibration(first, others)
  }

  private func calibration(
    _ answers: [(answer: LoopState.PoolAnswer, isGivenUp: Bool)], _ others: [EvidenceCalibration.Answer]
  ) -> @Sendable (Double) -> Double {
    let known = answers.compactMap { answer, isGivenUp in
      answer.confidence.map {
        EvidenceCalibration.Known(confidence: $0, isGivenUp: isGivenUp, isRight: answer.isRight)
      }
    }
    guard let calibrate, !known.isEmpty else { return { $0 } }
    return calibrate(known, others)
  }

  private func share(of pool: [LoopState.PoolAnswer]) -> Double {
    Double(pool.count(where: \.isRight)) / Double(max(1, pool.count))
  }
}
