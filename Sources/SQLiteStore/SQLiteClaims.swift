internal import Annotations
internal import Foundation
internal import TeacherProtocol

/// What this store is about to ask for, as other processes see it.
///
/// The table is made beside the others and is none of the steps of ``Schema``: versions without it go on with the file. A claim
/// goes with the transaction that keeps its reply, so that who looks sees either; that of a dead worker counts for nothing.
final class SQLiteClaims: Sendable {
  static let table = """
    CREATE TABLE IF NOT EXISTS "claim" ("key" TEXT NOT NULL PRIMARY KEY, "worker" INTEGER NOT NULL) WITHOUT ROWID
    """

  private struct State {
    /// Made with the first claim: who asks nothing needs no lock. Where there are no locks, nobody claims anything.
    var worker: StoreWorker??
    var held: Set<String> = []
  }

  private let store: URL
  private let state = Locked(State())

  init(of store: URL) { self.store = store }

  /// Claims what is neither answered nor another living worker's.
  func claim(
    _ keys: [String], _ connection: SQLiteConnection
  ) throws -> (mine: Set<String>, answered: Set<String>) {
    let worker = try state.withLock { state in
      let worker = try state.worker ?? StoreWorker(beside: store)
      state.worker = .some(worker)
      return worker
    }
    let keys = Set(keys).sorted()
    let found = try connection.transaction(.writing) {
      var (mine, answered) = (Set<String>(), Set<String>())
      var lives: [Int64: Bool] = [:]
      let reply = try connection.keptStatement("SELECT 1 AS found FROM annotation WHERE key = ?")
      let owner = try connection.keptStatement("SELECT worker FROM claim WHERE key = ?")
      let take = try connection.keptStatement("INSERT OR REPLACE INTO claim (key, worker) VALUES (?, ?)")
      for key in keys {
        if try !reply.rows([.text(key)], { try $0.integer("found") }).isEmpty {
          answered.insert(key)
          continue
        }
        guard let worker else {
          mine.insert(key)
          continue
        }
        let other = try owner.rows([.text(key)]) { try $0.required($0.integer("worker"), "worker") }.first
        if let other {
          let isAlive = lives[other] ?? worker.lives(other)
          lives[other] = isAlive
          if isAlive, other != worker.number { continue }
        }
        if other != worker.number { try take.run([.text(key), .integer(worker.number)]) }
        mine.insert(key)
      }
      return (mine, answered)
    }
    if worker != nil { state.withLock { $0.held.formUnion(found.0) } }
    return found
  }

  /// Who else has claimed a question.
  func holder(of key: String, _ connection: SQLiteConnection) throws -> ClaimHolder? {
    guard let worker = state.withLock({ $0.worker ?? nil }) else { return nil }
    let owner = try connection.keptStatement("SELECT worker FROM claim WHERE key = ?")
    let other = try owner.rows([.text(key)]) { try $0.required($0.integer("worker"), "worker") }.first
    return other.flatMap { worker.lives($0) ? worker.holder($0) : nil }
  }

  /// Ends claims within the transaction in which their replies are kept.
  func end(_ keys: [String], _ connection: SQLiteConnection) throws {
    let (worker, held) = state.withLock { ($0.worker ?? nil, $0.held.intersection(keys)) }
    guard let worker, !held.isEmpty else { return }
    let delete = try connection.keptStatement("DELETE FROM claim WHERE key = ? AND worker = ?")
    for key in held.sorted() { try delete.run([.text(key), .integer(worker.number)]) }
  }

  /// Notes that claims have ended.
  func forget(_ keys: [String]) { state.withLock { state in for key in keys { state.held.remove(key) } } }

  /// Gives claims up; nil is all.
  func release(_ keys: [String]?, _ connection: SQLiteConnection) throws {
    let all = state.withLock { keys ?? Array($0.held) }
    guard !all.isEmpty else { return }
    try connection.transaction(.writing) { try end(all, connection) }
    forget(all)
  }
}
