internal import CSQLite
internal import Foundation
internal import TeacherProtocol

/// A connection to a data base, for one task at a time.
///
/// It is thin: the store needs five statements, and a package that maps rows to types takes longer to compile than half of
/// this one.
///
/// ```swift
/// let connection = try SQLiteConnection("store.sqlite", .writing)
/// try connection.transaction(.writing) {
///   try connection.statement("INSERT INTO note VALUES (?)").run([.text("kept")])
/// }
/// ```
package final class SQLiteConnection {
  /// What a connection may do.
  package enum Access {
    /// Read alone.
    case reading
    /// Read alone a file that has no log and that nobody writes: nothing is made beside it.
    case settled
    /// Read and write; the file is made where it is not there.
    case writing
  }

  /// How a transaction begins (https://www.sqlite.org/lang_transaction.html).
  package enum Transaction: String {
    /// One view of the data base, whatever others write meanwhile.
    case reading = "BEGIN DEFERRED"
    /// The right to write, at once: a transaction that reads first and writes then can fail when another writes between.
    case writing = "BEGIN IMMEDIATE"
  }

  private let handle: OpaquePointer
  private var kept: [String: SQLiteStatement] = [:]

  /// Opens a data base.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - access: what the connection may do.
  ///   - patience: how long another's lock is waited for, in seconds.
  /// - Throws: ``SQLiteError``. A file that is no data base is found at the first statement.
  package init(_ path: String, _ access: Access, patience: Double = 30) throws(SQLiteError) {
    let mode =
      switch access {
      case .reading: SQLITE_OPEN_READONLY
      case .settled: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
      case .writing: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      }
    // SQLite gives its log and its index the mode of the file.
    if access == .writing, !path.hasPrefix(":") { OwnerOnly.makeFile(path) }
    var opened: OpaquePointer?
    // https://www.sqlite.org/uri.html
    let uri = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed).map { "file:\($0)?immutable=1" }
    let code = sqlite3_open_v2(access == .settled ? uri ?? path : path, &opened, mode | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let opened else {
      let error = SQLiteError(code, of: opened)
      // A connection that could not be opened has to be closed all the same.
      sqlite3_close_v2(opened)
      throw error
    }
    handle = opened
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, Int32(min(max(0, patience * 1000), Double(Int32.max))))
    // A file may come from anywhere: its schema runs no functions, and damaged pages are found when they are read.
    try execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
  }

  deinit {
    kept = [:]
    // Closes as soon as the last statement is gone.
    sqlite3_close_v2(handle)
  }

  /// Runs statements, separated by semicolons, that give no rows.
  package func execute(_ sql: String) throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteError(code, of: handle) }
  }

  /// A statement, compiled.
  package func statement(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
    try SQLiteStatement(sql, on: handle)
  }

  /// A statement that is compiled once and kept with the connection.
  package func keptStatement(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
    if let statement = kept[sql] { return statement }
    let statement = try statement(sql)
    kept[sql] = statement
    return statement
  }

  /// Runs a body within a transaction: all of it is kept, or, where anything throws, nothing.
  @discardableResult
  package func transaction<Result>(_ kind: Transaction, _ body: () throws -> Result) throws -> Result {
    try execute(kind.rawValue)
    do {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      // A full disk, for one, has ended the transaction already.
      if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
      throw error
    }
  }
}
