#if Run
  import Annotations
  import Foundation
  import GRDB

  /// A store that may only be read, read where it stands or in a copy.
  ///
  /// SQLite reads a data base in WAL mode only where it finds or can make the index of the log beside it
  /// (https://www.sqlite.org/wal.html#readonly). An archive has none, as the last process that wrote the store tidied it up.
  /// The copy takes the log along, in which the last replies of a process that was killed are.
  final class StoreCopy: Sendable {
    private let folder: URL

    private init(of url: URL) throws {
      folder = FileManager.default.temporaryDirectory.appending(path: "annotations-\(UUID().uuidString)")
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      for end in ["", "-wal"] {
        let part = url.path + end
        guard end.isEmpty || FileManager.default.fileExists(atPath: part) else { continue }
        try Data(contentsOf: URL(filePath: part), options: .mappedIfSafe).write(to: URL(filePath: file.path + end))
      }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private var file: URL { folder.appending(path: "store.sqlite") }

    /// A connection for reading, and the copy that it reads, where it needs one.
    static func reader(
      of url: URL, configuration: Configuration
    ) throws -> (any DatabaseReader, StoreCopy?) {
      var reading = configuration
      reading.readonly = true
      func checked(_ reader: DatabaseQueue) throws -> DatabaseQueue {
        try reader.read { db in
          try Schema.refuseNewer(db, file: url.relativePath)
          _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM annotation WHERE number < 0")
        }
        return reader
      }
      do {
        return (try checked(try DatabaseQueue(path: url.path, configuration: reading)), nil)
      } catch let error as DatabaseError
        where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode.primaryResultCode)
      {
        let copy = try StoreCopy(of: url)
        let queue = try checked(try DatabaseQueue(path: copy.file.path, configuration: configuration))
        try Schema.migrator.migrate(queue)
        return (queue, copy)
      }
    }
  }
#endif
