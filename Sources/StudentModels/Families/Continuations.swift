package import LanguageModel
package import Layers
package import Tensor

extension FamilyModel {
  /// Tokens after each prompt, with a cache, until `stop` or the limit; all prompts advance together, and what all begin
  /// with in common is computed and kept once.
  ///
  /// - Parameters:
  ///   - stop: the token that ends a turn; nil goes on to the limit.
  ///   - isSettled: whether a prompt's tokens are the same whatever prompts advance beside it. This takes a few rows more,
  ///     which make the last prompts of a batch, and a single one, slower.
  package func continuations(
    of prompts: [AnswerTree], stop: Int?, maximumTokens: Int, sampling: Sampling, isSettled: Bool = true,
    using generator: inout Tensor.Generator
  ) -> [(tokens: [Int], stopped: Bool)] {
    guard maximumTokens > 0, !prompts.isEmpty else { return prompts.map { _ in ([], false) } }
    let capacity = (prompts.map(\.prompt.count).max() ?? 0) + maximumTokens
    let beginning = read(sharedBeginning(of: prompts), of: prompts[0])
    let shared = beginning?.length ?? SharedPrefix()
    var rest = UnreadRows(cache: emptyCache(after: beginning, sequences: prompts.count, capacity: capacity, isSettled))
    for prompt in prompts {
      rest.append(
        prompt.prompt.dropFirst(shared.tokens), positions(of: prompt).dropFirst(shared.tokens),
        blocks: blocks(of: prompt).after(shared.tokens))
      rest.images += prompt.images.dropFirst(shared.images)
    }
    return continuations(of: rest, stop: stop, maximumTokens: maximumTokens, sampling: sampling, using: &generator)
  }

  /// The scores of prompts' answers, and tokens that follow what is chosen by them: a prompt is computed once for both.
  ///
  /// - Parameters:
  ///   - beginning: what all prompts begin with, where it was read already.
  ///   - stop: the token that ends a turn.
  /// - Returns: of each prompt what ``logProbabilities(of:)`` and
  ///   ``continuations(of:stop:maximumTokens:sampling:isSettled:using:)`` give, bit for bit.
  func scoredContinuations(
    of prompts: [ScoredPrompt], after beginning: ReadBeginning?, stop: Int, maximumTokens: Int
  ) -> [(totals: [Double], tokens: [Int], stopped: Bool)] {
    let (trees, shared) = (prompts.map(\.tree), beginning?.length ?? SharedPrefix())
    let packed = PackedTrees(trees, after: shared.tokens, promptPositions: positions, blocks: blocks)
    var generator = Tensor.Generator(seed: 0)
    // So few rows are summed in another way, which ``logProbabilities(of:)`` has to avoid; and after nothing it is the
    // prompt's last token that is read.
    guard packed.tokens.count > Tensor.fewRows, prompts.allSatisfy({ !$0.beginnings.contains([]) }) else {
      let totals = logProbabilities(of: trees, after: beginning).totals
      let ends = continuations(
        of: zip(prompts, totals).map { $0.continued($1) }, stop: stop, maximumTokens: maximumTokens,
        sampling: Sampling(), using: &generator)
      return zip(totals, ends).map { ($0, $1.tokens, $1.stopped) }
    }
    let capacity = prompts.map { $0.room(maximumTokens: maximumTokens) }.max() ?? 0
    var cache = emptyCache(after: beginning, sequences: prompts.count, capacity: capacity, true)
    let step = cache.advance(reading: packed.trees, positions: packed.positions)
    let rows = embedded(packed.tokens, images: trees.flatMap { $0.images.dropFirst(shared.images) })
    let hidden = text(rows, step: step, cache: &cache, proceeding: {})
    let totals = scores(of: text.normalized(hidden.gathered(packed.predictingRows)), packed).totals
    var rest = UnreadRows(cache: cache)
    for (prompt, own) in zip(prompts, totals) {
      let tokens = prompt.beginnings[prompt.choice(own)]
      let next = positions(of: prompt.tree).next
      rest.append(tokens[...], TokenPosition.run(next..<(next + tokens.count))[...], blocks: [])
    }
    let ends = continuations(
      of: rest, stop: stop, maximumTokens: maximumTokens, sampling: Sampling(), using: &generator)
    return zip(totals, ends).map { ($0, $1.tokens, $1.stopped) }
  }

