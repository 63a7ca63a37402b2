internal import LanguageModel
package import Layers
public import Tensor

/// Sequences that a student writes side by side, a token of each at a time. A sequence has the tokens and the logits, bit
/// for bit, that it would have alone, and any may come or go between two tokens.
public struct DecodingBatch: Sendable {
  /// The logits of each sequence's next token, [1, vocabulary].
  public private(set) var logits: [Tensor] = []
  /// What was written in each sequence after its prompt.
  public private(set) var tokens: [[Int]] = []
  /// What each sequence has read; its keys and values alone are as large as its room.
  package var caches: [KeyValueCache] = []
  /// The output head's matrix [vocabulary, width], adapters included.
  package let head: Tensor
  /// The prompt that was read last, and what was read of it: many begin alike.
  package var lastRead: (prompt: AnswerTree, cache: KeyValueCache)?

  package init(head: Tensor) { self.head = head }

  /// How many sequences there are.
  public var count: Int { logits.count }

  /// None, for the same student.
  package var emptied: DecodingBatch {
    var none = DecodingBatch(head: head)
    none.lastRead = lastRead
    return none
  }

  /// Adds a sequence whose prompt was read.
  package mutating func add(_ cache: KeyValueCache, logits: Tensor) {
    caches.append(cache)
    self.logits.append(logits)
    tokens.append([])
  }

  /// Adds all sequences of another batch of the same student. Nothing is copied before either goes on.
  package mutating func add(_ other: DecodingBatch) {
    caches += other.caches
    logits += other.logits
    tokens += other.tokens
    lastRead = other.lastRead
  }

  /// Leaves out sequences.
  ///
  /// - Parameter kept: the places of those that stay, rising.
  package mutating func keep(_ kept: [Int]) {
    guard kept.count < count else { return }
    caches = kept.map { caches[$0] }
    logits = kept.map { logits[$0] }
    tokens = kept.map { tokens[$0] }
  }

  /// Notes a further token of each sequence and the logits after it.
  package mutating func note(_ new: [Int], logits: [Tensor]) {
    precondition(new.count == count && logits.count == count, "\(new.count) tokens for \(count) sequences")
    for (i, token) in new.enumerated() { tokens[i].append(token) }
    self.logits = logits
  }
}

extension FamilyModel {
  /// See ``PretrainedStudent/emptyBatch()``.
  func emptyBatch() -> DecodingBatch { DecodingBatch(head: headWeight) }

  /// See ``PretrainedStudent/read(_:images:room:into:proceeding:)``. What the prompt that was read before begins with, too, is
  /// not read again: rows are the same, bit for bit, however they are shared out among passes of more than a few. Not so on the
  /// smallest set, where OpenBLAS multiplies: it sums otherwise at the edges of its tiles, so that all is read there.
  func read(
    _ prompt: AnswerTree, room: Int, into batch: inout DecodingBatch, proceeding: () throws -> Void
  ) rethrows {
    let (count, positions) = (prompt.prompt.count, positions(of: prompt))
    var known = SharedPrefix()
    var cache = text.emptyCache(sequences: 1, capacity: count + room)
    if let last = batch.lastRead, Tensor.Compute.instructionSet != .baseline {
      let shared = beginning(of: prompt, alreadyReadIn: last.prompt)
      if shared.tokens > Tensor.fewRows {
        known = shared
        let own = Array(positions.prefix(known.tokens))
        cache = KeyValueCache(beginningAs: last.cache, positions: own, capacity: count + room)
      }
    }
    let rows = embedded(
      Array(prompt.prompt.dropFirst(known.tokens)), images: Array(prompt.images.dropFirst(known.images)))
    let hidden = try text(
      rows, counts: [rows.shape[0]], positions: Array(positions.dropFirst(known.tokens)),
      blocks: [blocks(of: prompt).after(known.tokens)], cache: &cache, proceeding: proceeding)
    let last = text.normalized(hidden.gathered([rows.shape[0] - 1]))
    batch.add(cache, logits: logits(of: last, head: batch.head))
    batch.lastRead = (prompt, KeyValueCache(beginningAs: cache, positions: positions, capacity: count))
  }

  /// What both prompts begin with, so that more than a few of the prompt's tokens come after it.
  private func beginning(of prompt: AnswerTree, alreadyReadIn last: AnswerTree) -> SharedPrefix {
    var shared = sharedBeginning(last, prompt)
    let most = prompt.prompt.count - Tensor.fewRows - 1
    guard shared.tokens > most else { return shared }
    // Never within an image.
    guard most > 0, !prompt.prompt[most...].contains(where: { $0 == configuration.placeholderToken }) else {
      return SharedPrefix()
    }
    shared.tokens = most
    return shared
  }

  /// See ``PretrainedStudent/write(_:in:)``.
  func write(_ tokens: [Int], in batch: inout DecodingBatch) {
    guard !tokens.isEmpty else { return }
    let hidden = text(text.embedding(tokens), caches: &batch.caches)
    let logits = Tensor.Compute.eachRowAlone { self.logits(of: text.normalized(hidden), head: batch.head) }
    batch.note(tokens, logits: tokens.indices.map { logits.rows($0..<($0 + 1)) })
  }
}
