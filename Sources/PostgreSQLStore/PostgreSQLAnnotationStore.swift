#if PostgreSQL
  public import Annotations
  internal import Foundation

  /// A store of replies in a PostgreSQL data base: for workers on many machines at once.
  ///
  /// `try PostgreSQLAnnotationStore("postgresql://anna@db.example.org/replies")` opens one.
  ///
  /// The password comes from `PGPASSWORD` or `~/.pgpass`; libpq's other variables and parameters count too. Tables are made, or brought
  /// up to date, when a store is opened; a newer one is refused. A server that is lost is waited for, and what was sent to it is
  /// sent again: what ``append(_:)`` has returned from is there once.
  ///
  /// A server that only reads, as a replica does, is a store that ``isReadOnly``.
  public final class PostgreSQLAnnotationStore: AnnotationStore {
    /// Whether nothing can be kept: the server only reads, or this user may.
    public let isReadOnly: Bool
    /// The store for messages: the address without its parameters.
    private let place: String
    private let writer: ConnectionQueue<PostgreSQLSession>
    private let reader: ConnectionQueue<PostgreSQLSession>
    private let claims: PostgreSQLClaims

    /// Opens or makes a store.
    ///
    /// - Parameters:
    ///   - address: `postgresql://user@host:port/name?parameter=value`, without a password.
    ///   - isDurable: whether every append waits until the server's disk has it, whatever the server's default is. The default is
    ///     false: as the server is set, which by default waits too.
    ///   - patience: how long a server that was lost is waited for, in seconds. The default is 120.
    /// - Throws: an error that says what to do.
    public convenience init(_ address: String, isDurable: Bool = false, patience: Double = 120) throws {
      try self.init(address, isDurable: isDurable, patience: patience, lease: 60, renewal: 15)
    }

    /// A store whose claims end so many seconds after they were last renewed, as they are every so many.
    package init(
      _ address: String, isDurable: Bool = false, patience: Double = 120, lease: Double, renewal: Double
    ) throws {
      let address = try PostgreSQLAddress(address)
      place = address.place
      func session() throws -> PostgreSQLSession {
        try PostgreSQLSession(address, isDurable: isDurable, patience: patience)
      }
      let writing = try session()
      isReadOnly = try writing.perform { [place] connection in
        let isReading = try connection.rows(
          "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean"
        ) { $0.text(0) == "t" }
        if isReading == [true] {
          guard try PostgreSQLSchema.version(connection, place) > 0 else {
            throw PostgreSQLError(
              message: "there is no store, and the server only reads", remedy: "Name the one that writes.", place: place
            )
          }
          return true
        }
        try PostgreSQLSchema.bringUpToDate(connection, place: place)
        return try connection.rows("SELECT has_table_privilege('distill_reply', 'INSERT')") { $0.text(0) } == ["f"]
      }
      writer = ConnectionQueue(writing, label: "PostgreSQLStore")
      reader = ConnectionQueue(try session(), label: "PostgreSQLStore")
      // Servers have room for a hundred connections by default, so that claims have none of their own.
      claims = PostgreSQLClaims(writer, lease: lease, renewal: renewal)
    }

    /// Throws for an address that is none, or that has a password in it.
    package static func check(address: String) throws { _ = try PostgreSQLAddress(address) }

    /// What there is at an address, in a few words; nothing is made there.
    package static func look(at address: String) throws -> String {
      let address = try PostgreSQLAddress(address)
      return try PostgreSQLSession(address, isDurable: false, patience: 0).perform { connection in
        let count = "SELECT count(*) FROM distill_reply"
        let there =
          try PostgreSQLSchema.version(connection, address.place) > 0 ? try connection.execute(count)[0][0] : nil
        let server = try connection.execute("SHOW server_version")[0][0] ?? ""
        return "\(address.place), PostgreSQL \(server), \(there.map { "replies: \($0)" } ?? "no store there yet")"
      }
    }

    /// Keeps annotations whose keys are new.
    ///
    /// Numbers are given in the order of the annotations, and rows are made in the order of the keys: two that keep the same
    /// at the same time then never wait for each other.
    private static let insert = """
      INSERT INTO distill_reply (number, key, item, teacher, reply) SELECT number, key, item, teacher, reply::json FROM (
        SELECT nextval('distill_reply_number') AS number, key, item, teacher, reply FROM (
          SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
            AS given (key, item, teacher, reply, place) ORDER BY place) AS placed) AS numbered
      ORDER BY key COLLATE "C" ON CONFLICT (key) DO NOTHING
      """

    /// So many go with one statement.
    private static let portion = 4096

    /// Keeps annotations whose keys are new, in one transaction.
    public func append(_ annotations: [Annotation]) async throws {
      guard !annotations.isEmpty else { return }
      guard !isReadOnly else { throw AnnotationsError.readOnly(file: place) }
      let portions = try stride(from: 0, to: annotations.count, by: Self.portion).map { start in
        try Self.columns(annotations[start..<min(start + Self.portion, annotations.count)])
      }
      try await writer.perform { session in
        try session.perform { connection in
          // A statement is a transaction by itself.
          guard portions.count > 1 else { return try connection.run(Self.insert, portions[0]) }
          try connection.transaction { for portion in portions { try connection.run(Self.insert, portion) } }
        }
      }
      claims.forget(annotations.map(\.key))
    }

    private static func columns(_ annotations: ArraySlice<Annotation>) throws -> [String] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return [
        textArray(annotations.map { withoutZeros($0.key) }), textArray(annotations.map { withoutZeros($0.item) }),
        textArray(annotations.map { withoutZeros($0.teacher) }),
        textArray(try annotations.map { String(decoding: try encoder.encode($0), as: UTF8.self) }),
      ]
    }

    /// The annotations with these keys.
    public func annotations(forKeys keys: [String]) async throws -> [String: Annotation] {
      let found = try await read(Set(keys), by: "key").map(\.annotation)
      return Dictionary(found.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The annotations of these items, or of all, in the order in which they were kept.
    public func annotations(forItems items: [String]?) async throws -> [Annotation] {
      guard let items else {
        return try await reading { try Self.rows($0, "SELECT number, reply FROM distill_reply ORDER BY number") }
          .map(\.annotation)
      }
      return try await read(Set(items), by: "item").sorted { $0.number < $1.number }.map(\.annotation)
    }

    private typealias Numbered = (number: Int, annotation: Annotation)

    private func read(_ values: Set<String>, by column: String) async throws -> [Numbered] {
      guard !values.isEmpty else { return [] }
      let array = textArray(values.map(withoutZeros))
      return try await reading {
        try Self.rows($0, "SELECT number, reply FROM distill_reply WHERE \(column) = ANY ($1::text[])", [array])
      }
    }

    private static func rows(
      _ connection: PostgreSQLConnection, _ sql: String, _ values: [String] = []
    ) throws -> [Numbered] {
      let decoder = JSONDecoder()
      return try connection.rows(sql, values) { row in
        let number = row.integer(0) ?? 0
        guard let annotation = try? decoder.decode(Annotation.self, from: Data((row.text(1) ?? "").utf8)) else {
          throw PostgreSQLError(
            message: "row \(number) of the table distill_reply: expected an annotation in the column 'reply'",
            remedy: "Delete the row, or put back what stood there.")
        }
        return (number, annotation)
      }
    }

    private func reading(
      _ body: @escaping @Sendable (PostgreSQLConnection) throws -> [Numbered]
    ) async throws -> [Numbered] {
      try await reader.perform { session in try session.perform(body) }
    }
  }

  extension PostgreSQLAnnotationStore: ClaimingStore {
    package func claim(_ keys: [String]) async throws -> (mine: Set<String>, answered: Set<String>) {
      try await claims.claim(keys)
    }

    package func release(_ keys: [String]?) async { await claims.release(keys) }

    package func holder(of key: String) async -> ClaimHolder? {
      (try? await claims.holder(of: key)).flatMap(\.self)
    }
  }
#endif
