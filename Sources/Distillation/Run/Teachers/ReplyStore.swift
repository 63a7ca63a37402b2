package import Annotations
internal import ConfigurationFiles
internal import Foundation
internal import TeacherProtocol
#if PostgreSQL
  internal import PostgreSQLStore
#endif
#if Run
  internal import SQLiteStore
#endif

/// The store on a server that a text is the address of; nil for a path.
///
/// - Throws: an error that says what to do, as where this build has no client of the server.
package func serverStore(_ address: String, isDurable: Bool = false) throws -> (any AnnotationStore)? {
  guard ConfigurationPath.isServer(address) else { return nil }
  #if PostgreSQL
    return try PostgreSQLAnnotationStore(address, isDurable: isDurable)
  #else
    throw NoPostgreSQL()
  #endif
}

/// What an address is before it is written anywhere: a server that this build can reach, and no password.
func refuseUnusable(store: String) throws {
  guard ConfigurationPath.isServer(store) else { return }
  #if PostgreSQL
    try PostgreSQLAnnotationStore.check(address: store)
  #else
    throw NoPostgreSQL()
  #endif
}

/// What there is at a store's address, in a few words; nothing is made there.
func lookAtServer(_ address: String) throws -> String {
  #if PostgreSQL
    return try PostgreSQLAnnotationStore.look(at: address)
  #else
    throw NoPostgreSQL()
  #endif
}

/// People's decisions on a store's server.
protocol ServerDecisions: DecisionLog {
  /// The store, for messages.
  var place: String { get }
  /// Keeps decisions that were made elsewhere; those that it has been given before are there once.
  func take(_ entries: [ReviewEntry]) async throws
}

#if PostgreSQL
  extension PostgreSQLDecisionLog: ServerDecisions {}
#endif

/// The log of this name on the server of an address.
func serverDecisions(_ address: String, log: String) throws -> any ServerDecisions {
  #if PostgreSQL
    return try PostgreSQLDecisionLog(address, log: log)
  #else
    throw NoPostgreSQL()
  #endif
}

#if PostgreSQL
  /// The budget of a store on a server.
  func serverBudget(_ address: String, of teachers: Set<String>, isDurable: Bool) throws -> (any SharedBudget)? {
    guard ConfigurationPath.isServer(address) else { return nil }
    return try PostgreSQLBudget(address, of: teachers, isDurable: isDurable)
  }
#else
  func serverBudget(_ address: String, of teachers: Set<String>, isDurable: Bool) throws -> (any SharedBudget)? {
    guard ConfigurationPath.isServer(address) else { return nil }
    throw NoPostgreSQL()
  }

  /// A store on a server, in a build without the trait.
  struct NoPostgreSQL: Error, CustomStringConvertible {
    var description: String {
      "The store is on a PostgreSQL server, and this distill was built without its client. Build it with: apt-get install "
        + "libpq-dev && swift build -c release --product distill --traits default,PostgreSQL"
    }
  }
#endif

/// Opens the store of replies on a server, or in a folder that runs share; the folder is made if it is missing.
///
/// - Parameters:
///   - folder: the folder, where `~` is the home folder, or the server's address.
///   - isDurable: whether every reply waits until the disk has it.
/// - Throws: `AnnotationsError`, or an error of the file system.
private func replyStore(in folder: String, isDurable: Bool) throws -> any AnnotationStore {
  if let store = try serverStore(folder, isDurable: isDurable) { return store }
  let file = storeFile(in: folder)
  try OwnerOnly.makeFolder(file.deletingLastPathComponent())
  #if Run
    return try SQLiteAnnotationStore(file, isDurable: isDurable)
  #else
    return try JSONLinesAnnotationStore(file, isDurable: isDurable)
  #endif
}

/// The store's file, or that of a part.
private func storeFile(in folder: String, _ shard: Shard = .whole) -> URL {
  let place = URL(filePath: NSString(string: folder).expandingTildeInPath)
  let name = shard.isWhole ? "annotations" : "annotations.\(shard.index)-of-\(shard.count)"
  #if Run
    return place.appending(path: "\(name).sqlite")
  #else
    return place.appending(path: "\(name).jsonl")
  #endif
}

extension DistillationRun {
  /// Whether the store is there.
  var hasStore: Bool {
    ConfigurationPath.isServer(configuration.store)
      || FileManager.default.fileExists(atPath: storeFile(in: configuration.store).path)
  }

  /// The store that the configuration names.
  package func openStore() throws -> any AnnotationStore {
    try replyStore(in: configuration.store, isDurable: configuration.storeIsDurable)
  }

  /// The store of a part, over the one that the configuration names, which is only read, and the part's file; that one itself
  /// where it stands on a server, and no file.
  func shardStore(_ shard: Shard) throws -> (store: any AnnotationStore, file: URL?) {
    if let store = try serverStore(configuration.store, isDurable: configuration.storeIsDurable) { return (store, nil) }
    let file = storeFile(in: configuration.store, shard)
    try OwnerOnly.makeFolder(file.deletingLastPathComponent())
    let durable = configuration.storeIsDurable
    #if Run
      let own = try SQLiteAnnotationStore(file, isDurable: durable)
      guard hasStore else { return (own, file) }
      return (
        LayeredStore(own, over: try SQLiteAnnotationStore(storeFile(in: configuration.store), isReadOnly: true)), file
      )
    #else
      let own = try JSONLinesAnnotationStore(file, isDurable: durable)
      guard hasStore else { return (own, file) }
      return (
        LayeredStore(own, over: try JSONLinesAnnotationStore(storeFile(in: configuration.store), isDurable: durable)),
        file
      )
    #endif
  }
}

extension DualCheckerRun {
  /// The store that the configuration names.
  package func openStore() throws -> any AnnotationStore {
    try replyStore(in: configuration.store, isDurable: configuration.storeIsDurable)
  }
}
