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
  }

  let folder: URL

  init(run: URL) { folder = run.appending(path: "steps") }

  /// Whether no part was ever finished.
  var isEmpty: Bool { (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.isEmpty ?? true }

  /// What is recorded of a part; nil where it was never finished.
  subscript(_ name: String) -> Record? {
    guard let data = try? Data(contentsOf: file(name)) else { return nil }
    return try? JSONDecoder().decode(Record.self, from: data)
  }

  /// Whether the part came to this before and its files are still there.
  func isDone(_ name: String, key: String, outputs: [URL]) -> Bool {
    guard let record = self[name] else { return false }
    return record.key == key && outputs.allSatisfy { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// Forgets the part, before its files are written anew: stopped half-way it must not count as what it was.
  func begin(_ name: String) { try? FileManager.default.removeItem(at: file(name)) }

  /// Marks the part as finished.
  func finish(_ name: String, key: String, inputs: String? = nil, seconds: Double) throws {
    // A name may have folders of its own, such as baselines/full_label.
    let file = file(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try encoder.encode(Record(key: key, inputs: inputs, seconds: seconds)).write(to: file, options: .atomic)
  }

  private func file(_ name: String) -> URL { folder.appending(path: "\(name).json") }

  /// The version of what steps compute, which is part of their keys: where it changes, every step of every finished run is
  /// carried out again. The package's version is another one, since a release by itself changes no result.
  static let version = "0.1.0"

  /// One key from the parts' keys and texts.
  static func key(_ parts: String...) -> String { ContentDigest.of(fields: parts) }
}
