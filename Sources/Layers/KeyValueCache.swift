internal import Tensor

/// Keys and values of the tokens that a decoder has read, for several sequences side by side.
///
/// Each sequence owns a run of `capacity` rows in every layer, so that new tokens are written in place and nothing is
/// ever copied to make room. Sequences grow at their own pace; those that have ended simply get no new rows. Sequences that
/// begin with the same tokens may share the rows of those, which then stand before all runs.
package struct KeyValueCache: Sendable {
  /// The cache of one attention layer.
  package struct Layer: Sendable {
    fileprivate(set) var keys: Tensor?
    fileprivate(set) var values: Tensor?

    /// Keys and values where any were read.
    var both: (keys: Tensor, values: Tensor)? { keys.flatMap { keys in values.map { (keys, $0) } } }

    /// Keys and values of what was read, and these after them.
    func followed(by k: Tensor, _ v: Tensor) -> (keys: Tensor, values: Tensor) {
      guard let keys, let values else { return (k, v) }
      return (.concatenated([keys, k]), .concatenated([values, v]))
    }

    /// Room for [rows] rows, those of another cache being the first of them.
    fileprivate func enlarged(to rows: Int) -> Layer {
      func enlarged(_ x: Tensor?) -> Tensor? {
        x.map { x in .concatenated([x, .zeros([rows - x.shape[0]] + x.shape.dropFirst())]) }
      }
      return Layer(keys: enlarged(keys), values: enlarged(values))
    }

    /// The first rows alone.
    fileprivate func first(_ rows: Int) -> Layer {
      Layer(keys: keys.map { $0.rows(0..<rows) }, values: values.map { $0.rows(0..<rows) })
    }

    /// Writes rows at these places, all places having room for [rows] rows.
    mutating func store(keys k: Tensor, values v: Tensor, at places: [Int], rows: Int) {
      makeRoom([rows] + k.shape.dropFirst())
      keys?.write(rows: k, at: places)
      values?.write(rows: v, at: places)
    }

    private mutating func makeRoom(_ shape: [Int]) {
      guard keys == nil else { return }
      (keys, values) = (.zeros(shape), .zeros(shape))
    }

    /// The memory of keys and values, which is nobody else's: that of [rows, heads, dimensions] where nothing was stored before.
    mutating func memory(_ shape: [Int]) -> (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>)? {
      makeRoom(shape)
      guard let keys = keys?.mutateScalars({ $0.baseAddress }), let values = values?.mutateScalars({ $0.baseAddress })
      else { return nil }
      return (keys, values)
    }
  }

  /// Which rows a pass adds, where they are kept and what they see.
  package struct Step: Sendable {
    /// The position of each new row in its sequence.
    package let positions: [TokenPosition]
    let places: [Int]
    private(set) var layout: AttentionLayout
    let rows: Int

    /// The same rows for a layer with this window, as ``AttentionLayout/windowed(_:)`` has it.
    package func windowed(_ window: Int?) -> Step {
      var step = self
      step.layout = layout.windowed(window)
      return step
    }
  }

  /// One cache for each layer.
  package var layers: [Layer]
  /// Tokens read by each sequence.
  package private(set) var lengths: [Int]
  /// Where the next token of each sequence stands.
  private var nextPositions: [Int]
  /// The most tokens that a sequence can have.
  package let capacity: Int
  /// The tokens with which all sequences begin and whose rows they share.
  package let shared: Int

  /// Empty caches.
  ///
  /// - Parameters:
  ///   - layers: of the decoder.
  ///   - sequences: side by side.
  ///   - capacity: the most tokens of one sequence, prompt included.
  package init(layers: Int, sequences: Int = 1, capacity: Int) {
    self.layers = Array(repeating: Layer(), count: layers)
    self.capacity = capacity
    shared = 0
    lengths = Array(repeating: 0, count: sequences)
    nextPositions = lengths
  }

  /// Sequences that go on from what one sequence has read; its rows are kept once.
  ///
  /// - Parameters:
  ///   - beginning: a cache of one sequence, filled to its capacity.
  ///   - sequences: side by side.
  ///   - capacity: the most tokens of one sequence, the beginning included.
  /// - Precondition: the beginning is full and not longer than `capacity`.
  package init(after beginning: KeyValueCache, sequences: Int, capacity: Int) {
    precondition(
      beginning.lengths == [beginning.capacity] && beginning.capacity <= capacity,
      "\(beginning.lengths) tokens in a cache for \(beginning.capacity) as the beginning of sequences of \(capacity)")
    let rows = beginning.capacity + sequences * (capacity - beginning.capacity)
    layers = beginning.layers.map { $0.enlarged(to: rows) }
    self.capacity = capacity
    shared = beginning.capacity
    lengths = Array(repeating: shared, count: sequences)
    nextPositions = Array(repeating: beginning.nextPositions[0], count: sequences)
  }

  /// One sequence that begins as another one does, whose rows are copied.
  ///
  /// - Parameters:
  ///   - other: a cache of one sequence.
  ///   - positions: of the tokens that both have in common.
  ///   - capacity: the most tokens of the new sequence.
  /// - Precondition: the other has read as many tokens, and there is room for them.
  package init(beginningAs other: KeyValueCache, positions: [TokenPosition], capacity: Int) {
    precondition(
      other.lengths.count == 1 && other.lengths[0] >= positions.count && capacity >= positions.count,
      "\(positions.count) of \(other.lengths) tokens in a cache for \(capacity)")
    layers = other.layers.map { $0.first(positions.count).enlarged(to: capacity) }
    self.capacity = capacity
    shared = 0
    lengths = [positions.count]
    nextPositions = [positions.next]
  }

  /// Bytes of all keys and values, room for those to come included.
  package var bytes: Int {
    layers.reduce(0) { $0 + (($1.keys?.count ?? 0) + ($1.values?.count ?? 0)) * MemoryLayout<Float>.stride }
  }

  /// Makes room for new rows at the end of some sequences, sequence after sequence.
  ///
  /// - Parameters:
  ///   - counts: the new rows of each sequence; 0 leaves it as it is.
  ///   - given: the positions of all new rows, which are read; nil lets each sequence go on as text that is written.
  ///   - blocks: of each sequence, runs of its new rows that see each other both ways; empty where none has any.
  /// - Precondition: no sequence outgrows the capacity, and there are as many positions as new rows.
  package mutating func advance(
    by counts: [Int], positions given: [TokenPosition]? = nil, blocks: [[Range<Int>]] = []
  ) -> Step {
    precondition(counts.count == lengths.count, "\(counts.count) counts for \(lengths.count) sequences")
    precondition(
      given.map { $0.count == counts.reduce(0, +) } ?? true, "\(given?.count ?? 0) positions for \(counts) rows")
    var (positions, places) = ([TokenPosition](), [Int]())
    var runs: [AttentionLayout.Run] = []
    let each = capacity - shared
    for (sequence, count) in counts.enumerated() where count > 0 {
      let (first, kept) = (shared + sequence * each, lengths[sequence] - shared)
      precondition(kept + count <= each, "\(shared + kept + count) tokens in a cache for \(capacity)")
      let next = nextPositions[sequence]
      let own =
        given.map { Array($0[positions.count..<(positions.count + count)]) }
        ?? TokenPosition.run(next..<(next + count))
      positions += own
      nextPositions[sequence] = max(next, own.next)
      places += (kept..<(kept + count)).map { first + $0 }
      runs.append(
        AttentionLayout.Run(
          first: first, kept: kept, new: count, blocks: blocks.isEmpty ? [] : blocks[sequence]))
      lengths[sequence] += count
    }
    let rows = shared + each * lengths.count
    let layout = AttentionLayout.continuing(runs, after: shared, keys: rows, isReading: given != nil)
    return Step(positions: positions, places: places, layout: layout, rows: rows)
  }

  /// Makes room for trees, each at the beginning of a sequence of its own: their prompts stay, and what is read or written
  /// next takes the place of their answers.
  ///
  /// - Parameters:
  ///   - trees: of the first sequences, without what all share.
  ///   - positions: of all rows, tree by tree, the prompt's before those of the answers.
  /// - Precondition: the sequences have read nothing but what they share, and each has room for its tree.
  package mutating func advance(reading trees: [AttentionLayout.Tree], positions: [TokenPosition]) -> Step {
    let each = capacity - shared
    var places: [Int] = []
    let firsts = trees.indices.map { shared + $0 * each }
    for (sequence, tree) in trees.enumerated() {
      let own = tree.prompt + tree.answers.reduce(0, +)
      precondition(
        lengths[sequence] == shared && own <= each, "a tree of \(own) rows in a cache for \(each), \(lengths) read")
      let read = positions[places.count..<(places.count + tree.prompt)]
      nextPositions[sequence] = max(nextPositions[sequence], Array(read).next)
      lengths[sequence] += tree.prompt
      places += firsts[sequence]..<(firsts[sequence] + own)
    }
    precondition(places.count == positions.count, "\(positions.count) positions for \(places.count) rows")
    let rows = shared + each * lengths.count
    let layout = AttentionLayout.reading(trees, firsts: firsts, after: shared, keys: rows)
    return Step(positions: positions, places: places, layout: layout, rows: rows)
  }
}

extension Tensor {
  fileprivate mutating func write(rows: Tensor, at places: [Int]) {
    let width = shape.dropFirst().reduce(1, *)
    mutateScalars { target in
      rows.withScalars { source in
        guard let to = target.baseAddress, let from = source.baseAddress else { return }
        for (i, place) in places.enumerated() { (to + place * width).update(from: from + i * width, count: width) }
      }
    }
  }
}
