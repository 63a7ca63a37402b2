/// The merges of a BPE vocabulary: pair of ids -> rank and id of the merged token.
///
/// Open addressing over one array of (key, value) words, at most half full, so that a look-up is mostly one cache line.
struct MergeTable: Sendable {
  /// Key and value words in turn; a free slot has the key `.max`, which no pair has because ids are below 2^31.
  private var words: [UInt64]
  private var mask: Int
  private let seed = hashSeed()
  /// Number of different pairs.
  private(set) var count = 0

  /// What stands for "no merge": greater than every rank.
  static let none = UInt64.max

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    words = [UInt64](repeating: .max, count: size * 2)
    mask = size - 1
  }

  /// Sets the merge of a pair; a later entry for the same pair replaces the earlier one. At most `capacity` pairs.
  mutating func insert(_ left: Int32, _ right: Int32, rank: Int, id: Int32) {
    let key = Self.key(left, right)
    var slot = Self.slot(key, seed, mask)
    while words[2 * slot] != .max, words[2 * slot] != key { slot = (slot + 1) & mask }
    if words[2 * slot] == .max { count += 1 }
    words[2 * slot] = key
    words[2 * slot + 1] = UInt64(rank) << 32 | UInt64(UInt32(id))
  }

  /// Gives the table for many look-ups in a row.
  @inline(__always) func withView<R>(_ body: (View) throws -> R) rethrows -> R {
    try words.withUnsafeBufferPointer { try body(View(words: $0.baseAddress!, mask: mask, seed: seed)) }
  }

  /// The table without bounds checks.
  struct View {
    fileprivate let words: UnsafePointer<UInt64>
    fileprivate let mask: Int
    fileprivate let seed: UInt64

    /// Rank in the high and id in the low half of a word; ``MergeTable/none`` if the pair has no merge.
    @inline(__always) func merge(_ left: Int32, _ right: Int32) -> UInt64 {
      let key = MergeTable.key(left, right)
      var slot = MergeTable.slot(key, seed, mask)
      while true {
        let found = words[2 * slot]
        if found == key { return words[2 * slot + 1] }
        if found == .max { return MergeTable.none }
        slot = (slot + 1) & mask
      }
    }
  }

  @inline(__always) fileprivate static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always) fileprivate static func slot(_ key: UInt64, _ seed: UInt64, _ mask: Int) -> Int {
    Int(truncatingIfNeeded: fold(key ^ seed)) & mask
  }
}
