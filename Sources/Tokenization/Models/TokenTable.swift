/// A vocabulary: tokens as bytes with their ids, both ways.
///
/// Keys compare by bytes: Swift's `String` keys would take different normal forms of a text for one token. All tokens
/// lie in one array behind an open-addressing table, so that 150,000 of them cost two allocations and one pass.
struct TokenTable: Sendable {
  private var storage: [UInt8] = []
  /// Where token number n begins in the storage; one more entry marks the end.
  private var starts: [Int32] = [0]
  private var ids: [Int32] = []
  /// Token numbers by hash, -1 where free. The count is a power of two.
  private var slots: [Int32]
  /// Token numbers by id, -1 where the id is unused.
  private var numbers: [Int32] = []
  private let seed = hashSeed()

  init(capacity: Int = 16) {
    var size = 32
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    starts.reserveCapacity(capacity + 1)
    ids.reserveCapacity(capacity)
  }

  /// Number of different tokens.
  var count: Int { ids.count }

  /// Number of ids in use: more than tokens where a token stands in a list twice.
  private(set) var size = 0

  /// One more than the largest id.
  var idBound: Int { numbers.count }

  func id(of token: UnsafeBufferPointer<UInt8>) -> Int32? {
    let slot = find(token)
    return slots[slot] < 0 ? nil : ids[Int(slots[slot])]
  }

  func id(of token: [UInt8]) -> Int32? { token.withUnsafeBufferPointer { id(of: $0) } }

  /// The bytes of the token with an id.
  func bytes(of id: Int) -> [UInt8]? {
    guard id >= 0, id < numbers.count, numbers[id] >= 0 else { return nil }
    let number = Int(numbers[id])
    return Array(storage[Int(starts[number])..<Int(starts[number + 1])])
  }

  /// Gives a token an id; a token that is already here gets the new id.
  ///
  /// - Parameter keepsOldID: whether the old id goes on standing for the token. The default is false.
  mutating func insert(_ token: [UInt8], id: Int32, keepsOldID: Bool = false) {
    token.withUnsafeBufferPointer { buffer in
      let slot = find(buffer)
      let number: Int32
      if slots[slot] >= 0 {
        number = slots[slot]
        let old = Int(ids[Int(number)])
        if numbers[old] == number, !keepsOldID { numbers[old] = -1 }
        size += keepsOldID ? 1 : 0
        ids[Int(number)] = id
      } else {
        number = Int32(ids.count)
        slots[slot] = number
        size += 1
        ids.append(id)
        storage.append(contentsOf: buffer)
        starts.append(Int32(storage.count))
      }
      if Int(id) >= numbers.count {
        numbers.append(contentsOf: repeatElement(-1, count: Int(id) + 1 - numbers.count))
      }
      numbers[Int(id)] = number
    }
    if ids.count * 2 > slots.count { grow() }
  }

  /// The slot of a token, or the free one where it belongs.
  @inline(__always) private func find(_ token: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: byteHash(token, seed: seed)) & mask
    slots.withUnsafeBufferPointer { slots in
      storage.withUnsafeBufferPointer { storage in
        while slots[slot] >= 0 {
          let number = Int(slots[slot])
          let start = Int(starts[number])
          if Int(starts[number + 1]) - start == token.count {
            var i = 0
            while i < token.count, storage[start + i] == token[i] { i += 1 }
            if i == token.count { return }
          }
          slot = (slot + 1) & mask
        }
      }
    }
    return slot
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for number in 0..<ids.count {
      let token = Array(storage[Int(starts[number])..<Int(starts[number + 1])])
      let slot = token.withUnsafeBufferPointer { find($0) }
      slots[slot] = Int32(number)
    }
  }
}

/// Another number for every table: a vocabulary comes from outside, and one whose keys meet in one slot takes the square of its
/// size to read.
func hashSeed() -> UInt64 { .random(in: 0...UInt64.max) }

/// A hash of bytes: eight at a time, multiplied and folded.
@inline(__always) func byteHash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
  var hash = seed ^ UInt64(bytes.count)
  guard let base = bytes.baseAddress else { return hash }
  let raw = UnsafeRawPointer(base)
  var at = 0
  while at + 8 <= bytes.count {
    hash = fold(hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    at += 8
  }
  var tail: UInt64 = 0
  while at < bytes.count {
    tail = tail << 8 | UInt64(bytes[at])
    at += 1
  }
  return fold(hash ^ tail)
}

/// Multiplies by an odd constant and folds the high half of the product into the low half.
@inline(__always) func fold(_ x: UInt64) -> UInt64 {
  let product = x.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
  return product.high ^ product.low
}
