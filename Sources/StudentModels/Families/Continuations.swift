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
    var results = prompts.map { _ in (tokens: [Int](), stopped: false) }
    guard maximumTokens > 0, !prompts.isEmpty else { return results }
    let capacity = (prompts.map(\.prompt.count).max() ?? 0) + maximumTokens
    let beginning = read(sharedBeginning(of: prompts), of: prompts[0])
    let shared = beginning?.length ?? SharedPrefix()
    // Sequences of no meaning, so that products always have more than a few rows, which are summed in another order.
    let filler = configuration.placeholderToken == 0 ? 1 : 0
    let others = AnswerTree(
      prompt: prompts[0].prompt.prefix(shared.tokens) + [filler],
      images: Array(prompts[0].images.prefix(shared.images)), answers: [])
    let wanted = prompts.count
    let prompts = prompts + Array(repeating: others, count: isSettled ? Tensor.fewRows : 0)
    var cache =
      beginning.map { KeyValueCache(after: $0.cache, sequences: prompts.count, capacity: capacity) }
      ?? text.emptyCache(sequences: prompts.count, capacity: capacity)
    var counts = prompts.map { $0.prompt.count - shared.tokens }
    var rows = embedded(
      prompts.flatMap { $0.prompt.dropFirst(shared.tokens) },
      images: prompts.flatMap { $0.images.dropFirst(shared.images) })
    let head = headWeight
    var positions: [TokenPosition]? = prompts.flatMap { self.positions(of: $0).dropFirst(shared.tokens) }
    while true {
      let hidden = text(rows, counts: counts, positions: positions, cache: &cache)
      positions = nil
      let active = counts.indices.filter { counts[$0] > 0 }
      var end = -1
      let lasts = active.map { sequence -> Int in
        end += counts[sequence]
        return end
      }
      let logits = text.normalized(hidden.gathered(lasts)).matmul(head, transposeB: true)
      counts = Array(repeating: 0, count: prompts.count)
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
      for sequence in wanted..<prompts.count {
        counts[sequence] = 1
        next.append(filler)
      }
      rows = text.embedding(next)
    }
  }
}
