package import Foundation
package import Layers
internal import TeacherProtocol

/// Where a rank carries a run out: rank 0 in the run's folder, each other one in a copy of its own.
///
/// All ranks then find the same finished steps, adapters and checkpoints, take the same decisions, and write alike; what
/// the others write is nobody's, so a run that was killed is what rank 0 left of it.
package enum RankFolder {
  /// Parts of a run's folder that no step reads.
  private static let unread: Set = ["events", "run.lock"]

  /// The folder of this rank, with what the run's has; the copies are the caller's to delete.
  package static func place(of run: URL, _ ranks: any Ranks) throws -> URL {
    guard ranks.count > 1 else { return run }
    let files = try ranks.ofFirst({ try JSONEncoder().encode(paths(in: run)).map { $0 } }, "the run's files")
    let own =
      ranks.isFirst
      ? run
      : FileManager.default.temporaryDirectory.appending(
        path: "distill-rank\(ranks.own)-\(UUID().uuidString)")
    if !ranks.isFirst { try OwnerOnly.makeFolder(own) }
    for path in try JSONDecoder().decode([String].self, from: Data(files)) {
      let bytes = try ranks.ofFirst({ [UInt8](try Data(contentsOf: run.appending(path: path))) }, "the run's \(path)")
      guard !ranks.isFirst else { continue }
      let file = own.appending(path: path)
      try OwnerOnly.makeFolder(file.deletingLastPathComponent())
      try OwnerOnly.write(Data(bytes), to: file)
    }
    return own
  }

  private static func paths(in run: URL) -> [String] {
    let root = run.standardizedFileURL.path + "/"
    let all = FileManager.default.enumerator(at: run, includingPropertiesForKeys: [.isRegularFileKey])
    var paths: [String] = []
    while let file = all?.nextObject() as? URL {
      let path = file.standardizedFileURL.path
      guard path.hasPrefix(root), (try? file.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true
      else { continue }
      let relative = String(path.dropFirst(root.count))
      if let first = relative.split(separator: "/").first, !unread.contains(String(first)) { paths.append(relative) }
    }
    return paths.sorted()
  }
}
