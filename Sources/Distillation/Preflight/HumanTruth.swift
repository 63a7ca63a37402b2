package import Annotations
package import Foundation
package import TeacherProtocol
internal import DistillationConfiguration

/// Labels of people as the truth for replies, wherever a run or a person keeps them.
package enum HumanTruth {
  /// The labels in a file, or those that a run reads: of its page, its file, or gold in their place.
  ///
  /// - Parameters:
  ///   - place: a file with the columns `item` and `label`, or a run's folder.
  ///   - annotations: the replies that are held against them; labels are spelled as these spell them.
  ///   - labels: what labels are called, in place of what the replies or the run say.
  /// - Throws: ``CheckingError/noTruth(_:reason:)`` where there are none, `TeacherProtocolError`, `AnnotationsError`.
  package static func labels(
    in place: URL, of annotations: [Annotation], labels: LabelSet? = nil
  ) async throws -> KnownLabels {
    var scope = KnownLabels.Scope(annotations)
    // People may have labelled more than the store has.
    scope.items = nil
    scope.set = labels
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
    if isFolder.boolValue { return try await self.labels(ofRun: place, scope) }
    guard isThere else {
      let folder = place.deletingLastPathComponent()
      guard isRun(folder), let source = try? DistillationRun.opening(folder).configuration.review.source else {
        throw CheckingError.noTruth(place.relativePath, reason: "there is no such file or folder")
      }
      throw CheckingError.noTruth(
        place.relativePath,
        reason: "there is no such file; the run in \(folder.relativePath) has its labels elsewhere (review.source: "
          + "\(source.rawValue)), so give its folder")
    }
    return try KnownLabels(contentsOf: place, key: "--truth", scope: scope)
  }

  private static func isRun(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: "config.yaml").path)
  }

  private static func labels(ofRun folder: URL, _ given: KnownLabels.Scope) async throws -> KnownLabels {
    guard isRun(folder) else {
      throw CheckingError.noTruth(folder.relativePath, reason: "the folder has no config.yaml, as a run's has")
    }
    guard DistillationMethod.named(in: folder.appending(path: "config.yaml")) != .dualChecker else {
      throw CheckingError.noTruth(folder.relativePath, reason: "a run of the method dualchecker asks nobody for labels")
    }
    let run = try DistillationRun.opening(folder)
    let configuration = run.configuration
    var scope = given
    scope.set = try given.set ?? configuration.labelSet()
    let file: URL
    switch configuration.review.source {
    case .oracle: file = folder.appending(path: "review.jsonl")
    case .file:
      guard let path = configuration.review.file else {
        throw CheckingError.noTruth(
          folder.relativePath, reason: "its labels come from a file (review.source: file), and review.file names none")
      }
      file = URL(filePath: path)
    case .page where run.asksOnServer:
      let (log, place) = try await run.decisionLog()
      return KnownLabels(try await log.entries(), in: place, scope: scope)
    case .page: file = folder.appending(path: "review-answers.jsonl")
    }
    // The journal of a page is made before anybody has decided.
    let size = try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int
    guard let size, size > 0 else {
      let remedy =
        configuration.review.source == .page ? "; distill review --run \(folder.relativePath) asks for them" : ""
      throw CheckingError.noTruth(
        folder.relativePath,
        reason: "its labels (review.source: \(configuration.review.source.rawValue)) are to stand in "
          + "\(file.relativePath), and nobody has given any\(remedy)")
    }
    return try KnownLabels(contentsOf: file, key: "--truth", scope: scope)
  }
}
