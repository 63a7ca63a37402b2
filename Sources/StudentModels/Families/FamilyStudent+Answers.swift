package import LanguageModel
package import Layers
package import Tensor
internal import Tokenization

// What a student finds probable after prompts, and what it writes.
extension FamilyStudent {
  /// The log-probability of each answer token; the prompt of each tree is computed once.
  package func logProbabilities(of trees: [AnswerTree]) -> AnswerScores { model.logProbabilities(of: trees) }

  /// The log-probability of each tree's whole answers; what consecutive prompts begin with in common is computed once.
  package func answerTotals(of trees: [AnswerTree], batch: Int) -> [[Double]] { totals(of: trees, batch: batch) }

  /// See ``QuestionReader/answerTotals(of:batch:keeping:)``.
  package func answerTotals(of trees: [AnswerTree], batch: Int, keeping kept: KeptBeginnings) -> [[Double]] {
    batches(of: trees, model.keptRuns(of: trees), batch, keeping: kept) {
      model.logProbabilities(of: Array(trees[$0]), after: $1).totals
    }.map { $0 ?? [] }
  }

  /// See ``SequenceScorer/answerTokens(of:batch:)``.
  package func answerTokens(
    sharingBeginningsOf trees: [AnswerTree], batch: Int, only isWanted: (Int) -> Bool
  ) -> [[[Float]]?] {
    batches(of: trees, model.sharedRuns(of: trees), batch, only: isWanted) {
      model.logProbabilities(of: Array(trees[$0]), after: $1).tokens
    }
  }

  /// See ``Student/scoredGenerations(of:batch:maximumTokens:ranks:keeping:progress:)``.
  package func continuedGenerations(
    of prompts: [ScoredPrompt], batch: Int, maximumTokens: Int, keeping kept: KeptBeginnings?,
    only isWanted: (Int) -> Bool, progress: (@Sendable (Int) -> Void)?
  ) -> [(totals: [Double], generation: Generation)?] {
    let trees = prompts.map(\.tree)
    // Each token that is written reads all weights, for a few prompts as for a batch of them.
    let runs = model.sharedRuns(of: trees).joined(below: batch)
    return batches(of: trees, runs, batch, keeping: kept, only: isWanted) { places, beginning in
      defer { progress?(places.count) }
      return model.scoredContinuations(
        of: Array(prompts[places]), after: beginning, stop: endOfTurn, maximumTokens: maximumTokens
      ).map { ($0.totals, generation($0.tokens, $0.stopped)) }
    }
  }

  /// Batches of each run side by side, after what its trees begin with in common; nil for trees of others than the wanted.
  private func batches<Result: Sendable>(
    of trees: [AnswerTree], _ runs: [SharedRun], _ batch: Int, keeping kept: KeptBeginnings? = nil,
    only isWanted: (Int) -> Bool = { _ in true }, _ body: (Range<Int>, ReadBeginning?) -> [Result]
  ) -> [Result?] {
    var number = 0
    return runs.flatMap { run -> [Result?] in
      let batches = Array(run.trees).batches(of: batch)
      let first = number
      defer { number += batches.count }
      guard batches.indices.contains(where: { isWanted(first + $0) }) else { return run.trees.map { _ in nil } }
      let tree = trees[run.trees.lowerBound]
      let beginning =
        kept.map { model.read(run.beginning, of: tree, keeping: $0) } ?? model.read(run.beginning, of: tree)
      return batches.mapInParallel(only: { isWanted(first + $0) }) { places in
        body(places[0]..<(places[0] + places.count), beginning)
      }
    }
  }

  private func generation(_ tokens: [Int], _ stopped: Bool) -> Generation {
    Generation(tokens: tokens, text: text(of: tokens), isComplete: stopped)
  }

  package func logits(of tokens: [Int], images: [PromptImage]) -> Tensor { model.logits(of: tokens, images: images) }

  /// The most probable tokens after a prompt; see ``PretrainedStudent/greedyTokens(after:images:count:)``.
  package func greedyTokens(after prompt: [Int], images: [PromptImage], count: Int) -> [Int] {
    var generator = Tensor.Generator(seed: 0)
    return model.continuations(
      of: [AnswerTree(prompt: prompt, images: images, answers: [])], stop: nil, maximumTokens: count,
      sampling: Sampling(), isSettled: false, using: &generator)[0].tokens
  }

  /// Continues each prompt until the end of its turn, all side by side. What all begin with in common is computed once.
  package func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] {
    model.continuations(
      of: prompts, stop: endOfTurn, maximumTokens: maximumTokens, sampling: sampling, using: &generator
    ).map(generation)
  }

  package func emptyBatch() -> DecodingBatch { model.emptyBatch() }

  /// Reads a prompt; see ``PretrainedStudent/read(_:images:room:into:proceeding:)``.
  package func read(
    _ prompt: [Int], images: [PromptImage], room: Int, into batch: inout DecodingBatch, proceeding: () throws -> Void
  ) rethrows {
    try model.read(
      AnswerTree(prompt: prompt, images: images, answers: []), room: room, into: &batch, proceeding: proceeding)
  }

  package func write(_ tokens: [Int], in batch: inout DecodingBatch) { model.write(tokens, in: &batch) }

  package func text(of tokens: [Int]) -> String {
    let text = tokenizer.decode(tokens, skippingSpecialTokens: true)
    let isOpened = !format.spokenOpening.isEmpty && text.hasPrefix(format.spokenOpening)
    return isOpened ? String(text.dropFirst(format.spokenOpening.count)) : text
  }
}
