internal import CKernels
public import Tensor

/// Which keys each query sees, as runs: enough for causal text, whole images, answer trees and cached decoding.
///
/// ```swift
/// let layout = AttentionLayout.trees([.init(prompt: 3, answers: [2, 2])])
/// // rows: p p p a a b b. Row 5 (first of b) sees rows 0, 1, 2 and 5.
/// let y = layout.attention(queries: q, keys: k, values: v)
/// ```
///
/// Groups are independent: no query sees a key of another group, so several trees of unequal length are packed one after
/// the other without padding.
public struct AttentionLayout: Sendable {
  /// The shape of one answer tree in rows.
  public struct Tree: Sendable, Equatable {
    /// Rows of the prompt.
    public var prompt: Int
    /// Rows of each answer.
    public var answers: [Int]

    /// A tree of this shape.
    public init(prompt: Int, answers: [Int]) {
      (self.prompt, self.answers) = (prompt, answers)
    }
  }

  private var spans: [sd_span]
  private let groups: [sd_group]
  /// Rows of queries.
  public let queries: Int
  /// Rows of keys and values.
  package let keys: Int
  /// Groups of up to so many queries are summed in the way that is the fastest for them: where it depends on nothing else
  /// which way a group takes.
  private var few = defaultFew
  private static let defaultFew: Int32 = 4

  /// Trees one after the other: in each the prompt sees itself causally, each answer sees the whole prompt and itself
  /// causally, and no other answer.
  ///
  /// - Parameter shared: keys that stand before those of all rows and that every row sees: a beginning that the trees'
  ///   prompts have in common and that has no rows here. The default is none.
  public static func trees(_ trees: [Tree], after shared: Int = 0) -> AttentionLayout {
    var (firsts, end) = ([Int](), shared)
    for tree in trees {
      firsts.append(end)
      end += tree.prompt + tree.answers.reduce(0, +)
    }
    let layout = reading(trees, firsts: firsts, after: shared, keys: end)
    guard shared > 0 else { return layout }
    // What is seen by all makes one group of them.
    let all = sd_group(span_first: 0, span_last: Int32(layout.spans.count), key_first: 0, key_last: Int32(end))
    return AttentionLayout(spans: layout.spans, groups: [all], queries: layout.queries, keys: end, few: 0)
  }

  /// Sequences one after the other; every row sees all rows of its own sequence. For images and text encoders.
  ///
  /// - Parameter reach: how many rows to each side of itself a row sees; nil for all.
  package static func full(_ lengths: [Int], reach: Int? = nil) -> AttentionLayout {
    var (spans, groups, start) = ([sd_span](), [sd_group](), Int32(0))
    for length in lengths {
      let end = start + Int32(length)
      var span = sd_span(
        first: start, last: end, shared_first: 0, shared_last: 0, prefix_first: start, prefix_last: start,
        own_first: start, own_last: end, causal: 0, causal_offset: 0, beyond: 0, window: 0)
      if let reach, reach < length - 1 {
        (span.causal, span.beyond, span.window) = (1, Int32(reach), Int32(reach) + 1)
      }
      spans.append(span)
      let index = Int32(spans.count)
      groups.append(sd_group(span_first: index - 1, span_last: index, key_first: start, key_last: end))
      start = end
    }
    return AttentionLayout(spans: spans, groups: groups, queries: Int(start), keys: Int(start))
  }

  /// Sequences one after the other, of which the first rows alone ask, each for all rows of its own sequence.
  ///
  /// - Parameter reach: how many rows after itself a first row sees; nil for all.
  package static func first(_ lengths: [Int], reach: Int? = nil) -> AttentionLayout {
    let whole = full(lengths, reach: reach)
    let spans = whole.spans.enumerated().map { i, span in
      var one = span
      (one.first, one.last) = (Int32(i), Int32(i) + 1)
      return one
    }
    return AttentionLayout(spans: spans, groups: whole.groups, queries: lengths.count, keys: whole.keys)
  }

  /// New rows at the ends of cached sequences: each sees the rows that all sequences share, its sequence's kept rows and
  /// its new ones up to itself.
  ///
  /// - Parameters:
  ///   - runs: for each sequence its first row among the keys, its kept rows and its new ones.
  ///   - shared: rows at the beginning of the cache that all sequences share.
  ///   - keys: rows of the whole cache.
  ///   - isReading: whether the rows are of what is read, which is summed in one way however much of it is there already;
  ///     else they are written, one a sequence.
  static func continuing(
    _ runs: [(first: Int, kept: Int, new: Int)], after shared: Int, keys: Int, isReading: Bool
  ) -> AttentionLayout {
    var (spans, groups, start) = ([sd_span](), [sd_group](), Int32(0))
    for run in runs {
      let (first, end) = (Int32(run.first), start + Int32(run.new))
      spans.append(
        sd_span(
          first: start, last: end, shared_first: 0, shared_last: Int32(shared), prefix_first: first, prefix_last: first,
          own_first: first, own_last: first + Int32(run.kept + run.new), causal: 1, causal_offset: Int32(run.kept),
          beyond: 0, window: 0))
      let index = Int32(spans.count)
      groups.append(
        sd_group(
          span_first: index - 1, span_last: index, key_first: shared > 0 ? 0 : first,
          key_last: first + Int32(run.kept + run.new)))
      start = end
    }
    // Many queries lay out what they see: shared rows once for all sequences. Single ones read it where it is.
    if shared > 0, let last = groups.map(\.key_last).max(), runs.contains(where: { $0.new > 1 }) {
      groups = [sd_group(span_first: 0, span_last: Int32(spans.count), key_first: 0, key_last: last)]
    }
    return AttentionLayout(
      spans: spans, groups: groups, queries: Int(start), keys: keys, few: isReading ? 0 : defaultFew)
  }

