internal import Annotations
package import Foundation
package import TeacherProtocol
internal import DistillationConfiguration
internal import Reporting
internal import Tensor
#if Run
  internal import SQLiteStore
#endif

extension DistillationRun {
  /// Asks the teachers about the items of one part, and keeps what they say in a store of the part's own beside the run's: parts
  /// may be asked about on several machines at once, and are put together by `distill replies merge`.
  ///
  /// Neither recorded teachers nor those that the run trains are asked; no step of the run is begun or finished. What the run's
  /// store has is not asked again. The budget is that of the run, over all parts that write into the same file of it.
  ///
  /// Where each row tells by itself whether it is asked about, rows are read as they are asked about, in memory that does not grow
  /// with the file; else all items are held.
  ///
  /// - Parameter rows: how many are read at one time. The default is 16,384.
  /// - Returns: the store of the part; nil where the run's is on a server, which takes the replies itself.
  /// - Throws: as the step `annotate`.
  package func annotate(_ shard: Shard, rows: Int = 16_384) async throws -> URL? {
    try lookAtPrompts()
    try refuseUnusable(store: configuration.store)
    if let threads = configuration.threads { Tensor.Compute.threads = threads }
    var asked = self
    asked.configuration.teachers = configuration.teachers.filter { $0.kind == .model || $0.service != nil }
    guard !asked.configuration.teachers.isEmpty || !plugins.teachers.isEmpty else {
      throw RunError.unset(
        "teachers with one of the kind openai, decision or model, which alone are asked by parts", step: .annotate)
    }
    try OwnerOnly.makeFolder(folder)
    try RunFolder.refuseForeign(folder, for: .multiTeacher)
    let place = folder.appending(path: "shards/\(shard.index)-of-\(shard.count)")
    try OwnerOnly.makeFolder(place)
    let lock = try RunLock(place, reporter: reporter)
    defer { lock.free() }
    LeftFiles.delete(in: place, .locked)
    try RunRules.keep(in: folder)
    let (store, file) = try shardStore(shard)
    if configuration.asksRowByRow {
      try await asked.askRowByRow(shard, store, rows: rows)
      return file
    }
    let labels = try configuration.labelSet()
    let data = try readData(DataFiles(configuration), labels).part(shard)
    reporter.message(
      "shard \(shard): \(data.train.count) training items and \(data.scoredByTeachers(configuration.evaluation).count) scored ones"
    )
    _ = try await asked.gathered(data, labels: labels, store: store)
    return file
  }
}
