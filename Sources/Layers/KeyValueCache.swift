internal import Tensor

/// Keys and values of the tokens that a decoder has read, for several sequences side by side.
///
/// Each sequence owns a run of `capacity` rows in every layer, so that new tokens are written in place and nothing is
/// ever copied to make room. Sequences grow at their own pace; those that have ended simply get no new rows.
public struct KeyValueCache: Sendable {
  /// The cache of one attention layer.
  public struct Layer: Sendable {
    fileprivate(set) var keys: Tensor?
    fileprivate(set) var values: Tensor?

    /// Writes rows at these places, all places having room for [capacity · sequences] rows.
    mutating func store(keys k: Tensor, values v: Tensor, at places: [Int], rows: Int) {
      if keys == nil {
        keys = .zeros([rows] + k.shape.dropFirst())
        values = .zeros([rows] + v.shape.dropFirst())
      }
      keys?.write(rows: k, at: places)
      values?.write(rows: v, at: places)
    }
  }

  /// Which rows a pass adds, where they are kept and what they see.
  public struct Step: Sendable {
    /// The position of each new row in its sequence.
    public let positions: [TokenPosition]
    let places: [Int]
    let layout: AttentionLayout
    let rows: Int
  }

  /// One cache for each layer.
  public var layers: [Layer]
  /// Tokens read by each sequence.
  public private(set) var lengths: [Int]
  /// Where the next token of each sequence stands.
  private var nextPositions: [Int]
  /// The most tokens that a sequence can have.
  public let capacity: Int

  /// Empty caches.
  ///
  /// - Parameters:
  ///   - layers: of the decoder.
  ///   - sequences: side by side.
  ///   - capacity: the most tokens of one sequence, prompt included.
  public init(layers: Int, sequences: Int = 1, capacity: Int) {
    self.layers = Array(repeating: Layer(), count: layers)
    self.capacity = capacity
    lengths = Array(repeating: 0, count: sequences)
    nextPositions = lengths
  }

  /// Makes room for new rows at the end of some sequences, sequence after sequence.
  ///
  /// - Parameters:
  ///   - counts: the new rows of each sequence; 0 leaves it as it is.
  ///   - given: the positions of all new rows; nil lets each sequence go on as text.
  /// - Precondition: no sequence outgrows the capacity, and there are as many positions as new rows.
  public mutating func advance(by counts: [Int], positions given: [TokenPosition]? = nil) -> Step {
    precondition(counts.count == lengths.count, "\(counts.count) counts for \(lengths.count) sequences")
    precondition(
      given.map { $0.count == counts.reduce(0, +) } ?? true, "\(given?.count ?? 0) positions for \(counts) rows")
    var (positions, places) = ([TokenPosition](), [Int]())
    var runs: [(first: Int, kept: Int, new: Int)] = []
    for (sequence, count) in counts.enumerated() where count > 0 {
      let kept = lengths[sequence]
      precondition(kept + count <= capacity, "\(kept + count) tokens in a cache for \(capacity)")
      let next = nextPositions[sequence]
      let own =
        given.map { Array($0[positions.count..<(positions.count + count)]) }
        ?? TokenPosition.run(next..<(next + count))
      positions += own
      nextPositions[sequence] = max(next, own.next)
      places += (kept..<(kept + count)).map { sequence * capacity + $0 }
      runs.append((sequence * capacity, kept, count))
      lengths[sequence] += count
    }
    let rows = capacity * lengths.count
    return Step(positions: positions, places: places, layout: .continuing(runs, keys: rows), rows: rows)
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
