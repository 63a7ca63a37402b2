internal import LanguageModel
package import Layers
internal import Tensor

/// A prompt with answers that are scored, after one of which a text is to follow.
package struct ScoredPrompt: Sendable {
  /// The prompt and the answers.
  package let tree: AnswerTree
  /// What a text may follow, as tokens after the prompt.
  package let beginnings: [[Int]]
  /// Which of the beginnings it follows, from the log-probabilities of the answers.
  package let choice: @Sendable ([Double]) -> Int

  /// A prompt with these answers and beginnings.
  package init(tree: AnswerTree, beginnings: [[Int]], choice: @escaping @Sendable ([Double]) -> Int) {
    (self.tree, self.beginnings, self.choice) = (tree, beginnings, choice)
  }

  /// The prompt with what is chosen by these log-probabilities.
  func continued(_ totals: [Double]) -> AnswerTree {
    AnswerTree(prompt: tree.prompt + beginnings[choice(totals)], images: tree.images, answers: [])
  }

  /// The most tokens that a sequence takes which is scored and then written.
  func room(maximumTokens: Int) -> Int {
    let scored = tree.answers.reduce(0) { $0 + $1.count }
    return tree.prompt.count + max(scored, (beginnings.map(\.count).max() ?? 0) + maximumTokens)
  }
}

/// A student that scores answers and writes on from what it has read for them.
package protocol ContinuingStudent: Student {
  /// See ``Student/scoredGenerations(of:batch:maximumTokens:ranks:keeping:progress:)``.
  ///
  /// - Parameter isWanted: which batches are computed, by their number; nil stands for the prompts of the others.
  func continuedGenerations(
    of prompts: [ScoredPrompt], batch: Int, maximumTokens: Int, keeping kept: KeptBeginnings?,
    only isWanted: (Int) -> Bool, progress: (@Sendable (Int) -> Void)?
  ) -> [(totals: [Double], generation: Generation)?]
}

extension Student {
  /// The log-probability of each prompt's whole answers, and the most probable text after what is chosen by them. The model
  /// families compute each prompt once for both.
  ///
  /// - Parameters:
  ///   - batch: prompts computed at one time.
  ///   - maximumTokens: the longest text; at least 1.
  ///   - ranks: among which batches are dealt out.
  ///   - kept: what earlier prompts began with; nil where nothing is kept.
  ///   - progress: told how many more texts are whole, from several threads.
  package func scoredGenerations(
    of prompts: [ScoredPrompt], batch: Int, maximumTokens: Int, ranks: any Ranks = OneRank(),
    keeping kept: KeptBeginnings? = nil, progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [(totals: [Double], generation: Generation)] {
    guard let student = self as? any ContinuingStudent else {
      return separateGenerations(of: prompts, batch: batch, maximumTokens: maximumTokens, progress: progress)
    }
    let own = student.continuedGenerations(
      of: prompts, batch: batch, maximumTokens: maximumTokens, keeping: kept, only: ranks.owns, progress: progress)
    guard ranks.count > 1 else { return own.compactMap(\.self) }
    return try ranks.merged(own.map { $0.map { $1.bytes(with: $0) } }, "texts").map(Generation.read)
  }

  /// The naive twin: all prompts are read for their scores and once more for the texts.
  package func separateGenerations(
    of prompts: [ScoredPrompt], batch: Int, maximumTokens: Int, progress: (@Sendable (Int) -> Void)? = nil
  ) -> [(totals: [Double], generation: Generation)] {
    let totals = answerTotals(of: prompts.map(\.tree), batch: batch)
    let chosen = zip(prompts, totals).map { $0.continued($1) }
    let generations = mapInParallel(chosen.batches(of: batch)) { batch -> [Generation] in
      defer { progress?(batch.count) }
      var generator = Tensor.Generator(seed: 0)
      return generate(batch, maximumTokens: maximumTokens, sampling: Sampling(), using: &generator)
    }
    return Array(zip(totals, generations.flatMap(\.self)))
  }
}

extension Generation {
  /// With the scores of a prompt's answers, for messages.
  fileprivate func bytes(with totals: [Double]) -> [UInt8] {
    [[UInt8](bitsOf: totals), [UInt8](bitsOf: tokens), Array(text.utf8), [isComplete ? 1 : 0]].packed
  }

  /// What ``bytes(with:)`` are of.
  fileprivate static func read(_ bytes: [UInt8]) -> (totals: [Double], generation: Generation) {
    let parts = [[UInt8]](packed: bytes)
    return (
      parts[0].elements(),
      Generation(
        tokens: parts[1].elements(), text: String(decoding: parts[2], as: UTF8.self), isComplete: parts[3] == [1])
    )
  }
}
