internal import Foundation

/// A store that may only be read, read where it stands or in a copy.
///
/// SQLite reads a data base in WAL mode only where it finds or can make the index of the log beside it
/// (https://www.sqlite.org/wal.html#readonly). An archive has none, as the last process that wrote the store tidied it up.
/// The copy takes the log along, in which the last replies of a process that was killed are.
enum ReadOnlyStore {
  /// A connection for reading. The store is left as it is.
  ///
  /// - Parameter isSettled: whether nobody writes it meanwhile. Nothing is then made beside it either.
  static func connection(to url: URL, patience: Double, isSettled: Bool) throws -> SQLiteConnection {
    if isSettled {
      let hasLog = FileManager.default.fileExists(atPath: url.path + "-wal")
      return hasLog
        ? try copied(url, patience: patience)
        : try checked(try SQLiteConnection(url.path, .settled, patience: patience), url)
    }
    do {
      return try checked(try SQLiteConnection(url.path, .reading, patience: patience), url)
    } catch let error as SQLiteError where error.isAboutAccess {
      return try copied(url, patience: patience)
    }
  }

  /// A connection to a copy, whose files lose their names once they are open: nothing is left behind however the process
  /// ends.
  private static func copied(_ url: URL, patience: Double) throws -> SQLiteConnection {
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
    let connection = try checked(try SQLiteConnection(file.path, .writing, patience: patience), url)
    try Schema.bringUpToDate(connection)
    return connection
  }

  private static func checked(_ connection: SQLiteConnection, _ url: URL) throws -> SQLiteConnection {
    try Schema.refuseNewer(connection, file: url.relativePath)
    try connection.statement("SELECT count(*) FROM annotation WHERE number < 0").run()
    return connection
  }
}
