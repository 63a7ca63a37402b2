#if PostgreSQL
  internal import Annotations

  /// The tables, as the steps that lead to them. A step that has been released is never edited; another is added.
  enum PostgreSQLSchema {
    /// The steps: the version of a store is how many of them it has.
    ///
    /// A reply is kept as its line of JSON: it comes back byte by byte, which `jsonb` does not promise, and SQL reads it
    /// (`reply->>'label'`). Its key and its item stand beside it to be found by; items may be longer than an ordered index takes.
    static let steps: [(name: String, sql: String)] = [
      (
        "replies",
        """
        CREATE SEQUENCE distill_reply_number;
        CREATE TABLE distill_reply (number bigint PRIMARY KEY, key text COLLATE "C" NOT NULL UNIQUE, \
        item text COLLATE "C" NOT NULL, teacher text NOT NULL, reply json NOT NULL);
        CREATE INDEX distill_reply_item ON distill_reply USING hash (item);
        """
      ),
      (
        "claims and spending",
        """
        CREATE TABLE distill_claim (key text COLLATE "C" PRIMARY KEY, worker text NOT NULL, expires timestamptz NOT NULL);
        CREATE INDEX distill_claim_worker ON distill_claim (worker);
        CREATE TABLE distill_spending (teacher text COLLATE "C" PRIMARY KEY, requests bigint NOT NULL DEFAULT 0, \
        input_tokens bigint NOT NULL DEFAULT 0, output_tokens bigint NOT NULL DEFAULT 0, \
        cost double precision NOT NULL DEFAULT 0);
        CREATE TABLE distill_sent (key text COLLATE "C" PRIMARY KEY, teacher text NOT NULL, requests bigint NOT NULL, \
        input_tokens bigint NOT NULL, output_tokens bigint NOT NULL, cost double precision NOT NULL);
        """
      ),
      (
        "people's decisions",
        """
        CREATE TABLE distill_decision (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, \
        log text COLLATE "C" NOT NULL, item text COLLATE "C" NOT NULL, reviewer text COLLATE "C" NOT NULL, label text, \
        decision json NOT NULL);
        CREATE INDEX distill_decision_log ON distill_decision (log, number);
        CREATE TABLE distill_review_claim (log text COLLATE "C" NOT NULL, item text COLLATE "C" NOT NULL, \
        reviewer text COLLATE "C" NOT NULL, expires timestamptz NOT NULL);
        CREATE INDEX distill_review_claim_log ON distill_review_claim (log);
        """
      ),
    ]

    /// The lock under which steps are taken: the first bytes of "distill" as a number.
    private static let lock = 0x6469_7374_696c

    /// Takes the steps that are missing, all or, where one fails, none.
    ///
    /// - Parameter known: how many of the steps this version knows.
    /// - Throws: `AnnotationsError.newerStore` where a newer version of this package has written the store.
    static func bringUpToDate(_ connection: PostgreSQLConnection, place: String, known: Int = steps.count) throws {
      guard try version(connection, place) != known else { return }
      try connection.transaction {
        try connection.run("SELECT pg_advisory_xact_lock(\(lock))")
        // Another process may have taken them meanwhile.
        let taken = try version(connection, place)
        guard taken < known else { return }
        if taken == 0 {
          try connection.execute(
            "CREATE TABLE IF NOT EXISTS distill_version (version integer NOT NULL); INSERT INTO distill_version VALUES (0)"
          )
        }
        for step in steps[taken..<known] { try connection.execute(step.sql) }
        try connection.execute("UPDATE distill_version SET version = \(known)")
      }
    }

    /// How many steps the store has; 0 where there is none.
    ///
    /// - Throws: `AnnotationsError.newerStore`.
    static func version(_ connection: PostgreSQLConnection, _ place: String) throws -> Int {
      // Read from the catalogue's table: what `to_regclass` knows is as old as the transaction.
      let found = try connection.rows(
        "SELECT 1 FROM pg_tables WHERE tablename = 'distill_version' AND schemaname = ANY (current_schemas(false))"
      ) { _ in true }
      guard !found.isEmpty else { return 0 }
      let version = try connection.rows("SELECT max(version) FROM distill_version") { $0.integer(0) ?? 0 }.first ?? 0
      guard version <= steps.count else {
        throw AnnotationsError.newerStore(
          file: place, known: "\(steps.count): \(steps.last?.name ?? "")", found: "\(version)")
      }
      return version
    }
  }
#endif
