#if Run
  import Annotations
  import Foundation
  import GRDB

  /// A store that may only be read, read where it stands or in a copy.
  ///
  /// SQLite reads a data base in WAL mode only where it finds or can make the index of the log beside it
  /// (https://www.sqlite.org/wal.html#readonly). An archive has none, as the last process that wrote the store tidied it up.
  /// The copy takes the log along, in which the last replies of a process that was killed are.
  enum ReadOnlyStore {
    /// A connection for reading. The store is left as it is.
    static func reader(of url: URL, configuration: Configuration) throws -> any DatabaseReader {
      var reading = configuration
      reading.readonly = true
      do {
        return try checked(try DatabaseQueue(path: url.path, configuration: reading), url)
      } catch let error as DatabaseError
        where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode.primaryResultCode)
      {
        return try copied(url, configuration: configuration)
      }
    }

    /// A connection to a copy, whose files lose their names once they are open: nothing is left behind however the process
    /// ends.
    private static func copied(_ url: URL, configuration: Configuration) throws -> DatabaseQueue {
      let folder = FileManager.default.temporaryDirectory.appending(path: "annotations-\(UUID().uuidString)")
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appending(path: "store.sqlite")
      for end in ["", "-wal"] {
        let part = url.path + end
        guard end.isEmpty || FileManager.default.fileExists(atPath: part) else { continue }
        try Data(contentsOf: URL(filePath: part), options: .mappedIfSafe).write(to: URL(filePath: file.path + end))
      }
      let queue = try checked(try DatabaseQueue(path: file.path, configuration: configuration), url)
      try Schema.migrator.migrate(queue)
      return queue
    }

    private static func checked(_ reader: DatabaseQueue, _ url: URL) throws -> DatabaseQueue {
      try reader.read { db in
        try Schema.refuseNewer(db, file: url.relativePath)
        _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM annotation WHERE number < 0")
      }
      return reader
    }
  }
#endif
