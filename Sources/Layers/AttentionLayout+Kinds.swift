internal import CKernels

extension AttentionLayout {
  /// Trees one after the other: in each the prompt sees itself causally, its blocks also themselves both ways, each answer
  /// sees the whole prompt and itself causally, and no other answer.
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
  /// ```swift
  /// let layout = AttentionLayout.full([3, 4], reach: 1)
  /// // rows: a a a b b b b. Row 4 (second of b) sees rows 3, 4 and 5.
  /// ```
  ///
  /// - Parameter reach: how many rows to each side of itself a row sees; nil for all. Time is that of the rows that are seen.
  public static func full(_ lengths: [Int], reach: Int? = nil) -> AttentionLayout {
    var (spans, groups, start) = ([sd_span](), [sd_group](), Int32(0))
    for length in lengths {
      let end = start + Int32(length)
      spans.append(
        sd_span(
          first: start, last: end, shared_first: 0, shared_last: 0, prefix_first: start, prefix_last: start,
          own_first: start, own_last: end, causal: 0, causal_offset: 0, beyond: 0, window: 0))
      let index = Int32(spans.count)
      groups.append(sd_group(span_first: index - 1, span_last: index, key_first: start, key_last: end))
      start = end
    }
    return AttentionLayout(spans: spans, groups: groups, queries: Int(start), keys: Int(start)).reaching(reach)
  }

  /// The same for sequences that see all of themselves, where a row sees so many rows to each side of itself.
  ///
  /// - Parameter reach: nil for all.
  package func reaching(_ reach: Int?) -> AttentionLayout {
    guard let reach else { return self }
    var layout = self
    for i in spans.indices where reach < Int(spans[i].own_last - spans[i].own_first) - 1 {
      precondition(spans[i].causal == 0, "a reach for rows that see what stands before them alone")
      layout.spans[i].causal = 1
      (layout.spans[i].beyond, layout.spans[i].window) = (Int32(reach), Int32(reach) + 1)
    }
    return layout
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

  /// The new rows of a cached sequence: its first row among the keys, its kept rows, its new ones, and of these the blocks
  /// that see each other both ways.
  struct Run {
    var first: Int
    var kept: Int
    var new: Int
    var blocks: [Range<Int>] = []

    /// What rows from `row` on see: text up to itself, a block all of itself and what stands before it.
    fileprivate func spans(row: Int32, after shared: Int32) -> [sd_span] {
      let key = Int32(first)
      var (spans, done) = ([sd_span](), 0)
      func add(to end: Int, isBlock: Bool) {
        guard end > done else { return }
        spans.append(
          sd_span(
            first: row + Int32(done), last: row + Int32(end), shared_first: 0, shared_last: shared, prefix_first: key,
            prefix_last: key, own_first: key, own_last: key + Int32(kept + end), causal: isBlock ? 0 : 1,
            causal_offset: Int32(kept + done), beyond: 0, window: 0))
        done = end
      }
      for block in blocks {
        precondition(block.lowerBound >= done && block.upperBound <= new, "blocks \(blocks) of \(new) rows")
        add(to: block.lowerBound, isBlock: false)
        add(to: block.upperBound, isBlock: true)
      }
      add(to: new, isBlock: false)
      return spans
    }
  }

  /// New rows at the ends of cached sequences: each sees the rows that all sequences share, its sequence's kept rows and
  /// its new ones up to itself, or to the end of its block.
  ///
  /// - Parameters:
  ///   - runs: one for each sequence.
  ///   - shared: rows at the beginning of the cache that all sequences share.
  ///   - keys: rows of the whole cache.
  ///   - isReading: whether the rows are of what is read, which is summed in one way however much of it is there already;
  ///     else they are written, one a sequence.
  static func continuing(
    _ runs: [Run], after shared: Int, keys: Int, isReading: Bool
  ) -> AttentionLayout {
    var (spans, groups, start) = ([sd_span](), [sd_group](), Int32(0))
    for run in runs {
      let (first, index) = (Int32(run.first), Int32(spans.count))
      spans += run.spans(row: start, after: Int32(shared))
      groups.append(
        sd_group(
          span_first: index, span_last: Int32(spans.count), key_first: shared > 0 ? 0 : first,
          key_last: first + Int32(run.kept + run.new)))
      start += Int32(run.new)
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
      spans += Run(first: Int(first), kept: 0, new: tree.prompt, blocks: tree.blocks).spans(row: row, after: before)
      row += prompt
      var key = first + prompt
      for answer in tree.answers where answer > 0 {
        let rows = Int32(answer)
        spans.append(
          sd_span(
            first: row, last: row + rows, shared_first: 0, shared_last: before, prefix_first: first,
            prefix_last: first + prompt, own_first: key, own_last: key + rows, causal: 1, causal_offset: 0, beyond: 0,
            window: 0))
        (row, key) = (row + rows, key + rows)
      }
      groups.append(
        sd_group(
          span_first: index, span_last: Int32(spans.count), key_first: before > 0 ? 0 : first, key_last: key))
    }
    // One way for all: how many rows a group has depends on the trees beside it and on what was read before.
    return AttentionLayout(spans: spans, groups: groups, queries: Int(row), keys: keys, few: 0)
  }

  /// The same where each row sees, of what it sees here, the last so many keys up to and with its own: a sliding window
  /// over its sequence. In a tree an answer's row counts its answer's rows before it, then the prompt's. What a row of a
  /// block sees after itself it sees as before.
  ///
  /// ```swift
  /// let layout = AttentionLayout.trees([.init(prompt: 3, answers: [2, 2])]).windowed(2)
  /// // rows: p p p a a b b. Row 5 (first of b) sees rows 2 and 5.
  /// ```
  ///
  /// Time is that of the keys in the windows.
  ///
  /// - Parameter window: at least 1; nil for none.
  public func windowed(_ window: Int?) -> AttentionLayout {
    guard let window else { return self }
    precondition(window > 0, "a window of \(window) rows")
    var layout = self
    // Where all keys lie in the window there is none.
    for i in spans.indices where spans[i].window == 0 && Int(spans[i].place(of: spans[i].last - 1)) >= window {
      layout.spans[i].window = Int32(window)
    }
    return layout
  }
}
