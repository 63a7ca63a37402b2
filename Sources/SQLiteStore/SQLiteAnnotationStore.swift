#if Run
  public import Annotations
  public import Foundation
  import GRDB
  import TeacherProtocol

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
  /// A store that may only be read, as in an archive, is opened for reading (``isReadOnly``) and left as it is.
  public final class SQLiteAnnotationStore: AnnotationStore {
    /// Whether nothing can be kept, since the store stands where this process may not write.
    public let isReadOnly: Bool
    private let reader: any DatabaseReader
    /// Nil where the store is read-only.
    private let writer: DatabasePool?
    private let file: String

    /// Opens or makes a store.
    ///
    /// - Parameters:
    ///   - url: the data base file; its folder is made too. SQLite keeps files `-wal` and `-shm` beside it, and a file
    ///     `.lock` stays there too.
    ///   - isDurable: whether every append waits until the disk has it. The default is false: the commits of the last
    ///     moments before a power loss may then be missing, whole ones, and the data base stays sound.
    ///   - patience: how long another process's write is waited for, in seconds. The default is 30.
    /// - Throws: `AnnotationsError`.
    public convenience init(_ url: URL, isDurable: Bool = false, patience: Double = 30) throws(AnnotationsError) {
      try self.init(url, isDurable: isDurable, patience: patience, isReadOnly: standsReadOnly(url))
    }

    /// A store of which it is known whether it may be written.
    package init(
      _ url: URL, isDurable: Bool = false, patience: Double = 30, isReadOnly: Bool
    ) throws(AnnotationsError) {
      file = url.relativePath
      self.isReadOnly = isReadOnly
      var configuration = Configuration()
      configuration.busyMode = .timeout(patience)
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
      }
      do {
        guard !isReadOnly else {
          reader = try ReadOnlyStore.reader(of: url, configuration: configuration)
          writer = nil
          return
        }
        // Two processes that turn the same new file to WAL mode fail with "database is locked" whatever the patience, so
        // making and migrating stand under a lock of our own.
        let lock = try FileLock(url.appendingPathExtension("lock"))
        let pool = try lock.withLock { [configuration] in
          let pool = try DatabasePool(path: url.path, configuration: configuration)
          try pool.read { try Schema.refuseNewer($0, file: url.relativePath) }
          try Schema.migrator.migrate(pool)
          return pool
        }
        (reader, writer) = (pool, pool)
      } catch let error as AnnotationsError {
        throw error
      } catch {
        throw .cannotOpen(file: url.relativePath, reason: Self.words(error))
      }
    }

    /// Keeps annotations whose keys are new, in one transaction.
    public func append(_ annotations: [Annotation]) async throws {
      guard !annotations.isEmpty else { return }
      guard let writer else { throw AnnotationsError.readOnly(file: file) }
      do {
        try await writer.write { db in
          let statement = try db.cachedStatement(sql: Row.insert)
          for annotation in annotations { try statement.execute(arguments: try Row.arguments(annotation)) }
        }
      } catch let error as DatabaseError {
        throw AnnotationsError.cannotWrite(file: file, reason: Self.words(error))
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
      return try await reading { db in
        try Row.all(db, sql: "SELECT * FROM annotation ORDER BY number").map(\.annotation)
      }
    }

    /// SQLite takes a limited number of values in one statement, so they go in portions, in one view of the data base.
    private func read(_ values: [String], column: String) async throws -> [Row] {
      try await reading { db in
        try stride(from: 0, to: values.count, by: 500).flatMap { start in
          let portion = values[start..<min(start + 500, values.count)]
          let marks = Array(repeating: "?", count: portion.count).joined(separator: ",")
          return try Row.all(
            db, sql: "SELECT * FROM annotation WHERE \(column) IN (\(marks))", arguments: StatementArguments(portion))
        }
      }
    }

    private func reading<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws
      -> Result
    {
      do {
        return try await reader.read(body)
      } catch let error as DatabaseError {
        throw AnnotationsError.cannotOpen(file: file, reason: Self.words(error))
      }
    }

    /// SQLite's words without the statement and its values: replies stay out of messages.
    private static func words(_ error: any Error) -> String {
      guard let error = error as? DatabaseError else { return "\(error)" }
      return error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
  }
#endif
