#if PostgreSQL
  package import Annotations
  internal import Foundation
  internal import TeacherProtocol

  /// People's decisions in a PostgreSQL data base: for reviewers on many machines at once.
  ///
  /// `try PostgreSQLDecisionLog("postgresql://anna@db.example.org/replies", log: "news")` opens one; a data base has any number
  /// of them, by name. A decision is a row, which nobody changes. What decides who gets an item is done under a lock of the log's,
  /// and by the server's clock.
  package final class PostgreSQLDecisionLog: DecisionLog {
    /// The store for messages: the address without its parameters.
    package let place: String
    private let log: String
    private let lease: Double
    private let queue: ConnectionQueue<Reading>

    /// A connection, and what was read so far.
    private final class Reading {
      let session: PostgreSQLSession
      var entries: [ReviewEntry] = []
      var last = 0

      init(_ session: PostgreSQLSession) { self.session = session }
    }

    /// Opens or makes a log.
    ///
    /// - Parameters:
    ///   - address: as of a store.
    ///   - log: the log's name; it may not contain a zero byte.
    ///   - patience: how long a server that was lost is waited for, in seconds. The default is 120.
    ///   - lease: seconds until a claim expires that nobody renews.
    /// - Throws: an error that says what to do.
    package init(
      _ address: String, log: String, patience: Double = 120, lease: Double = ReviewClaim.lease
    ) throws {
      let address = try PostgreSQLAddress(address)
      (place, self.log, self.lease) = (address.place, log, lease)
      let session = try PostgreSQLSession(address, isDurable: true, patience: patience)
      try session.perform { try PostgreSQLSchema.bringUpToDate($0, place: address.place) }
      queue = ConnectionQueue(Reading(session), label: "PostgreSQLStore decisions")
    }

    /// Numbers are given under the lock, so that a log's are in the order in which its rows become visible, and whoever has read up
    /// to one has read all before it.
    private static let lock = "SELECT pg_advisory_xact_lock(1919252073, hashtext($1))"

    private static let insert = """
      INSERT INTO distill_decision (id, log, item, reviewer, label, decision) \
      VALUES ($1, $2, $3, $4, $5, $6::json) ON CONFLICT (id) DO NOTHING
      """

    /// The first of the items that fewer than so many others have labelled or before them, as its place.
    private static let choice = """
      WITH latest AS (SELECT DISTINCT ON (item, reviewer) item, reviewer, label FROM distill_decision
        WHERE log = $1 AND reviewer <> $2 ORDER BY item, reviewer, number DESC),
      others AS (SELECT item, reviewer FROM latest WHERE label IS NOT NULL
        UNION SELECT item, reviewer FROM distill_review_claim
        WHERE log = $1 AND reviewer <> $2 AND expires > clock_timestamp()),
      taken AS (SELECT item FROM others GROUP BY item HAVING count(*) >= $4::bigint)
      SELECT place FROM unnest($3::text[]) WITH ORDINALITY AS given (item, place)
      WHERE item NOT IN (SELECT item FROM taken) ORDER BY place LIMIT 1
      """

    package func entries() async throws -> [ReviewEntry] { try await queue.perform { try self.standing($0) } }

    @discardableResult package func add(_ entry: ReviewEntry) async throws -> [ReviewEntry] {
      // The same row is sent again where the answer was lost.
      let id = UUID().uuidString
      return try await queue.perform { reading in
        try self.keep([(id, entry)], reading)
        return try self.standing(reading)
      }
    }

    /// Keeps decisions that were made elsewhere; those that it has been given before are there once.
    package func take(_ entries: [ReviewEntry]) async throws {
      guard !entries.isEmpty else { return }
      let rows = entries.map { ("\(log) \($0.digest)", $0) }
      try await queue.perform { try self.keep(rows, $0) }
    }

    package func claim(firstOf items: [String], for reviewer: String, opinions: Int) async throws -> String? {
      guard !items.isEmpty else { return nil }
      let person = withoutZeros(reviewer)
      let place = try await queue.perform { reading in
        try reading.session.perform { connection -> Int? in
          try connection.transaction {
            try connection.run(Self.lock, [self.log])
            let values = [self.log, person, textArray(items.map(withoutZeros)), "\(opinions)"]
            let found = try connection.rows(Self.choice, values) { $0.integer(0) }.first
            guard let place = found.flatMap(\.self) else { return nil }
            let item = withoutZeros(items[place - 1])
            try connection.run(
              """
              DELETE FROM distill_review_claim WHERE log = $1 AND \
              (item = $2 AND reviewer = $3 OR expires <= clock_timestamp())
              """, [self.log, item, person])
            try connection.run(
              """
              INSERT INTO distill_review_claim (log, item, reviewer, expires) \
              VALUES ($1, $2, $3, clock_timestamp() + $4::double precision * interval '1 second')
              """, [self.log, item, person, "\(self.lease)"])
            return place
          }
        }
      }
      return place.map { items[$0 - 1] }
    }

    package func release(_ item: String, by reviewer: String) async throws {
      let values = [log, withoutZeros(item), withoutZeros(reviewer)]
      try await queue.perform { reading in
        try reading.session.perform { try $0.run(Self.ending, values) }
      }
    }

    private static let ending = "DELETE FROM distill_review_claim WHERE log = $1 AND item = $2 AND reviewer = $3"

    package func claims() async throws -> [ReviewClaim] {
      let found = try await queue.perform { reading in
        try reading.session.perform { connection in
          try connection.rows(
            "SELECT item, reviewer FROM distill_review_claim WHERE log = $1 AND expires > clock_timestamp()", [self.log]
          ) { ReviewClaim(item: withZeros($0.text(0) ?? ""), reviewer: withZeros($0.text(1) ?? "")) }
        }
      }
      return found.sorted { ($0.item, $0.reviewer) < ($1.item, $1.reviewer) }
    }

    private func keep(_ rows: [(id: String, entry: ReviewEntry)], _ reading: Reading) throws {
      try reading.session.perform { connection in
        try connection.transaction {
          try connection.run(Self.lock, [log])
          for (id, entry) in rows {
            let (item, reviewer) = (withoutZeros(entry.item), withoutZeros(entry.reviewer))
            try connection.run(
              Self.insert, [id, log, item, reviewer, entry.label.map(withoutZeros), entry.line])
            try connection.run(Self.ending, [log, item, reviewer])
          }
        }
      }
    }

    /// Reads what is new.
    private func standing(_ reading: Reading) throws -> [ReviewEntry] {
      let fresh = try reading.session.perform { connection in
        try connection.rows(
          "SELECT number, decision FROM distill_decision WHERE log = $1 AND number > $2::bigint ORDER BY number",
          [log, "\(reading.last)"]
        ) { row in
          let number = row.integer(0) ?? 0
          guard let entry = ReviewEntry(line: Data((row.text(1) ?? "").utf8)) else {
            throw PostgreSQLError(
              message:
                "row \(number) of the table distill_decision: expected a person's decision in the column 'decision'",
              remedy: "Put back what stood there; rows of this table are never changed.")
          }
          return (number: number, entry: entry)
        }
      }
      reading.entries += fresh.map(\.entry)
      reading.last = fresh.last?.number ?? reading.last
      return reading.entries.standing
    }
  }
#endif
