#if PostgreSQL
  internal import CPostgreSQL
  internal import Foundation

  /// A connection to a server, for one task at a time: a thin layer over libpq.
  final class PostgreSQLConnection {
    private let handle: OpaquePointer

    /// The oldest server, as `PQserverVersion` counts: the oldest whose numbers come back as they went by default.
    private static let oldest: Int32 = 120_000

    /// Connects.
    ///
    /// - Parameter isDurable: whether each commit waits until the server's disk has it whatever the server's default is.
    /// - Throws: ``PostgreSQLError``, which is lost where another attempt may succeed.
    init(_ address: PostgreSQLAddress, isDurable: Bool) throws(PostgreSQLError) {
      // What stands before dbname may be set otherwise by the address. A server that has vanished is noticed within a minute.
      let keywords = [
        "fallback_application_name", "connect_timeout", "tcp_user_timeout", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "dbname", "client_encoding",
      ]
      let values = ["distill", "10", "30000", "30", "10", "3", address.text, "UTF8"]
      let opened = Self.withStrings(keywords + values) { pointers in
        let names = Array(pointers[..<keywords.count]) + [nil]
        return PQconnectdbParams(names, Array(pointers[keywords.count...]) + [nil], 1)
      }
      guard let opened else { throw PostgreSQLError(message: "there is no memory for a connection") }
      handle = opened
      guard PQstatus(handle) == CONNECTION_OK else { throw connectionFault() }
      let version = PQserverVersion(handle)
      guard version >= Self.oldest else {
        throw PostgreSQLError(
          message: "the server is PostgreSQL \(version / 10000).\(version % 10000)",
          remedy: "Version 12 or later is needed.")
      }
      let encoding = PQparameterStatus(handle, "server_encoding").map { String(cString: $0) } ?? "none"
      guard encoding == "UTF8" else {
        throw PostgreSQLError(
          message: "the data base keeps texts as \(encoding), which has not all characters",
          remedy: "Make one with: createdb --encoding=UTF8 --template=template0 NAME.")
      }
      // Otherwise they would go to standard error.
      PQsetNoticeProcessor(handle, { _, _ in }, nil)
      // Everything here reckons with a new view of the data base for each statement.
      // A transaction of a process that is gone without a word keeps nobody waiting for long.
      try execute(
        "SET default_transaction_isolation = 'read committed'; SET extra_float_digits = 3; "
          + "SET standard_conforming_strings = on; SET idle_in_transaction_session_timeout = '60s'")
      if isDurable { try execute("SET synchronous_commit = on") }
    }

    deinit { PQfinish(handle) }

    /// Runs statements without values, separated by semicolons. Several are one transaction, unless they say otherwise.
    ///
    /// - Returns: the rows of the last one.
    @discardableResult
    func execute(_ sql: String) throws(PostgreSQLError) -> [[String?]] {
      guard let result = PQexec(handle, sql) else { throw sendFault() }
      defer { PQclear(result) }
      try check(result)
      return (0..<PQntuples(result)).map { row in
        (0..<PQnfields(result)).map { PostgreSQLRow(result: result, number: row).text($0) }
      }
    }

    /// What a body makes of each row of a statement's, one row in memory at a time.
    ///
    /// - Parameter values: in place of `$1`, `$2` and so on; they may not contain a zero byte.
    @discardableResult
    func rows<Element>(
      _ sql: String, _ values: [String?] = [], _ body: (PostgreSQLRow) throws -> Element
    ) throws -> [Element] {
      let isSent = Self.withStrings(values) {
        PQsendQueryParams(handle, sql, Int32($0.count), nil, $0, nil, nil, 0) == 1 && PQsetSingleRowMode(handle) == 1
      }
      guard isSent else { throw sendFault() }
      var elements: [Element] = []
      var failure: (any Error)?
      // All results have to be fetched before the next statement.
      while let result = PQgetResult(handle) {
        defer { PQclear(result) }
        guard failure == nil else { continue }
        do {
          try check(result)
          for row in 0..<PQntuples(result) { elements.append(try body(PostgreSQLRow(result: result, number: row))) }
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      return elements
    }

    /// Runs a statement for its effect.
    func run(_ sql: String, _ values: [String?] = []) throws { try rows(sql, values) { _ in } }

    /// Runs a body within a transaction: all of it is kept, or, where anything throws, nothing.
    func transaction<Result>(_ kind: String = "BEGIN", _ body: () throws -> Result) throws -> Result {
      try execute(kind)
      do {
        let result = try body()
        try execute("COMMIT")
        return result
      } catch {
        _ = try? execute("ROLLBACK")
        throw error
      }
    }

    private func check(_ result: OpaquePointer) throws(PostgreSQLError) {
      switch PQresultStatus(result) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY: return
      default: break
      }
      // The first line alone: the details show values. 'C' and 'M' are PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY, which are
      // casts that Swift does not import.
      func field(_ code: Character) -> String? {
        PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
      }
      guard let words = field("M"), PQstatus(handle) == CONNECTION_OK || field("C") != nil else { throw sendFault() }
      throw PostgreSQLError(
        state: field("C") ?? "", message: words, remedy: Self.remedy(field("C") ?? ""),
        isLost: PQstatus(handle) != CONNECTION_OK)
    }

    private static func remedy(_ state: String) -> String {
      switch state {
      case "42501":
        "Have its owner run: GRANT USAGE, CREATE ON SCHEMA public TO the user; or name a schema of the user's own: ?options=-csearch_path%3DNAME."
      case "3F000": "Make the schema with: CREATE SCHEMA NAME, as the search path names none that is there."
      case "53100": "Free space on the server's disk and start again: nothing that was kept is lost."
      case "25006": "This server only reads; name the one that writes, or add ?target_session_attrs=read-write."
      default: ""
      }
    }

    /// Nothing came back, or nothing could be sent.
    private func sendFault() -> PostgreSQLError {
      PostgreSQLError(message: words, isLost: true)
    }

    /// Why there is no connection. libpq gives no SQLSTATE here, and its words may be in any language.
    private func connectionFault() -> PostgreSQLError {
      if PQconnectionNeedsPassword(handle) == 1 {
        return PostgreSQLError(
          message: "the server asks for a password, and there is none",
          remedy: "Set PGPASSWORD, or write it into ~/.pgpass (host:port:name:user:password, mode 600).")
      }
      if PQconnectionUsedPassword(handle) == 1 {
        return PostgreSQLError(
          message: words, remedy: "Check the user in the address, and the password in PGPASSWORD or ~/.pgpass.")
      }
      return PostgreSQLError(
        message: words,
        remedy:
          "Check that the server runs, the address, and that user and data base are there (createuser, createdb).",
        isLost: true)
    }

    private var words: String {
      String(cString: PQerrorMessage(handle)).split(whereSeparator: \.isNewline)
        .map { $0.trimmingPrefix { $0.isWhitespace } }.filter { !$0.isEmpty }.joined(separator: "; ")
    }

    private static func withStrings<Result>(
      _ texts: [String?], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
      let copies = texts.map { text in text.map { strdup($0) } ?? nil }
      defer { for copy in copies { free(copy) } }
      return body(copies.map { UnsafePointer($0) })
    }
  }

  /// A row, valid within the closure that it is given to.
  struct PostgreSQLRow {
    fileprivate let result: OpaquePointer
    fileprivate let number: Int32

    /// What a column has, as text; nil for NULL.
    func text(_ column: Int32) -> String? {
      guard PQgetisnull(result, number, column) == 0, let bytes = PQgetvalue(result, number, column) else { return nil }
      let count = Int(PQgetlength(result, number, column))
      return bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
        String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
      }
    }

    /// A whole number; nil for NULL.
    func integer(_ column: Int32) -> Int? { text(column).flatMap { Int($0) } }

    /// A number; nil for NULL.
    func real(_ column: Int32) -> Double? { text(column).flatMap { Double($0) } }
  }
#endif
