import Foundation
import Layers

/// Ranks that are threads of this process, for tests without MPI.
struct ThreadRanks: Ranks {
  let own: Int
  var count: Int { mailbox.count }
  private let mailbox: Mailbox
  private let rounds = Rounds()

  /// What each of so many ranks comes to, in their order.
  static func results<Result>(
    _ count: Int, _ body: @escaping @Sendable (any Ranks) throws -> Result
  ) throws -> [Result] {
    let mailbox = Mailbox(count: count)
    let results = Results<Result>(count: count)
    for own in 0..<count {
      let thread = Thread {
        let result = Swift.Result { try body(ThreadRanks(own: own, mailbox: mailbox)) }
        if case .failure(let error) = result { mailbox.fail("\(error)", of: own) }
        results.put(result, of: own)
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    return try results.all().map { try $0.get() }
  }

  /// The bytes that all ranks have sent to others so far.
  var sent: Int { mailbox.sent }

  func exchange(_ bytes: [[UInt8]], _ name: String) throws -> [[UInt8]] {
    try mailbox.exchange(bytes, name, of: own, round: rounds.next())
  }

  private final class Rounds: @unchecked Sendable {
    private var made = 0
    // Of one thread.
    func next() -> Int {
      defer { made += 1 }
      return made
    }
  }

  private final class Results<Result>: @unchecked Sendable {
    private let condition = NSCondition()
    private var found: [Swift.Result<Result, any Error>?]

    init(count: Int) { found = Array(repeating: nil, count: count) }

    func put(_ result: Swift.Result<Result, any Error>, of rank: Int) {
      condition.withLock {
        found[rank] = result
        condition.broadcast()
      }
    }

    func all() -> [Swift.Result<Result, any Error>] {
      condition.withLock {
        while found.contains(where: { $0 == nil }) { condition.wait() }
        return found.compactMap { $0 }
      }
    }
  }

  private final class Mailbox: @unchecked Sendable {
    let count: Int
    private let condition = NSCondition()
    /// What each rank has put into each round.
    private var rounds: [Int: [Int: (name: String, bytes: [[UInt8]])]] = [:]
    private var failure: RanksError?
    private var bytesSent = 0

    init(count: Int) { self.count = count }

    var sent: Int { condition.withLock { bytesSent } }

    func fail(_ reason: String, of rank: Int) {
      condition.withLock {
        failure = failure ?? .failed(rank: rank, reason)
        condition.broadcast()
      }
    }

    func exchange(_ bytes: [[UInt8]], _ name: String, of own: Int, round: Int) throws -> [[UInt8]] {
      try condition.withLock {
        rounds[round, default: [:]][own] = (name, bytes)
        bytesSent += bytes.indices.reduce(0) { $0 + ($1 == own ? 0 : bytes[$1].count) }
        condition.broadcast()
        while rounds[round]?.count != count {
          if let failure { throw failure }
          condition.wait()
        }
        return try (0..<count).map { rank in
          guard let there = rounds[round]?[rank] else { throw RanksError.broken("nothing came of rank \(rank)") }
          guard there.name == name else { throw RanksError.outOfStep(rank: rank, name: name, other: there.name) }
          return there.bytes[own]
        }
      }
    }
  }
}
