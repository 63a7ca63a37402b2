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

private func storeFile(in folder: String) -> URL {
  let place = URL(filePath: NSString(string: folder).expandingTildeInPath)
  #if Run
    return place.appending(path: "annotations.sqlite")
  #else
    return place.appending(path: "annotations.jsonl")
  #endif
}

extension DistillationRun {
  /// Whether the store is there.
  var hasStore: Bool { FileManager.default.fileExists(atPath: storeFile(in: configuration.store).path) }

  /// The store that the configuration names.
  package func openStore() throws -> any AnnotationStore {
    try replyStore(in: configuration.store, isDurable: configuration.storeIsDurable)
  }
}

extension DualCheckerRun {
  /// The store that the configuration names.
  package func openStore() throws -> any AnnotationStore {
    try replyStore(in: configuration.store, isDurable: configuration.storeIsDurable)
  }
}
