internal import LanguageModel
internal import Layers
internal import Synchronization
internal import Tensor

/// What a decoder has read of earlier prompts, so that a prompt that begins as one of them does is not read from its first
/// token again.
///
/// Prompts are read by steps of ``step`` tokens whether or not something was kept, so that an answer is the same, bit for bit,
/// whatever was asked before. The least recently used beginnings go where the limit is reached.
package final class KeptBeginnings: Sendable {
  /// Tokens that are read at one time. A beginning is found by whole steps.
  package static let step = 64

  private struct Entry {
    /// The tokens that were read, a multiple of ``KeptBeginnings/step`` of them or more.
    let tokens: [Int]
    /// The images whose tokens are all among them.
    let images: [PromptImage]
    let cache: KeyValueCache
    let bytes: Int
  }

  private let limit: Int
  /// The one used last behind all others.
  private let entries = Mutex<[Entry]>([])

  /// Keeps nothing yet.
  ///
  /// - Parameter bytes: the most bytes of keys and values; 0 keeps nothing ever.
  package init(bytes: Int) { limit = bytes }

  /// Bytes of keys and values that are kept.
  package var bytes: Int { entries.withLock { $0.reduce(0) { $0 + $1.bytes } } }

  /// The longest kept beginning of a prompt, in whole steps.
  ///
  /// - Parameters:
  ///   - most: tokens, at most the prompt's.
  ///   - placeholder: the token that stands for rows of images; nil where there are none.
  ///   - rows: of an image.
  func longest(
    of tree: AnswerTree, most: Int, placeholder: Int?, rows: (PromptImage) -> Int
  ) -> (tokens: Int, cache: KeyValueCache)? {
    entries.withLock { entries in
      var best: (place: Int, tokens: Int)?
      for (place, entry) in entries.enumerated() {
        var same = zip(entry.tokens, tree.prompt).prefix(most).prefix { $0 == $1 }.count
        if let placeholder {
          let places = tree.prompt.prefix(same).indices.filter { tree.prompt[$0] == placeholder }
          var read = 0
          for (own, other) in zip(tree.images, entry.images) where read < places.count {
            guard own.isIdentical(to: other) else { break }
            read += rows(own)
          }
          // An image that the other prompt has cut off, or another one, ends what is alike.
          if read < places.count { same = places[read] }
        }
        let whole = same / Self.step * Self.step
        if whole > best?.tokens ?? 0 { best = (place, whole) }
      }
      guard let best else { return nil }
      let entry = entries.remove(at: best.place)
      entries.append(entry)
      return (best.tokens, entry.cache)
    }
  }

  /// Keeps a beginning that was read; those that it begins with go.
  func keep(_ beginning: ReadBeginning, of tree: AnswerTree) {
    let tokens = Array(tree.prompt.prefix(beginning.length.tokens))
    let images = Array(tree.images.prefix(beginning.length.images))
    let bytes = beginning.cache.bytes
    guard tokens.count >= Self.step, bytes <= limit else { return }
    entries.withLock { entries in
      entries.removeAll { entry in
        tokens.starts(with: entry.tokens) && entry.images.count <= images.count
          && zip(entry.images, images).allSatisfy { $0.isIdentical(to: $1) }
      }
      entries.append(Entry(tokens: tokens, images: images, cache: beginning.cache, bytes: bytes))
      var total = entries.reduce(0) { $0 + $1.bytes }
      while total > limit { total -= entries.removeFirst().bytes }
    }
  }
}

extension FamilyModel {
  /// The runs of some trees for a reader that keeps beginnings: a prompt of its own is read up to its last token, too.
  func keptRuns(of trees: [AnswerTree]) -> [SharedRun] {
    sharedRuns(of: trees).map { run in
      guard run.trees.count == 1 else { return run }
      let tree = trees[run.trees.lowerBound]
      let tokens = (tree.prompt.count - 1) / KeptBeginnings.step * KeptBeginnings.step
      return SharedRun(trees: run.trees, beginning: beginning(of: tree, tokens: tokens))
    }
  }

  /// A prompt's beginning of so many tokens, or fewer where that would cut an image.
  private func beginning(of tree: AnswerTree, tokens: Int) -> SharedPrefix {
    guard let placeholder = configuration.placeholderToken else { return SharedPrefix(tokens: max(0, tokens)) }
    let places = tree.prompt.prefix(max(0, tokens)).indices.filter { tree.prompt[$0] == placeholder }
    var beginning = SharedPrefix(tokens: max(0, tokens))
    var read = 0
    for image in tree.images where read < places.count {
      let end = read + tokenCount(of: image)
      guard end <= places.count else { break }
      read = end
      beginning.images += 1
    }
    if read < places.count { beginning.tokens = places[read] }
    return beginning
  }

  /// Reads what a tree's prompt begins with, step by step, but for what was read before; nil where that is nothing.
  func read(_ beginning: SharedPrefix, of tree: AnswerTree, keeping kept: KeptBeginnings) -> ReadBeginning? {
    guard beginning.tokens > 0 else { return nil }
    let positions = Array(positions(of: tree).prefix(beginning.tokens))
    let found = kept.longest(
      of: tree, most: beginning.tokens, placeholder: configuration.placeholderToken, rows: tokenCount)
    let first = found?.tokens ?? 0
    var cache =
      found.map {
        KeyValueCache(beginningAs: $0.cache, positions: Array(positions.prefix(first)), capacity: beginning.tokens)
      } ?? text.emptyCache(sequences: 1, capacity: beginning.tokens)
    if first < beginning.tokens {
      let rows = embedded(
        Array(tree.prompt.prefix(beginning.tokens)), images: Array(tree.images.prefix(beginning.images)))
      for start in stride(from: first, to: beginning.tokens, by: KeptBeginnings.step) {
        let end = min(start + KeptBeginnings.step, beginning.tokens)
        _ = text(
          rows.rows(start..<end), counts: [end - start], positions: Array(positions[start..<end]), cache: &cache)
      }
    }
    let read = ReadBeginning(length: beginning, cache: cache)
    kept.keep(read, of: tree)
    return read
  }
}
