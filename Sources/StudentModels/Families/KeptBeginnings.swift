internal import LanguageModel
internal import Layers
internal import Synchronization
internal import Tensor

/// What a decoder has read of earlier prompts, so that a prompt that begins as one of them does is not read from its first
/// token again.
///
/// An answer is the same, bit for bit, whatever was asked before, and as if nothing were ever kept. On the smallest set, where
/// OpenBLAS sums otherwise at the edges of its tiles, prompts are therefore read by steps of ``step`` tokens, and longer ones
/// where rows of an image see each other both ways, whether or not something was kept: there an answer may differ from that of
/// a prompt which is read at one time. The least recently used beginnings go where the limit is reached.
package final class KeptBeginnings: Sendable {
  /// A beginning is found by whole steps of so many tokens: 16, or 64 where prompts are read by them.
  package static var step: Int { Tensor.Compute.instructionSet == .baseline ? 64 : 16 }

  private struct Entry {
    /// The beginning and one token behind it.
    let tree: AnswerTree
    /// The tokens that were read, ``KeptBeginnings/step`` or more.
    let tokens: Int
    let cache: KeyValueCache
  }

  private let limit: Int
  /// The one used last behind all others.
  private let entries = Mutex<[Entry]>([])

  /// Keeps nothing yet.
  ///
  /// - Parameter bytes: the most bytes of keys and values; 0 keeps nothing ever.
  package init(bytes: Int) { limit = bytes }

  /// Bytes of keys and values that are kept.
  package var bytes: Int { entries.withLock { $0.reduce(0) { $0 + $1.cache.bytes } } }

  /// The longest kept beginning of a prompt, in whole steps.
  ///
  /// - Parameters:
  ///   - steps: where the prompt's steps end, rising, fewer tokens than the prompt's.
  ///   - shared: what two prompts begin with in common.
  func longest(
    of tree: AnswerTree, steps: [Int], shared: (AnswerTree, AnswerTree) -> SharedPrefix
  ) -> (tokens: Int, cache: KeyValueCache)? {
    entries.withLock { entries in
      let whole = entries.map { entry in
        let known = min(entry.tokens, shared(entry.tree, tree).tokens)
        return steps.last { $0 <= known } ?? 0
      }
      guard let best = whole.indices.max(by: { whole[$0] < whole[$1] }), whole[best] > 0 else { return nil }
      let entry = entries.remove(at: best)
      entries.append(entry)
      return (whole[best], entry.cache)
    }
  }

  /// Keeps a beginning that was read; those that it begins with go.
  func keep(_ beginning: ReadBeginning, of tree: AnswerTree, shared: (AnswerTree, AnswerTree) -> SharedPrefix) {
    let tokens = beginning.length.tokens
    guard tokens >= Self.step, beginning.cache.bytes <= limit else { return }
    entries.withLock { entries in
      entries.removeAll { $0.tokens <= min(tokens, shared($0.tree, tree).tokens) }
      let own = AnswerTree(
        prompt: Array(tree.prompt.prefix(tokens + 1)), images: Array(tree.images.prefix(beginning.length.images)),
        answers: [])
      entries.append(Entry(tree: own, tokens: tokens, cache: beginning.cache))
      var total = entries.reduce(0) { $0 + $1.cache.bytes }
      while total > limit { total -= entries.removeFirst().cache.bytes }
    }
  }
}

extension FamilyModel {
  /// The runs of some trees for a reader that keeps beginnings: a prompt of its own is read up to its last token, too.
  func keptRuns(of trees: [AnswerTree]) -> [SharedRun] {
    sharedRuns(of: trees).map { run in
      guard run.trees.count == 1 else { return run }
      let tree = trees[run.trees.lowerBound]
      // As with another prompt that goes on differently after whole steps.
      var other = tree
      other.prompt = Array(tree.prompt.prefix((tree.prompt.count - 1) / KeptBeginnings.step * KeptBeginnings.step + 1))
      return SharedRun(trees: run.trees, beginning: sharedBeginning(tree, other))
    }
  }

  /// Reads what a tree's prompt begins with, but for what was read before; nil where that is nothing.
  func read(_ beginning: SharedPrefix, of tree: AnswerTree, keeping kept: KeptBeginnings) -> ReadBeginning? {
    guard beginning.tokens > 0 else { return nil }
    let positions = Array(positions(of: tree).prefix(beginning.tokens))
    let steps = steps(of: tree, to: beginning.tokens)
    // So few rows as might be left behind the last step are summed in another way.
    let usable = steps.filter { $0 == beginning.tokens || beginning.tokens - $0 > Tensor.fewRows }
    let found = kept.longest(of: tree, steps: usable, shared: sharedBeginning)
    let first = found?.tokens ?? 0
    var cache =
      found.map {
        KeyValueCache(beginningAs: $0.cache, positions: Array(positions.prefix(first)), capacity: beginning.tokens)
      } ?? text.emptyCache(sequences: 1, capacity: beginning.tokens)
    if first < beginning.tokens {
      let rows = embedded(
        Array(tree.prompt.prefix(beginning.tokens)), images: Array(tree.images.prefix(beginning.images)))
      var start = first
      // Rows are the same, bit for bit, however they are shared out among passes, but on the smallest set.
      let cuts = Tensor.Compute.instructionSet == .baseline ? steps.filter { $0 > first && $0 < beginning.tokens } : []
      for end in cuts + [beginning.tokens] {
        _ = text(
          rows.rows(start..<end), counts: [end - start], positions: Array(positions[start..<end]),
          blocks: [blocks(of: tree).within(start..<end)], cache: &cache)
        start = end
      }
    }
    let read = ReadBeginning(length: beginning, cache: cache)
    kept.keep(read, of: tree, shared: sharedBeginning)
    return read
  }

  /// Where the steps end in which a tree's prompt is read, as far as `last`: none within a block.
  private func steps(of tree: AnswerTree, to last: Int) -> [Int] {
    let (step, blocks) = (KeptBeginnings.step, blocks(of: tree))
    var ends: [Int] = []
    var end = step
    while true {
      if let block = blocks.first(where: { $0.lowerBound < end && end < $0.upperBound }) { end = block.upperBound }
      guard end <= last else { return ends }
      ends.append(end)
      end = (end / step + 1) * step
    }
  }
}
