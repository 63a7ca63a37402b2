internal import CSQLite

/// A value in a data base.
package enum SQLiteValue: Sendable, Equatable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)

  /// A text; nil for NULL.
  package init(_ text: String?) { self = text.map(Self.text) ?? .null }

  /// A whole number; nil for NULL.
  package init(_ number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }

  /// A number; nil for NULL.
  package init(_ number: Double?) { self = number.map(Self.real) ?? .null }
}

/// A compiled statement with places for values.
package final class SQLiteStatement {
  fileprivate let handle: OpaquePointer
  /// Names of the columns of its rows.
  fileprivate private(set) lazy var columns = Dictionary(
    (0..<sqlite3_column_count(handle)).map { (String(cString: sqlite3_column_name(handle, $0)), $0) },
    uniquingKeysWith: { first, _ in first })

  init(_ sql: String, on connection: OpaquePointer) throws(SQLiteError) {
    var compiled: OpaquePointer?
    let code = sqlite3_prepare_v2(connection, sql, -1, &compiled, nil)
    guard code == SQLITE_OK else { throw SQLiteError(code, of: connection) }
    guard let compiled else { preconditionFailure("SQLiteStatement: there is no statement in '\(sql)'") }
    handle = compiled
  }

  deinit { sqlite3_finalize(handle) }

  /// Runs the statement for its effect.
  ///
  /// - Parameter values: one for each `?`.
  package func run(_ values: [SQLiteValue] = []) throws(SQLiteError) {
    try start(values)
    defer { end() }
    while try step() {}
  }

  /// What a body makes of each row.
  ///
  /// - Parameter values: one for each `?`.
  package func rows<Element>(
    _ values: [SQLiteValue] = [], _ body: (SQLiteRow) throws -> Element
  ) throws -> [Element] {
    try start(values)
    defer { end() }
    var elements: [Element] = []
    while try step() { elements.append(try body(SQLiteRow(self))) }
    return elements
  }

  private func start(_ values: [SQLiteValue]) throws(SQLiteError) {
    let places = sqlite3_bind_parameter_count(handle)
    precondition(values.count == places, "SQLiteStatement: \(values.count) values for \(places) places")
    for (index, value) in values.enumerated() {
      let place = Int32(index + 1)
      let code =
        switch value {
        case .null: sqlite3_bind_null(handle, place)
        case .integer(let number): sqlite3_bind_int64(handle, place, number)
        case .real(let number): sqlite3_bind_double(handle, place, number)
        case .text(var text):
          text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
              csqlite_bind_text(handle, place, $0.baseAddress, sqlite3_uint64($0.count))
            }
          }
        }
      guard code == SQLITE_OK else {
        let error = SQLiteError(code, of: sqlite3_db_handle(handle))
        end()
        throw error
      }
    }
  }

  /// Whether there is a row.
  private func step() throws(SQLiteError) -> Bool {
    let code = sqlite3_step(handle)
    guard code == SQLITE_ROW || code == SQLITE_DONE else { throw SQLiteError(code, of: sqlite3_db_handle(handle)) }
    return code == SQLITE_ROW
  }

  /// Gives back what the statement holds, so that a kept one blocks no writer and keeps no text.
  private func end() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }
}

/// The row at which a statement stands, for as long as it stands there.
package struct SQLiteRow {
  private let statement: SQLiteStatement

  fileprivate init(_ statement: SQLiteStatement) { self.statement = statement }

  /// A text; nil for NULL and where there is no such column, as in what an older version has made.
  package func text(_ column: String) throws(SQLiteError) -> String? {
    switch try value(column) {
    case .null: nil
    case .text(let text): text
    case let other: throw mismatch(column, expected: "text", found: other)
    }
  }

  /// A whole number; nil as in ``text(_:)``.
  package func integer(_ column: String) throws(SQLiteError) -> Int64? {
    switch try value(column) {
    case .null: nil
    case .integer(let number): number
    case let other: throw mismatch(column, expected: "a whole number", found: other)
    }
  }

  /// A number; nil as in ``text(_:)``.
  package func real(_ column: String) throws(SQLiteError) -> Double? {
    switch try value(column) {
    case .null: nil
    case .integer(let number): Double(number)
    case .real(let number): number
    case let other: throw mismatch(column, expected: "a number", found: other)
    }
  }

  /// What a column that must have a value has.
  package func required<Value>(_ value: Value?, _ column: String) throws(SQLiteError) -> Value {
    guard let value else { throw mismatch(column, expected: "a value", found: .null) }
    return value
  }

  private func value(_ column: String) throws(SQLiteError) -> SQLiteValue {
    guard let place = statement.columns[column] else { return .null }
    let handle = statement.handle
    switch sqlite3_column_type(handle, place) {
    case SQLITE_NULL: return .null
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, place))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, place))
    case SQLITE_TEXT:
      // The bytes first: their count is that of the text then.
      guard let bytes = sqlite3_column_text(handle, place) else {
        throw SQLiteError(SQLITE_NOMEM, of: sqlite3_db_handle(handle))
      }
      let count = Int(sqlite3_column_bytes(handle, place))
      return .text(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self))
    default: throw SQLiteError(row: "expected text or a number in the column '\(column)', found bytes")
    }
  }

  /// Kinds and not values: replies stay out of messages.
  private func mismatch(_ column: String, expected: String, found: SQLiteValue) -> SQLiteError {
    let kind =
      switch found {
      case .null: "nothing"
      case .integer: "a whole number"
      case .real: "a number"
      case .text: "text"
      }
    return SQLiteError(row: "expected \(expected) in the column '\(column)', found \(kind)")
  }
}
