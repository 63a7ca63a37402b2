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
  let place = URL(filePath: NSString(string: folder).expandingTildeInPath)
  try OwnerOnly.makeFolder(place)
  #if Run
    return try SQLiteAnnotationStore(place.appending(path: "annotations.sqlite"), isDurable: isDurable)
  #else
    return try JSONLinesAnnotationStore(place.appending(path: "annotations.jsonl"), isDurable: isDurable)
  #endif
}

extension DistillationRun {
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
