internal import TeacherProtocol

extension DualCheckerLoop {
  /// How sure a first reply is, 0...1, after calibration on the pool.
  package func sureness(of confidence: Double?, in state: LoopState) -> Double {
    guard let confidence else { return state.pool.isEmpty ? 1 : share(of: state.fairPool) }
    return calibration(state)(confidence)
  }

  /// How sure the reply is that counts after every question, 0...1: after calibration on those that count on the pool, where it
  /// was asked again, else on its first ones.
  package func sureness(ofAccepted confidence: Double?, in state: LoopState) -> Double {
    guard let accepted = state.fairAccepted else { return sureness(of: confidence, in: state) }
    guard let confidence else { return share(of: accepted) }
    return calibration(accepted.map { ($0, false) }, [])(confidence)
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
