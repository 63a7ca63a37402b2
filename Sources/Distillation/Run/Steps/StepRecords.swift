internal import ContentDigest
internal import Foundation

/// What the finished parts of a run were made from: `steps/NAME.json` in its folder.
///
/// A record is written last, so a part that was killed has none, or one without inputs.
struct StepRecords: Sendable {
  /// One finished part.
  struct Record: Codable {
    /// A digest of what came of it: of everything that its result depends on, where that is known before.
    var key: String
    /// A digest of what it was made from. Nil in records of versions that wrote none, and while it is carried out again.
    var inputs: String?
    /// How long it took.
    var seconds: Double
    /// A digest of each part of its inputs, by name. Nil in records of versions that wrote none.
    var parts: [String: String]?
    /// The files that it left, by their paths in the run's folder. Nil in records of versions that wrote none.
    var outputs: [String: StepOutput]?
  }

  let run: URL
  var folder: URL { run.appending(path: "steps") }

  init(run: URL) { self.run = run }

  /// Whether no part was ever finished.
  var isEmpty: Bool { (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.isEmpty ?? true }

  /// What is recorded of a part; nil where it was never finished.
  subscript(_ name: String) -> Record? {
    guard let data = try? Data(contentsOf: file(name)) else { return nil }
    return try? JSONDecoder().decode(Record.self, from: data)
  }

  /// Forgets the part, before its files are written anew: stopped half-way it must not count as what it was.
  func begin(_ name: String) { try? FileManager.default.removeItem(at: file(name)) }

  /// Marks the part as finished.
  ///
  /// - Parameter outputs: files and folders whose content is remembered; all of them belong to the run's folder.
  func finish(
    _ name: String, key: String, inputs: StepInputs? = nil, outputs: [URL] = [], seconds: Double
  ) throws {
    let root = run.path + "/"
    var written: [String: StepOutput] = [:]
    for file in StepOutput.files(of: outputs) where file.path.hasPrefix(root) {
      written[String(file.path.dropFirst(root.count))] = try StepOutput(file)
    }
    try write(
      Record(
        key: key, inputs: inputs?.key, seconds: seconds, parts: inputs?.parts, outputs: written.isEmpty ? nil : written),
      of: name)
  }

  /// Takes what a part was made from out of its record: stopped half-way it must not count as made from what it was, and
  /// what it came to then is its own to compare.
  func beginAgain(_ name: String) throws {
    guard var record = self[name], record.inputs != nil else { return }
    record.inputs = nil
    try write(record, of: name)
  }

  /// Writes down what the record of an older version does not name of what the part was made from.
  func complete(_ name: String, with inputs: StepInputs) throws {
    guard var record = self[name], let older = inputs.olderKey, record.inputs == older else { return }
    (record.inputs, record.parts) = (inputs.key, inputs.parts)
    try write(record, of: name)
  }

  private func write(_ record: Record, of name: String) throws {
    // A name may have folders of its own, such as baselines/full_label.
    let file = file(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(record).write(to: file, options: .atomic)
  }

  private func file(_ name: String) -> URL { folder.appending(path: "\(name).json") }

  /// The version of what steps compute, which is part of their keys: where it changes, every step of every finished run is
  /// carried out again. The package's version is another one, since a release by itself changes no result.
  static let version = "0.1.0"

  /// One key from the parts' keys and texts.
  static func key(_ parts: String...) -> String { ContentDigest.of(fields: parts) }
}
