#if PostgreSQL
  internal import Annotations
  internal import Foundation
  internal import TeacherProtocol

  /// What this worker is about to ask, as the others see it.
  ///
  /// A claim stays until it expires though its question was answered: who looked for the reply a moment before it was kept finds the
  /// claim instead. Times are the server's, so that workers' clocks may differ.
  final class PostgreSQLClaims: Sendable {
    private struct State {
      var held: Set<String> = []
      var isRenewing = false
      var swept: ContinuousClock.Instant?
    }

    private let queue: ConnectionQueue<PostgreSQLSession>
    /// Seconds until a claim ends that nobody renews, and after which it is renewed.
    private let lease, renewal: Double
    /// Behind what tells it from all others, what people find it by.
    private let worker =
      "\(UUID().uuidString) process \(ProcessInfo.processInfo.processIdentifier) on \(ProcessInfo.processInfo.hostName)"
    private let state = Locked(State())

    init(_ queue: ConnectionQueue<PostgreSQLSession>, lease: Double, renewal: Double) {
      (self.queue, self.lease, self.renewal) = (queue, lease, renewal)
    }

    /// The reply is looked for in the view of the data base that this statement has, and a claim counts as expired by the time at
    /// which its transaction began, before that view: a reply that was kept before its claim expired is seen.
    private static let take = """
      WITH given AS (SELECT DISTINCT key FROM unnest($1::text[]) AS given (key)),
      answered AS (SELECT key FROM distill_reply WHERE key IN (SELECT key FROM given)),
      mine AS (INSERT INTO distill_claim AS claim (key, worker, expires)
        SELECT key, $2, now() + $3::double precision * interval '1 second' FROM given
        WHERE key NOT IN (SELECT key FROM answered) ORDER BY key COLLATE "C"
        ON CONFLICT (key) DO UPDATE SET worker = excluded.worker, expires = excluded.expires
        WHERE claim.expires < now() OR claim.worker = excluded.worker RETURNING key)
      SELECT key, 'mine' FROM mine UNION ALL SELECT key, 'answered' FROM answered
      """

    func claim(_ keys: [String]) async throws -> (mine: Set<String>, answered: Set<String>) {
      let given = Dictionary(keys.map { (withoutZeros($0), $0) }, uniquingKeysWith: { first, _ in first })
      let values = [textArray(given.keys), worker, "\(lease)"]
      let isSwept = state.withLock { state in
        let now = ContinuousClock.now
        guard state.swept.map({ now - $0 > .seconds(600) }) ?? true else { return true }
        state.swept = now
        return false
      }
      let rows = try await queue.perform { session in
        try session.perform { connection in
          if !isSwept { try connection.run("DELETE FROM distill_claim WHERE expires < now() - interval '1 hour'") }
          return try connection.rows(Self.take, values) { ($0.text(0) ?? "", $0.text(1)) }
        }
      }
      var (mine, answered) = (Set<String>(), Set<String>())
      for (key, kind) in rows {
        guard let key = given[key] else { continue }
        if kind == "mine" { mine.insert(key) } else { answered.insert(key) }
      }
      hold(mine)
      return (mine, answered)
    }

    /// Who has claimed a question; nil where nobody has, or a worker of an older version, which does not say who it is.
    func holder(of key: String) async throws -> ClaimHolder? {
      let rows = try await queue.perform { [key = withoutZeros(key)] session in
        try session.perform {
          try $0.rows("SELECT worker FROM distill_claim WHERE key = $1 AND expires >= now()", [key]) {
            $0.text(0) ?? ""
          }
        }
      }
      let words = rows.first?.split(separator: " ", maxSplits: 1) ?? []
      return words.count == 2 ? ClaimHolder(name: String(words[1])) : nil
    }

    /// Gives claims up; nil is all. What can't be given up expires.
    func release(_ keys: [String]?) async {
      let released = state.withLock { state in
        let released = keys.map { state.held.intersection($0) } ?? state.held
        state.held.subtract(released)
        return released
      }
      guard !released.isEmpty else { return }
      let values = [textArray(released.map(withoutZeros)), worker]
      _ = try? await queue.perform { session in
        try session.perform {
          try $0.run("DELETE FROM distill_claim WHERE key = ANY ($1::text[]) AND worker = $2", values)
        }
      }
    }

    /// Renews claims no more whose questions are answered.
    func forget(_ keys: [String]) { state.withLock { state in for key in keys { state.held.remove(key) } } }

    private func hold(_ keys: Set<String>) {
      let begins = state.withLock { state in
        state.held.formUnion(keys)
        guard !state.isRenewing, !state.held.isEmpty else { return false }
        state.isRenewing = true
        return true
      }
      guard begins else { return }
      Task { [weak self, renewal] in
        while true {
          try await Task.sleep(for: .seconds(renewal))
          guard try await self?.renew() == true else { return }
        }
      }
    }

    /// Puts off the end of what is held.
    ///
    /// - Returns: whether anything is.
    private func renew() async throws -> Bool {
      let held = state.withLock { state in
        state.isRenewing = !state.held.isEmpty
        return state.held
      }
      guard !held.isEmpty else { return false }
      let values = [textArray(held.map(withoutZeros)), worker, "\(lease)"]
      try? await queue.perform { session in
        try session.perform {
          try $0.run(
            """
            UPDATE distill_claim SET expires = now() + $3::double precision * interval '1 second'
            WHERE key = ANY ($1::text[]) AND worker = $2
            """, values)
        }
      }
      return true
    }
  }
#endif
