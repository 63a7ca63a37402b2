package import Annotations
internal import Foundation
internal import TeacherProtocol
#if Run
  internal import SQLiteStore
#endif

/// Opens the store of replies in a folder that runs share; the folder is made if it is missing.
///
/// - Parameters:
///   - folder: the folder, where `~` is the home folder.
///   - isDurable: whether every reply waits until the disk has it.
/// - Throws: `AnnotationsError`, or an error of the file system.
private func replyStore(in folder: String, isDurable: Bool) throws -> any AnnotationStore {
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
  var hasStore: Bool { FileManager.default.fileExists(atPath: storeFile(in: configuration.store).path) }

  /// The store that the configuration names.
  package func openStore() throws -> any AnnotationStore {
    try replyStore(in: configuration.store, isDurable: configuration.storeIsDurable)
  }

  /// The store of a part, over the one that the configuration names, which is only read, and the part's file.
  func shardStore(_ shard: Shard) throws -> (store: any AnnotationStore, file: URL) {
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
