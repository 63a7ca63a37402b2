import Foundation
import SQLiteStore
import Testing

@Suite struct SQLiteConnectionTests {
  private func path() -> String {
    FileManager.default.temporaryDirectory.appending(path: "connection-\(UUID().uuidString).sqlite").path
  }

  private struct Stopped: Error {}

  @Test func `values come back as they were`() throws {
    let connection = try SQLiteConnection(":memory:", .writing)
    try connection.execute("CREATE TABLE t (a, b, c, d, e, f, g)")
    let insert = try connection.keptStatement("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)")
    try insert.run([
      .text(""), .text("a\u{0}b \u{1F600} e\u{301}"), .integer(.max), .integer(.min), .real(.leastNonzeroMagnitude),
      .real(-0.1), .null,
    ])
    try insert.run(Array(repeating: .null, count: 7))
    let rows = try connection.statement("SELECT * FROM t ORDER BY rowid").rows {
      (
        try $0.text("a"), try $0.text("b"), try $0.integer("c"), try $0.integer("d"), try $0.real("e"),
        try $0.real("f"), try $0.text("g")
      )
    }
    let first = try #require(rows.first)
    #expect(
      first.0 == "" && first.1.map { Array($0.unicodeScalars) } == Array("a\u{0}b \u{1F600} e\u{301}".unicodeScalars))
    #expect(first.2 == .max && first.3 == .min && first.4 == .leastNonzeroMagnitude && first.5 == -0.1)
    #expect(first.6 == nil)
    #expect(rows.count == 2 && rows[1].0 == nil && rows[1].2 == nil && rows[1].4 == nil)
    #expect(try connection.statement("SELECT 2 AS n").rows { try $0.real("n") } == [2])
    #expect(try connection.statement("SELECT 2 AS n").rows { try $0.text("other") } == [nil])
  }

  @Test func `errors say what SQ lite says and show no values`() throws {
    let connection = try SQLiteConnection(":memory:", .writing)
    #expect { try connection.statement("SELECT * FROM t") } throws: { "\($0)" == "no such table: t" }
    #expect { try connection.execute("nonsense") } throws: { "\($0)" == #"near "nonsense": syntax error"# }
    try connection.execute("CREATE TABLE t (a TEXT NOT NULL UNIQUE)")
    let insert = try connection.statement("INSERT INTO t VALUES (?)")
    try insert.run([.text("secret")])
    #expect { try insert.run([.text("secret")]) } throws: { "\($0)" == "UNIQUE constraint failed: t.a" }
    #expect { try insert.run([.null]) } throws: { "\($0)" == "NOT NULL constraint failed: t.a" }
    // A statement that failed runs again.
    try insert.run([.text("other")])
    #expect {
      try connection.statement("SELECT a FROM t").rows { try $0.integer("a") }
    } throws: { "\($0)" == "expected a whole number in the column 'a', found text" }
    #expect {
      try connection.statement("SELECT NULL AS a").rows { try $0.required($0.text("a"), "a") }
    } throws: { "\($0)" == "expected a value in the column 'a', found nothing" }
    #expect {
      try connection.statement("SELECT x'00' AS a").rows { try $0.text("a") }
    } throws: { "\($0)" == "expected text or a number in the column 'a', found bytes" }
    #expect { try SQLiteConnection("/nowhere/at/all.sqlite", .writing) } throws: {
      "\($0)" == "unable to open database file"
    }
    #expect(throws: SQLiteError.self) { try SQLiteConnection(path(), .reading) }
  }

  @Test func `a transaction is kept whole or not at all`() throws {
    let connection = try SQLiteConnection(":memory:", .writing)
    try connection.execute("CREATE TABLE t (a INTEGER)")
    let insert = try connection.keptStatement("INSERT INTO t VALUES (?)")
    #expect(throws: Stopped.self) {
      try connection.transaction(.writing) {
        try insert.run([.integer(1)])
        throw Stopped()
      }
    }
    #expect(
      try connection.transaction(.reading) { try connection.statement("SELECT a FROM t").rows { try $0.integer("a") } }
        == [])
    try connection.transaction(.writing) { for number in 1...3 { try insert.run([.integer(Int64(number))]) } }
    #expect(try connection.statement("SELECT a FROM t").rows { try $0.integer("a") } == [1, 2, 3])
  }

  @Test func `a lock that is not given back is an error after the patience`() throws {
    let path = path()
    let one = try SQLiteConnection(path, .writing)
    try one.execute("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)")
    let other = try SQLiteConnection(path, .writing, patience: 0.01)
    try one.transaction(.writing) {
      #expect { try other.transaction(.writing) {} } throws: { "\($0)" == "database is locked" }
    }
    try other.transaction(.writing) { try other.execute("INSERT INTO t VALUES (2)") }
    #expect(try one.statement("SELECT a FROM t").rows { try $0.integer("a") } == [1, 2])
    let reader = try SQLiteConnection(path, .reading)
    #expect { try reader.execute("INSERT INTO t VALUES (3)") } throws: {
      "\($0)" == "attempt to write a readonly database"
    }
    try FileManager.default.removeItem(atPath: path)
  }
}