  /// Trees as ``trees(_:after:)`` has them, each with its keys at a place of its own in a cache.
  ///
  /// - Parameters:
  ///   - firsts: of each tree, its first row among the keys; the others follow it.
  ///   - shared: rows at the beginning of the cache that all trees see.
  ///   - keys: rows of the whole cache.
  static func reading(_ trees: [Tree], firsts: [Int], after shared: Int, keys: Int) -> AttentionLayout {
    var (spans, groups, row) = ([sd_span](), [sd_group](), Int32(0))
    let before = Int32(shared)
    for (tree, first) in zip(trees, firsts) {
      let (index, first, prompt) = (Int32(spans.count), Int32(first), Int32(tree.prompt))
      var key = first
      func add(_ rows: Int32, prefix: Int32) {
        guard rows > 0 else { return }
        spans.append(
          sd_span(
            first: row, last: row + rows, shared_first: 0, shared_last: before, prefix_first: first,
            prefix_last: first + prefix, own_first: key, own_last: key + rows, causal: 1, causal_offset: 0, beyond: 0,
            window: 0))
        (row, key) = (row + rows, key + rows)
      }
      add(prompt, prefix: 0)
      for answer in tree.answers { add(Int32(answer), prefix: prompt) }
      groups.append(
        sd_group(
          span_first: index, span_last: Int32(spans.count), key_first: before > 0 ? 0 : first, key_last: key))
    }
    // One way for all: how many rows a group has depends on the trees beside it and on what was read before.
    return AttentionLayout(spans: spans, groups: groups, queries: Int(row), keys: keys, few: 0)
  }

  /// The same where each row sees, of what it sees here, the last so many keys up to and with its own: a sliding window
  /// over its sequence. In a tree an answer's row counts its answer's rows before it, then the prompt's.
  ///
  /// Time is that of the keys in the windows.
  ///
  /// - Parameter window: at least 1; nil for none.
  package func windowed(_ window: Int?) -> AttentionLayout {
    guard let window else { return self }
    precondition(window > 0, "a window of \(window) rows")
    var layout = self
    for i in spans.indices where spans[i].window == 0 {
      // Where all keys lie in the window there is none.
      let last = spans[i].place(of: spans[i].last - 1)
      layout.spans[i].window = Int(last) < window ? 0 : Int32(window)
    }
    return layout
  }

  /// Softmax(scale · Q Kᵀ) V over the visible keys, head by head; the scores are never stored.
  ///
  /// - Parameters:
  ///   - q: the queries, [queries, heads, dimensions]; dimensions at most 256.
  ///   - k: the keys, [keys, key heads, dimensions]; heads is a multiple of key heads (grouped-query attention).
  ///   - v: the values, shaped as the keys.
  ///   - scale: The default is 1/√dimensions.
  /// - Returns: [queries, heads, dimensions].
  public func attention(queries q: Tensor, keys k: Tensor, values v: Tensor, scale: Float? = nil) -> Tensor {
    precondition(
      q.rank == 3 && k.rank == 3 && k.shape == v.shape && q.shape[2] == k.shape[2] && q.shape[1] % k.shape[1] == 0
        && q.shape[2] <= 256, "attention of \(q.shape) over \(k.shape) and \(v.shape)")
    precondition(
      q.shape[0] == queries && k.shape[0] == keys,
      "a layout of \(queries) queries and \(keys) keys for \(q.shape) and \(k.shape)")
    let (heads, keyHeads, dimensions) = (Int32(q.shape[1]), Int32(k.shape[1]), Int32(q.shape[2]))
    let scale = scale ?? 1 / Float(dimensions).squareRoot()
    var logSums = Tensor.zeros([queries, q.shape[1]])
    let value = Tensor(shape: q.shape) { out in
      logSums.mutateScalars { logSums in
        withPointers(q, k, v) { q, k, v in
          sd_attention(
            q, k, v, out.baseAddress, logSums.baseAddress, spans, groups, Int32(groups.count), few, heads, keyHeads,
            dimensions, scale)
        }
      }
    }
    return .operation(value: value, inputs: [q, k, v]) { [logSums] g in
      var (dq, dk, dv) = (Tensor.zeros(q.shape), Tensor.zeros(k.shape), Tensor.zeros(v.shape))
      dq.mutateScalars { dq in
        dk.mutateScalars { dk in
          dv.mutateScalars { dv in
            withPointers(q, k, v) { q, k, v in
              withPointers(value, logSums, g) { out, logSums, g in
                sd_attention_backward(
                  q, k, v, out, logSums, g, dq.baseAddress, dk.baseAddress, dv.baseAddress, spans, groups,
                  Int32(groups.count), heads, keyHeads, dimensions, scale)
              }
            }
          }
        }
      }
      return [dq, dk, dv]
    }
  }

