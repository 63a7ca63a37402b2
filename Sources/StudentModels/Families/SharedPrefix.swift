internal import LanguageModel
package import Layers
internal import Tensor

/// The common beginning of prompts: tokens, and the images whose tokens are among them, all of each image's.
package struct SharedPrefix: Sendable, Equatable {
  package var tokens: Int
  package var images: Int

  package init(tokens: Int = 0, images: Int = 0) { (self.tokens, self.images) = (tokens, images) }

  /// What several prompts begin with, from what each has in common with the next; nothing where it is too short to be
  /// worth a pass of its own, or so short that its rows would be summed otherwise than those of a prompt.
  static func common(_ neighbours: ArraySlice<SharedPrefix>) -> SharedPrefix {
    guard let least = neighbours.min(by: { $0.tokens < $1.tokens }), least.tokens > Tensor.fewRows,
      least.tokens * neighbours.count >= rowsOfARun
    else { return SharedPrefix() }
    return least
  }
}

/// A beginning that a decoder has read.
struct ReadBeginning: Sendable {
  let length: SharedPrefix
  /// One sequence, filled to its capacity.
  let cache: KeyValueCache
}

/// Consecutive trees and what their prompts begin with in common.
package struct SharedRun: Sendable, Equatable {
  package var trees: Range<Int>
  package var beginning: SharedPrefix

  package init(trees: Range<Int>, beginning: SharedPrefix) { (self.trees, self.beginning) = (trees, beginning) }
}

extension [SharedRun] {
  /// The same with neighbours of fewer trees than these joined, after no beginning: for work that costs as much for one tree
  /// as for so many.
  package func joined(below trees: Int) -> [SharedRun] {
    var joined: [SharedRun] = []
    for run in self {
      if run.trees.count < trees, let last = joined.last, last.trees.count < trees || last.beginning.tokens == 0 {
        joined[joined.count - 1] = SharedRun(
          trees: last.trees.lowerBound..<run.trees.upperBound, beginning: SharedPrefix())
      } else {
        joined.append(run)
      }
    }
    return joined
  }
}

extension FamilyModel {
  /// The longest beginning that both prompts have in common, images by their content. It ends before the last token of
  /// either, so that each keeps a row from which answers are predicted, and never within an image.
  package func sharedBeginning(_ a: AnswerTree, _ b: AnswerTree) -> SharedPrefix {
    let limit = min(a.prompt.count, b.prompt.count) - 1
    let same = zip(a.prompt, b.prompt).prefix(limit).prefix { $0 == $1 }.count
    var beginning = SharedPrefix(tokens: same)
    guard let placeholder = configuration.placeholderToken else { return beginning }
    let places = a.prompt.prefix(same).indices.filter { a.prompt[$0] == placeholder }
    var read = 0
    for (own, other) in zip(a.images, b.images) where read < places.count {
      let end = read + tokenCount(of: own)
      guard end <= places.count, own.isIdentical(to: other) else { break }
      read = end
      beginning.images += 1
    }
    if read < places.count { beginning.tokens = places[read] }
    return beginning
  }

  /// What all prompts begin with in common.
  func sharedBeginning(of trees: [AnswerTree]) -> SharedPrefix {
    .common(zip(trees, trees.dropFirst()).map(sharedBeginning)[...])
  }

  /// Trees in order, cut where the fewest rows are computed if each run's beginning is read once.
  ///
  /// A run costs as much as ``rowsOfARun`` rows, so that none begins for a few tokens.
  package func sharedRuns(of trees: [AnswerTree]) -> [SharedRun] {
    let neighbours = zip(trees, trees.dropFirst()).map(sharedBeginning)
    // What is saved at most by runs of the first trees, and where the last of these runs begins.
    var saved = [0] + [Int](repeating: .min, count: trees.count)
    var starts = [Int](repeating: 0, count: trees.count + 1)
    for end in 0..<trees.count {
      var shared = Int.max
      for start in (max(0, end + 1 - treesOfARun)...end).reversed() {
        if start < end { shared = min(shared, neighbours[start].tokens) }
        let own = start < end ? (end - start) * shared : 0
        if saved[start] + own - rowsOfARun >= saved[end + 1] {
          saved[end + 1] = saved[start] + own - rowsOfARun
          starts[end + 1] = start
        }
      }
    }
    var runs: [SharedRun] = []
    var end = trees.count
    while end > 0 {
      let start = starts[end]
      runs.append(SharedRun(trees: start..<end, beginning: .common(neighbours[start..<(end - 1)])))
      end = start
    }
    return runs.reversed()
  }

  /// Reads what a tree's prompt begins with; nil where that is nothing.
  func read(_ beginning: SharedPrefix, of tree: AnswerTree) -> ReadBeginning? {
    guard beginning.tokens > 0 else { return nil }
    var cache = text.emptyCache(sequences: 1, capacity: beginning.tokens)
    let rows = embedded(
      Array(tree.prompt.prefix(beginning.tokens)), images: Array(tree.images.prefix(beginning.images)))
    _ = text(
      rows, counts: [beginning.tokens], positions: Array(positions(of: tree).prefix(beginning.tokens)),
      blocks: [blocks(of: tree).within(0..<beginning.tokens)], cache: &cache)
    return ReadBeginning(length: beginning, cache: cache)
  }
}

/// Rows that a run must save to be worth a pass of its own.
private let rowsOfARun = 64
/// The most trees of a run: what they share is read again so rarely that it does not count.
private let treesOfARun = 256

extension PromptImage {
  /// Whether the pictures and their content are the same, bit for bit.
  fileprivate func isIdentical(to other: PromptImage) -> Bool {
    guard rows == other.rows, columns == other.columns, width == other.width, height == other.height else {
      return false
    }
    switch (content, other.content) {
    case (.pixels(let a), .pixels(let b)), (.features(let a), .features(let b)): return a.isIdentical(to: b)
    default: return false
    }
  }
}
