package import Foundation
package import Evaluation

/// Writes scalars where TensorBoard finds them: an event file in a folder, new for each process.
///
/// ```swift
/// let board = try TensorBoardWriter(folder: run)
/// try board.add([.loss: 0.412, .learningRate: 1e-4], prefix: "stage1/", step: 120)
/// // tensorboard --logdir runs
/// ```
///
/// The file is named `events.out.tfevents.<seconds>.<host>.<pid>.<n>` as TensorFlow names its own, so that several
/// processes may write to one folder. Each event is on disk when ``add(_:prefix:step:)`` returns.
package struct TensorBoardWriter: Sendable {
  /// The event file.
  package let file: URL
  private let output: AppendingFile
  private let clock: @Sendable () -> Double

  /// Makes an event file.
  ///
  /// - Parameters:
  ///   - folder: where to make it; it must exist.
  ///   - step: the last step that counts, where training goes on after a break. TensorBoard then forgets the later
  ///     points of **all** tags in the folder, so steps must count on through the stages of a run that share one, or
  ///     each stage have a folder of its own. The default is nil: nothing is forgotten.
  package init(folder: URL, resumingAfter step: Int? = nil) throws(RunFileError) {
    try self.init(folder: folder, resumingAfter: step) { Date().timeIntervalSince1970 }
  }

  package init(
    folder: URL, resumingAfter step: Int? = nil, clock: @escaping @Sendable () -> Double
  ) throws(RunFileError) {
    self.clock = clock
    let now = clock()
    let process = ProcessInfo.processInfo
    let stem = String(format: "events.out.tfevents.%010lld.", Int64(now)) + Self.host(process.hostName)
    var number = 0
    while true {
      let file = folder.appendingPathComponent("\(stem).\(process.processIdentifier).\(number)")
      if let output = try AppendingFile(file.path, new: true) {
        (self.file, self.output) = (file, output)
        break
      }
      number += 1
    }
    try output.append(TensorBoardEvent(wallTime: now, content: .fileVersion("brain.Event:2")).record)
    if let step {
      try output.append(TensorBoardEvent(wallTime: now, step: step + 1, content: .sessionStart).record)
    }
  }

  /// Adds the measures of one step under their TRL names, each with a prefix such as `stage1/`.
  package func add(_ values: [TrainingMetric: Double], prefix: String = "", step: Int) throws(RunFileError) {
    try add(Dictionary(uniqueKeysWithValues: values.map { (prefix + $0.rawValue, $1) }), step: step)
  }

  /// Adds values by tag at a step, all in one event, sorted by tag and rounded to Float32.
  package func add(_ values: [String: Double], step: Int) throws(RunFileError) {
    guard !values.isEmpty else { return }
    let scalars = values.sorted { $0.key < $1.key }.map { (tag: $0.key, value: Float($0.value)) }
    try output.append(TensorBoardEvent(wallTime: clock(), step: step, content: .scalars(scalars)).record)
  }

  /// A host's name as it may stand in a file's name.
  private static func host(_ name: String) -> String {
    let clean = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") ? $0 : "-" }
    return clean.isEmpty ? "localhost" : String(clean)
  }
}