  /// The same for the next row of each of several sequences, which have keys and values of their own. A row's result is what
  /// it would be alone. Not differentiable.
  ///
  /// - Parameters:
  ///   - layouts: of one query each.
  ///   - q: the queries, [sequences, heads, dimensions].
  ///   - caches: what each sequence has read.
  /// - Returns: [sequences, heads, dimensions].
  static func attention(_ layouts: [AttentionLayout], queries q: Tensor, caches: [KeyValueCache.Layer]) -> Tensor {
    let (heads, dimensions) = (q.shape[1], q.shape[2])
    let width = heads * dimensions
    let scale = 1 / Float(dimensions).squareRoot()
    var logSums = Tensor.zeros([layouts.count, heads])
    return Tensor(shape: q.shape) { out in
      logSums.mutateScalars { logSums in
        q.withScalars { q in
          guard let q = q.baseAddress, let out = out.baseAddress, let logSums = logSums.baseAddress else { return }
          func attend(_ i: Int) {
            guard let (keys, values) = caches[i].both else { return }
            let (layout, keyHeads) = (layouts[i], keys.shape[1])
            precondition(layout.queries == 1 && layout.keys == keys.shape[0], "\(layout.queries) queries of a sequence")
            keys.withScalars { k in
              values.withScalars { v in
                sd_attention(
                  q + i * width, k.baseAddress, v.baseAddress, out + i * width, logSums + i * heads, layout.spans,
                  layout.groups, Int32(layout.groups.count), layout.few, Int32(heads), Int32(keyHeads),
                  Int32(dimensions), scale)
              }
            }
          }
          // A sequence is a task; where there are fewer than threads, its chunks are.
          if layouts.count < Tensor.Compute.threads {
            layouts.indices.forEach(attend)
          } else {
            Tensor.Compute.parallel(layouts.count, attend)
          }
        }
      }
    }
  }

  /// The naive twin: the whole score matrix, a mask, plain operations.
  package func naiveAttention(queries q: Tensor, keys k: Tensor, values v: Tensor, scale: Float? = nil) -> Tensor {
    let scale = scale ?? 1 / Float(q.shape[2]).squareRoot()
    let shared = q.shape[1] / k.shape[1]
    let mask = Tensor(shape: [queries, keys]) { out in
      for i in 0..<queries { for j in 0..<keys { out[i * keys + j] = sees(query: i, key: j) ? 0 : -1e30 } }
    }
    let heads = (0..<q.shape[1]).map { head -> Tensor in
      let one = { (x: Tensor, h: Int) in x.permuted([1, 0, 2]).rows(h..<(h + 1)).reshaped([x.shape[0], x.shape[2]]) }
      let scores = one(q, head).matmul(one(k, head / shared), transposeB: true) * scale + mask
      return scores.softmax().matmul(one(v, head / shared)).reshaped([1, queries, q.shape[2]])
    }
    return Tensor.concatenated(heads).permuted([1, 0, 2])
  }

  package func sees(query: Int, key: Int) -> Bool {
    let (q, k) = (Int32(query), Int32(key))
    return spans.contains { span in
      guard q >= span.first, q < span.last else { return false }
      let own = span.place(of: q)
      guard let place = span.place(ofKey: k) else { return false }
      let isOwn = k >= span.own_first && k < span.own_last
      if isOwn, span.causal != 0, place > own + span.beyond { return false }
      return span.window == 0 || place > own - span.window
    }
  }
}

extension sd_span {
  private var shared: Int32 { shared_last - shared_first }
  private var prefix: Int32 { prefix_last - prefix_first }

  /// Where a query stands among the keys of its sequence.
  fileprivate func place(of query: Int32) -> Int32 { shared + prefix + query - first + causal_offset }

  /// Where a key stands among those of the sequence; nil where it is none of them.
  fileprivate func place(ofKey key: Int32) -> Int32? {
    if key >= shared_first, key < shared_last { return key - shared_first }
    if key >= prefix_first, key < prefix_last { return shared + key - prefix_first }
    return key >= own_first && key < own_last ? shared + prefix + key - own_first : nil
  }
}

private func withPointers<Result>(
  _ a: Tensor, _ b: Tensor, _ c: Tensor,
  _ body: (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?) -> Result
) -> Result {
  a.withScalars { a in
    b.withScalars { b in c.withScalars { c in body(a.baseAddress, b.baseAddress, c.baseAddress) } }
  }
}
