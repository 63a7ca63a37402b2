internal import Tensor

/// A scorer that computes once what consecutive prompts begin with in common.
package protocol BeginningSharer: SequenceScorer {
  /// See ``SequenceScorer/answerTokens(of:batch:)``.
  func answerTokens(sharingBeginningsOf trees: [AnswerTree], batch: Int) -> [[[Float]]]
}

extension SequenceScorer {
  /// The log-probability of each token of each answer, [trees][answers][tokens], in nats. Not differentiable.
  ///
  /// Trees are scored batch by batch; the model families compute what consecutive prompts begin with in common, images
  /// included, once for all of them.
  ///
  /// - Parameter batch: trees computed at one time.
  package func answerTokens(of trees: [AnswerTree], batch: Int) -> [[[Float]]] {
    if let scorer = self as? any BeginningSharer {
      return scorer.answerTokens(sharingBeginningsOf: trees, batch: batch)
    }
    return mapInParallel(trees.batches(of: batch)) { logProbabilities(of: $0).tokens }.flatMap(\.self)
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
