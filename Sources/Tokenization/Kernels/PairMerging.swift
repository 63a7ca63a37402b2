/// One symbol of a word while its pairs are merged.
struct MergeSymbol {
  /// The token id.
  var id: Int32
  /// Bytes of text that it covers.
  var length: Int32
}

/// Merges adjacent symbols by rank until no pair has a merge: the lowest rank first, the leftmost of equal ranks first.
///
/// - Returns: how many symbols are left at the start of the buffer.
/// - Complexity: O(n²) with tiny constants up to 64 symbols, which is nearly every word; O(n log n) beyond.
func mergePairs(_ symbols: UnsafeMutableBufferPointer<MergeSymbol>, _ merges: MergeTable.View) -> Int {
  if symbols.count < 2 { return symbols.count }
  return symbols.count <= 64 ? mergeByScanning(symbols, merges) : mergeByHeap(symbols, merges)
}

/// The naive twin: looks at every pair for the best one each time, and closes the gap.
func mergeByScanning(_ symbols: UnsafeMutableBufferPointer<MergeSymbol>, _ merges: MergeTable.View) -> Int {
  var count = symbols.count
  return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { ranks in
    for i in 0..<count - 1 { ranks[i] = merges.merge(symbols[i].id, symbols[i + 1].id) }
    while count > 1 {
      var best = 0
      var bestRank = ranks[0]
      // Ranks alone: of pairs with equal ones the leftmost is next, whatever it becomes.
      for i in 1..<max(1, count - 1) where ranks[i] >> 32 < bestRank >> 32 {
        bestRank = ranks[i]
        best = i
      }
      if bestRank == MergeTable.none { break }
      symbols[best].id = Int32(truncatingIfNeeded: bestRank)
      symbols[best].length += symbols[best + 1].length
      count -= 1
      for i in best + 1..<max(best + 1, count) {
        symbols[i] = symbols[i + 1]
        ranks[i - 1] = ranks[i]
      }
      if best > 0 { ranks[best - 1] = merges.merge(symbols[best - 1].id, symbols[best].id) }
      if best + 1 < count { ranks[best] = merges.merge(symbols[best].id, symbols[best + 1].id) }
    }
    return count
  }
}

/// Keeps the candidates in a heap and the symbols in a linked list.
func mergeByHeap(_ symbols: UnsafeMutableBufferPointer<MergeSymbol>, _ merges: MergeTable.View) -> Int {
  let count = symbols.count
  return withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { links in
    // links[i]: the symbol before i; links[count + i]: the one after it. -1 and `count` are the ends.
    var heap = MergeHeap(capacity: count)
    for i in 0..<count {
      links[i] = Int32(i - 1)
      links[count + i] = Int32(i + 1)
    }
    for i in 0..<count - 1 {
      heap.append(merges.merge(symbols[i].id, symbols[i + 1].id), at: i)
    }
    heap.order()
    while let (rank, position) = heap.popFirst() {
      let next = Int(links[count + position])
      // A candidate whose symbols have changed since is stale: its merge isn't what the pair there makes now.
      guard symbols[position].length > 0, next < count else { continue }
      let now = merges.merge(symbols[position].id, symbols[next].id)
      guard now != MergeTable.none, UInt32(truncatingIfNeeded: now) == UInt32(truncatingIfNeeded: rank) else {
        continue
      }
      symbols[position].id = Int32(truncatingIfNeeded: rank)
      symbols[position].length += symbols[next].length
      symbols[next].length = 0
      let after = Int(links[count + next])
      links[count + position] = Int32(after)
      if after < count {
        links[after] = Int32(position)
        heap.push(merges.merge(symbols[position].id, symbols[after].id), at: position)
      }
      let before = Int(links[position])
      if before >= 0 { heap.push(merges.merge(symbols[before].id, symbols[position].id), at: before) }
    }
    var left = 0
    for i in 0..<count where symbols[i].length > 0 {
      symbols[left] = symbols[i]
      left += 1
    }
    return left
  }
}

/// A binary heap of candidates, least (rank, position) first.
private struct MergeHeap {
  private struct Entry {
    /// Rank in the high half, position in the low half.
    var order: UInt64
    var merge: UInt64
  }
  private var entries: [Entry] = []

  init(capacity: Int) { entries.reserveCapacity(capacity) }

  /// Adds without ordering; to be followed by ``order()``.
  mutating func append(_ merge: UInt64, at position: Int) {
    guard merge != MergeTable.none else { return }
    entries.append(Entry(order: merge & ~0xFFFF_FFFF | UInt64(position), merge: merge))
  }

  mutating func order() {
    for i in stride(from: entries.count / 2 - 1, through: 0, by: -1) { sink(i) }
  }

  mutating func push(_ merge: UInt64, at position: Int) {
    guard merge != MergeTable.none else { return }
    append(merge, at: position)
    var i = entries.count - 1
    while i > 0, entries[i].order < entries[(i - 1) / 2].order {
      entries.swapAt(i, (i - 1) / 2)
      i = (i - 1) / 2
    }
  }

  mutating func popFirst() -> (merge: UInt64, position: Int)? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink(0)
    }
    return (first.merge, Int(first.order & 0xFFFF_FFFF))
  }

  private mutating func sink(_ start: Int) {
    var i = start
    while true {
      var least = 2 * i + 1
      guard least < entries.count else { return }
      if least + 1 < entries.count, entries[least + 1].order < entries[least].order { least += 1 }
      guard entries[least].order < entries[i].order else { return }
      entries.swapAt(i, least)
      i = least
    }
  }
}
