package import Foundation
package import Evaluation
internal import Wording

/// The file `metrics.jsonl` of a run, to which every training stage appends its steps.
///
/// ```swift
/// let log = try MetricsLog(file: run.appending(path: "metrics.jsonl"), stage: "stage1", after: checkpoint.step)
/// try log.append(step: 121, [.loss: 0.412, .learningRate: 1e-4])
/// ```
///
/// Opening it for a stage drops that stage's rows behind the step that training goes on from, and nothing else: steps
/// that are done again after a kill stand in the file once. Rows are written at once and whole, so a row appended
/// before the checkpoint of its step is there whenever the checkpoint is.
package struct MetricsLog: Sendable {
  /// The training that appends.
  package let stage: String
  private let file: AppendingFile

  /// Opens the log for a stage, making the file where there is none.
  ///
  /// - Parameters:
  ///   - file: the path, in a folder that exists.
  ///   - stage: the name of the training.
  ///   - step: the last step whose row is kept; 0 where training starts from its beginning. The default is 0.
  package init(file: URL, stage: String, after step: Int = 0) throws(RunFileError) {
    self.stage = stage
    if FileManager.default.fileExists(atPath: file.path) {
      try Self.dropRows(of: file) { $0.stage == stage && $0.step > step }
    }
    guard let opened = try AppendingFile(file.path, new: false) else {
      throw .unwritable(file: file.path, reason: "it can't be opened")
    }
    self.file = opened
  }

  /// Appends one row.
  package func append(step: Int, _ values: [TrainingMetric: Double]) throws(RunFileError) {
    try append(MetricsRow(stage: stage, step: step, values))
  }

  /// Appends one row with measures of any name.
  ///
  /// - Precondition: the row is of this log's stage.
  package func append(_ row: MetricsRow) throws(RunFileError) {
    precondition(row.stage == stage, "a row of \(row.stage) in the log of \(stage)")
    try file.append(Array((row.json + "\n").utf8))
  }

  /// All rows of a log in the order written; lines that are no rows (one torn by a kill) are passed over.
  package static func rows(of file: URL) throws(RunFileError) -> [MetricsRow] {
    try lines(of: file).compactMap { MetricsRow(json: $0) }
  }

  private static func lines(of file: URL) throws(RunFileError) -> [Substring] {
    do {
      return String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "\n")
    } catch {
      throw .unreadable(file: file.path, reason: FaultText.reason(of: error))
    }
  }

  private static func dropRows(of file: URL, where isStale: (MetricsRow) -> Bool) throws(RunFileError) {
    let lines = try lines(of: file)
    let kept = lines.filter { line in MetricsRow(json: line).map { !isStale($0) } ?? false }
    // The file is written anew even when all rows stay: its last line may lack its end.
    let text = kept.map { $0 + "\n" }.joined()
    do {
      try Data(text.utf8).write(to: file, options: .atomic)
    } catch {
      throw .unwritable(file: file.path, reason: FaultText.reason(of: error))
    }
  }
}
