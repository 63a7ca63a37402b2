internal import Tensor

/// A scorer that computes once what consecutive prompts begin with in common.
package protocol BeginningSharer: SequenceScorer {
  /// See ``SequenceScorer/answerTokens(of:batch:)``.
  ///
  /// - Parameter isWanted: which batches are computed, by their number; nil stands for the trees of the others.
  func answerTokens(
    sharingBeginningsOf trees: [AnswerTree], batch: Int, only isWanted: (Int) -> Bool
  ) -> [[[Float]]?]
}

extension SequenceScorer {
  /// The log-probability of each token of each answer, [trees][answers][tokens], in nats. Not differentiable.
  ///
  /// Trees are scored batch by batch; the model families compute what consecutive prompts begin with in common, images
  /// included, once for all of them.
  ///
  /// - Parameter batch: trees computed at one time.
  package func answerTokens(of trees: [AnswerTree], batch: Int) -> [[[Float]]] {
    answerTokens(of: trees, batch: batch) { _ in true }.compactMap(\.self)
  }

  /// The same, computed by all ranks together.
  package func answerTokens(of trees: [AnswerTree], batch: Int, ranks: any Ranks) throws -> [[[Float]]] {
    let own = answerTokens(of: trees, batch: batch, only: ranks.owns)
    guard ranks.count > 1 else { return own.compactMap(\.self) }
    let all = try ranks.merged(own.map { $0.map { [UInt8](bitsOf: $0.flatMap(\.self)) } }, "scores of answers")
    return zip(trees, all).map { tree, bytes in
      var rest = bytes.elements(of: Float.self)[...]
      return tree.answers.map { answer in
        defer { rest = rest.dropFirst(answer.count) }
        return Array(rest.prefix(answer.count))
      }
    }
  }

  private func answerTokens(of trees: [AnswerTree], batch: Int, only isWanted: (Int) -> Bool) -> [[[Float]]?] {
    if let scorer = self as? any BeginningSharer {
      return scorer.answerTokens(sharingBeginningsOf: trees, batch: batch, only: isWanted)
    }
    return trees.batches(of: batch).mapInParallel(only: isWanted) { logProbabilities(of: $0).tokens }
  }
}

extension AnswerScores {
  /// The log-probabilities of each answer's tokens, [trees][answers][tokens].
  package var tokens: [[[Float]]] {
    logProbabilities.withScalars { all in ranges.map { $0.map { Array(all[$0]) } } }
  }

  /// The log-probability of each whole answer, [trees][answers].
  package var totals: [[Double]] { tokens.map { $0.map { $0.reduce(0) { $0 + Double($1) } } } }
}
