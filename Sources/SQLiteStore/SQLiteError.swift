internal import CSQLite

/// What SQLite says went wrong. Neither statements nor values are in it, since replies stay out of messages.
package struct SQLiteError: Error, Equatable, CustomStringConvertible {
  /// SQLite's extended result code, whose lowest byte is the primary one (https://www.sqlite.org/rescode.html).
  package let code: Int32
  /// SQLite's words, or this package's about a row that it can't read.
  package let message: String

  private init(code: Int32, message: String) { (self.code, self.message) = (code, message) }

  /// The last error of a connection; of none, what the code means.
  init(_ code: Int32, of connection: OpaquePointer?) {
    self.code = code
    message = String(cString: connection.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
  }

  /// A row that does not have what was expected.
  init(row message: String) {
    code = SQLITE_MISMATCH
    self.message = message
  }

  /// The error with the number of the row in front.
  func atRow(_ number: Int64) -> SQLiteError { SQLiteError(code: code, message: "row \(number): \(message)") }

  /// Whether the file, or one that has to be beside it, can't be opened or written.
  var isAboutAccess: Bool { [SQLITE_CANTOPEN, SQLITE_READONLY].contains(code & 0xFF) }

  /// The words.
  package var description: String { message }
}
