public import Annotations
public import Foundation
internal import TeacherProtocol

/// A store of replies in an SQLite data base: for many replies, many runs and several processes at once.
///
/// ```swift
/// let store = try SQLiteAnnotationStore(URL(fileURLWithPath: "annotations.sqlite"))
/// try await store.append([annotation])
/// ```
///
/// The data base is in WAL mode: readers do not wait for the writer. What ``append(_:)`` has returned from survives the
/// end of the process; with `isDurable` it survives power loss as well. The schema is brought up to date when an older
/// store is opened, and a newer one is refused.
///
/// What one process is about to ask of a service, others on the machine don't ask: it is claimed, until its reply is there or the
/// process ends.
///
/// A store that may only be read, as in an archive, is opened for reading (``isReadOnly``) and left as it is.
public final class SQLiteAnnotationStore: AnnotationStore {
  /// Whether nothing can be kept, since the store stands where this process may not write.
  public let isReadOnly: Bool
  /// Whether every append waits until the disk has it.
  package let isDurable: Bool
  private let reader: ConnectionQueue<SQLiteConnection>
  /// Nil where the store is read-only.
  private let writer: ConnectionQueue<SQLiteConnection>?
  private let file: String
  private let claims: SQLiteClaims

  /// Opens or makes a store.
  ///
  /// - Parameters:
  ///   - url: the data base file; its folder is made too. SQLite keeps files `-wal` and `-shm` beside it, and files
  ///     `.lock` and, once something was claimed, `.workers` stay there too.
  ///   - isDurable: whether every append waits until the disk has it. The default is false: the commits of the last
  ///     moments before a power loss may then be missing, whole ones, and the data base stays sound.
  ///   - patience: how long another process's write is waited for, in seconds. The default is 30.
  /// - Throws: `AnnotationsError`.
  public convenience init(_ url: URL, isDurable: Bool = false, patience: Double = 30) throws(AnnotationsError) {
    try self.init(url, isDurable: isDurable, patience: patience, isReadOnly: standsReadOnly(url))
  }

  /// A store of which it is known whether it may be written, and whether others write it.
  package init(
    _ url: URL, isDurable: Bool = false, patience: Double = 30, isReadOnly: Bool, isSettled: Bool = false
  ) throws(AnnotationsError) {
    try refuseFolder(url)
    file = url.relativePath
    claims = SQLiteClaims(of: url)
    (self.isReadOnly, self.isDurable) = (isReadOnly, isDurable)
    do {
      guard !isReadOnly else {
        reader = ConnectionQueue(
          try ReadOnlyStore.connection(to: url, patience: patience, isSettled: isSettled), label: "SQLiteStore")
        writer = nil
        return
      }
      // Two processes that turn the same new file to WAL mode fail with "database is locked" whatever the patience, so
      // making and migrating stand under a lock of our own.
      let lock = try FileLock(url.appendingPathExtension("lock"))
      let writing = try lock.withLock { try Self.writer(of: url, isDurable: isDurable, patience: patience) }
      // Opened for writing, so that either of the two may be the last to close and tidy the log up.
      let reading = try SQLiteConnection(url.path, .writing, patience: patience)
      try reading.execute("PRAGMA query_only = ON")
      writer = ConnectionQueue(writing, label: "SQLiteStore")
      reader = ConnectionQueue(reading, label: "SQLiteStore")
    } catch let error as AnnotationsError {
      throw error
    } catch {
      throw .cannotOpen(file: url.relativePath, reason: "\(error)")
    }
  }

  /// Keeps annotations whose keys are new, in one transaction.
  public func append(_ annotations: [Annotation]) async throws {
    guard !annotations.isEmpty else { return }
    guard let writer else { throw AnnotationsError.readOnly(file: file) }
    do {
      try await writer.perform { [claims] connection in
        try connection.transaction(.writing) {
          let insert = try connection.keptStatement(StoredAnnotation.insert)
          for annotation in annotations { try insert.run(try StoredAnnotation.values(annotation)) }
          try claims.end(annotations.map(\.key), connection)
        }
      }
      claims.forget(annotations.map(\.key))
    } catch let error as SQLiteError {
      throw AnnotationsError.cannotWrite(file: file, reason: error.message)
    }
  }

  /// The annotations with these keys.
  public func annotations(forKeys keys: [String]) async throws -> [String: Annotation] {
    let rows = try await read(Set(keys).sorted(), column: "key")
    return Dictionary(rows.map { ($0.annotation.key, $0.annotation) }, uniquingKeysWith: { first, _ in first })
  }

  /// The annotations of these items, or of all, in the order in which they were kept.
  public func annotations(forItems items: [String]?) async throws -> [Annotation] {
    if let items {
      let rows = try await read(Set(items).sorted(), column: "item")
      return rows.sorted { $0.number < $1.number }.map(\.annotation)
    }
    return try await reading { connection in
      try connection.statement("SELECT * FROM annotation ORDER BY number").rows { try StoredAnnotation($0).annotation }
    }
  }

  /// SQLite takes a limited number of values in one statement, so they go in portions, in one view of the data base.
  private func read(_ values: [String], column: String) async throws -> [StoredAnnotation] {
    try await reading { connection in
      try stride(from: 0, to: values.count, by: 500).flatMap { start in
        let portion = values[start..<min(start + 500, values.count)]
        let marks = Array(repeating: "?", count: portion.count).joined(separator: ",")
        return try connection.statement("SELECT * FROM annotation WHERE \(column) IN (\(marks))")
          .rows(portion.map(SQLiteValue.text)) { try StoredAnnotation($0) }
      }
    }
  }

  private func reading<Result: Sendable>(
    _ body: @escaping @Sendable (SQLiteConnection) throws -> Result
  ) async throws -> Result {
    do {
      return try await reader.perform { connection in try connection.transaction(.reading) { try body(connection) } }
    } catch let error as SQLiteError {
      throw AnnotationsError.cannotOpen(file: file, reason: error.message)
    }
  }

  /// A connection for writing to a store that is made, or brought up to date, where it has to be.
  package static func writer(of url: URL, isDurable: Bool, patience: Double) throws -> SQLiteConnection {
    let connection = try SQLiteConnection(url.path, .writing, patience: patience)
    // Before the mode is changed, which writes to the file.
    try Schema.refuseNewer(connection, file: url.relativePath)
    let mode = try connection.statement("PRAGMA journal_mode = WAL").rows { try $0.text("journal_mode") }
    guard mode == ["wal"] else { throw SQLiteError(row: "a data base can't be kept with a log (WAL) there") }
    // With a log, NORMAL may lose the last commits to a power loss; FULL waits for the disk at every commit.
    try connection.execute("PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
    try Schema.bringUpToDate(connection)
    return connection
  }
}

extension SQLiteAnnotationStore: ClaimingStore {
  package func claim(_ keys: [String]) async throws -> (mine: Set<String>, answered: Set<String>) {
    guard let writer else { throw AnnotationsError.readOnly(file: file) }
    do {
      return try await writer.perform { [claims] in try claims.claim(keys, $0) }
    } catch let error as SQLiteError {
      throw AnnotationsError.cannotWrite(file: file, reason: error.message)
    }
  }

  package func holder(of key: String) async -> ClaimHolder? {
    try? await writer?.perform { [claims] in try claims.holder(of: key, $0) }
  }

  /// What can't be given up ends with the process.
  package func release(_ keys: [String]?) async {
    try? await writer?.perform { [claims] in try claims.release(keys, $0) }
  }
}
