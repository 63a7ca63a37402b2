/// Processes that carry out the same work side by side, each with a part of its arithmetic: the ranks of an MPI program.
///
/// Each of them takes all decisions itself, from the same files, so that all meet at the same exchanges in the same order.
/// What is computed in parts is put together in the order of the parts, whoever computed which: results are those of one
/// process, bit by bit.
package protocol Ranks: Sendable {
  /// This process, from 0. Rank 0 alone asks, writes and prints.
  var own: Int { get }
  /// How many there are.
  var count: Int { get }
  /// Sends each rank its bytes, and returns what each has for this one; the own bytes come back as they are.
  ///
  /// - Parameters:
  ///   - name: what the exchange is about; that of all ranks must be the same.
  ///   - bytes: one message a rank.
  func exchange(_ bytes: [[UInt8]], _ name: String) throws -> [[UInt8]]
}

/// A single process: nothing is sent.
package struct OneRank: Ranks {
  package var own: Int { 0 }
  package var count: Int { 1 }

  package init() {}

  package func exchange(_ bytes: [[UInt8]], _ name: String) throws -> [[UInt8]] { bytes }
}

/// Faults between ranks.
package enum RanksError: Error, Equatable, CustomStringConvertible {
  /// Another rank can't go on, and why.
  case failed(rank: Int, String)
  /// Another rank is at another exchange.
  case outOfStep(rank: Int, name: String, other: String)
  /// What a rank has is not what rank 0 has.
  case differ([String])
  /// MPI gave up.
  case broken(String)

  /// The fault and the remedy.
  package var description: String {
    switch self {
    case .failed(let rank, let reason): "rank \(rank): \(reason)"
    case .outOfStep(let rank, let name, let other):
      "rank \(rank) is at '\(other)' where this one is at '\(name)'; give all ranks the same files, and start again"
    case .differ(let differences): "the ranks have not got the same to work on: " + differences.joined(separator: "; ")
    case .broken(let reason): "MPI: \(reason); start again, the run goes on from its last checkpoint"
    }
  }
}

extension Ranks {
  /// Whether this process asks, writes and prints.
  package var isFirst: Bool { own == 0 }

  /// Whether a part of something is this rank's to compute.
  package func owns(_ part: Int) -> Bool { part % count == own }

  /// What every rank has, in the order of the ranks.
  package func gathered(_ bytes: [UInt8], _ name: String) throws -> [[UInt8]] {
    try exchange(Array(repeating: bytes, count: count), name)
  }

  /// What rank 0 has; the others' is not looked at.
  package func ofFirst(_ bytes: () throws -> [UInt8], _ name: String) throws -> [UInt8] {
    guard count > 1 else { return try bytes() }
    return try gathered(isFirst ? bytes() : [], name)[0]
  }

  /// What rank 0 decides.
  package func ofFirst(_ text: () throws -> String, _ name: String) throws -> String {
    String(decoding: try ofFirst({ Array(try text().utf8) }, name), as: UTF8.self)
  }

  /// Stops where a rank has something else than rank 0.
  ///
  /// - Parameter facts: what is compared, with its name.
  /// - Throws: ``RanksError/differ(_:)`` with each difference.
  package func agree(_ facts: [(name: String, value: String)], _ name: String) throws {
    guard count > 1 else { return }
    let all = try gathered(facts.map { Array($0.value.utf8) }.packed, name).map { [[UInt8]](packed: $0) }
    let differences = all.indices.flatMap { rank in
      zip(facts.map(\.name), zip(all[0], all[rank])).compactMap { name, values in
        values.0 == values.1
          ? nil
          : "\(name) of rank \(rank): \(String(decoding: values.1, as: UTF8.self)); of rank 0: "
            + String(decoding: values.0, as: UTF8.self)
      }
    }
    guard differences.isEmpty else { throw RanksError.differ(differences) }
  }

  /// Results of parts that are dealt out, in the order of the parts.
  ///
  /// - Parameters:
  ///   - count: of the parts.
  ///   - own: computes this rank's, given by their numbers in ascending order, each as bytes.
  package func dealt(
    _ count: Int, _ name: String, own: ([Int]) throws -> [[UInt8]]
  ) throws -> [[UInt8]] {
    let mine = (0..<count).filter(owns)
    let computed = try own(mine)
    precondition(computed.count == mine.count, "\(computed.count) results of \(mine.count) parts")
    guard self.count > 1 else { return computed }
    let all = try gathered(computed.packed, name).map { [[UInt8]](packed: $0) }
    var next = [Int](repeating: 0, count: self.count)
    return (0..<count).map { part in
      let rank = part % self.count
      defer { next[rank] += 1 }
      return all[rank][next[rank]]
    }
  }
}

extension [[UInt8]] {
  /// Messages one after the other, each with its length before it.
  package var packed: [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(reduce(0) { $0 + $1.count + 8 })
    for message in self {
      Swift.withUnsafeBytes(of: UInt64(message.count).littleEndian) { all.append(contentsOf: $0) }
      all.append(contentsOf: message)
    }
    return all
  }

  /// The messages of ``packed``.
  package init(packed bytes: [UInt8]) {
    self = []
    var at = 0
    while at + 8 <= bytes.count {
      let count = bytes[at..<at + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
      append(Array<UInt8>(bytes[at + 8..<at + 8 + count]))
      at += 8 + count
    }
  }
}

extension [UInt8] {
  /// The bytes of elements that are nothing but their bits.
  package init<Number: BitwiseCopyable>(bitsOf elements: [Number]) {
    self = elements.withUnsafeBytes { [UInt8]($0) }
  }

  /// The elements of which these are the bytes.
  package func elements<Number: BitwiseCopyable>(of type: Number.Type = Number.self) -> [Number] {
    let size = MemoryLayout<Number>.stride
    return [Number](unsafeUninitializedCapacity: count / size) { out, made in
      made = count / size
      withUnsafeBytes { UnsafeMutableRawBufferPointer(out).copyMemory(from: .init(rebasing: $0[0..<made * size])) }
    }
  }
}

extension Ranks {
  /// Results of which each was computed by one rank, put together.
  ///
  /// - Parameter own: this rank's results as bytes; nil for what others have.
  package func merged(_ own: [[UInt8]?], _ name: String) throws -> [[UInt8]] {
    let mine = own.indices.filter { own[$0] != nil }
    let message = [[UInt8](bitsOf: mine.map(Int64.init))] + mine.map { own[$0] ?? [] }
    var all = [[UInt8]](repeating: [], count: own.count)
    for bytes in try gathered(message.packed, name) {
      let parts = [[UInt8]](packed: bytes)
      for (place, part) in zip(parts[0].elements(of: Int64.self), parts.dropFirst()) { all[Int(place)] = part }
    }
    return all
  }
}