  /// An empty cache for sequences that go on from a beginning, and for those that settle them; see ``UnreadRows``.
  private func emptyCache(
    after beginning: ReadBeginning?, sequences: Int, capacity: Int, _ isSettled: Bool
  ) -> KeyValueCache {
    let sequences = sequences + (isSettled ? Tensor.fewRows : 0)
    return beginning.map { KeyValueCache(after: $0.cache, sequences: sequences, capacity: capacity) }
      ?? text.emptyCache(sequences: sequences, capacity: capacity)
  }

  private func continuations(
    of rest: consuming UnreadRows, stop: Int?, maximumTokens: Int, sampling: Sampling,
    using generator: inout Tensor.Generator
  ) -> [(tokens: [Int], stopped: Bool)] {
    let wanted = rest.counts.count
    var (cache, counts) = (rest.cache, rest.counts)
    let all = cache.lengths.count
    // Sequences of no meaning, so that products always have more than a few rows, which are summed in another order.
    let filler = configuration.placeholderToken == 0 ? 1 : 0
    counts += Array(repeating: 1, count: all - wanted)
    let fillers = Array(repeating: filler, count: all - wanted)
    var positions: [TokenPosition]? = rest.positions + fillers.map { _ in TokenPosition(cache.shared) }
    var blocks = rest.blocks + fillers.map { _ in [] }
    var rows = embedded(rest.tokens + fillers, images: rest.images)
    let head = headWeight
    var results = (0..<wanted).map { _ in (tokens: [Int](), stopped: false) }
    while true {
      let hidden = text(rows, counts: counts, positions: positions, blocks: blocks, cache: &cache)
      (positions, blocks) = (nil, [])
      let active = counts.indices.filter { counts[$0] > 0 }
      var end = -1
      let lasts = active.map { sequence -> Int in
        end += counts[sequence]
        return end
      }
      let logits = logits(of: text.normalized(hidden.gathered(lasts)), head: head)
      counts = Array(repeating: 0, count: all)
      var next: [Int] = []
      for (row, sequence) in active.enumerated() where sequence < wanted {
        let token = sampling.token(from: logits.rows(row..<(row + 1)), using: &generator)
        if token == stop {
          results[sequence].stopped = true
          continue
        }
        results[sequence].tokens.append(token)
        if results[sequence].tokens.count < maximumTokens {
          counts[sequence] = 1
          next.append(token)
        }
      }
      guard !next.isEmpty else { return results }
      for sequence in wanted..<all {
        counts[sequence] = 1
        next.append(filler)
      }
      rows = text.embedding(next)
    }
  }
}

/// Sequences of which the last tokens, at least one of each, are not in their cache yet. The cache may have more sequences
/// than these: they settle them, which is to say that their tokens are the same whatever advances beside them.
private struct UnreadRows {
  var cache: KeyValueCache
  private(set) var tokens: [Int] = []
  private(set) var positions: [TokenPosition] = []
  private(set) var counts: [Int] = []
  private(set) var blocks: [[Range<Int>]] = []
  var images: [PromptImage] = []

  init(cache: KeyValueCache) { self.cache = cache }

  /// Adds the tokens of the next sequence, and the runs of them that see each other both ways.
  mutating func append(_ tokens: ArraySlice<Int>, _ positions: ArraySlice<TokenPosition>, blocks: [Range<Int>]) {
    self.tokens += tokens
    self.positions += positions
    counts.append(tokens.count)
    self.blocks.append(blocks)
  }
}
