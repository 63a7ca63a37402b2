internal import Foundation
internal import Reporting

/// A file that a part of a run wrote, as it was then.
struct StepOutput: Codable, Equatable {
  let sha256: String
  /// Size, time and number of the file: while these are the same a large file is not read again.
  let state: String

  /// Files from this size on are known by their state: 1 MiB.
  private static let large = 1 << 20

  /// - Throws: an error of the file system.
  init(_ file: URL) throws {
    sha256 = try digest(of: file)
    state = Self.state(of: file)?.text ?? ""
  }

  /// Whether the file is what it was.
  func isSame(_ file: URL) -> Bool {
    guard let now = Self.state(of: file), state.hasPrefix("\(now.size) ") else { return false }
    if now.text == state, now.size >= Self.large { return true }
    return (try? digest(of: file)) == sha256
  }

  private static func state(of file: URL) -> (size: Int, text: String)? {
    var status = stat()
    guard stat(file.path, &status) == 0 else { return nil }
    let (size, time) = (Int(status.st_size), status.modified)
    return (size, "\(size) \(time.tv_sec).\(time.tv_nsec) \(status.st_ino)")
  }

  /// The regular files among these, and those in the folders among them; what an atomic write had begun is none.
  static func files(of outputs: [URL]) -> [URL] {
    outputs.flatMap { output in
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: output.path, isDirectory: &isFolder), isFolder.boolValue else {
        return [output]
      }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: output.path)) ?? []
      return names.filter { !$0.hasPrefix(".") }.sorted().map { output.appending(path: $0) }
    }
  }
}

extension StepRecords {
  /// A file of a part that is gone or is not what the part wrote.
  struct Damage {
    let file: URL
    let reason: String
  }

  /// What is the matter with a part's files. Of a part that an older version finished it is known whether they are there.
  func damage(to name: String, outputs: [URL]) -> [Damage] {
    let missing = outputs.filter { !FileManager.default.fileExists(atPath: $0.path) }
    let known = (self[name]?.outputs ?? [:]).sorted { $0.key < $1.key }
      .map { (file: run.appending(path: $0.key), output: $0.value) }
    return missing.map { Damage(file: $0, reason: "is gone") }
      + known.compactMap { file, output in
        guard FileManager.default.fileExists(atPath: file.path) else {
          return missing.contains { file.path.hasPrefix($0.path) } ? nil : Damage(file: file, reason: "is gone")
        }
        return output.isSame(file) ? nil : Damage(file: file, reason: "is not what was written there: it is damaged")
      }
  }

  /// Whether the part came to this before and its files are still what they were. Damaged ones are removed, with a word.
  func isDone(_ name: String, key: String, outputs: [URL], reporter: ProgressReporter) -> Bool {
    guard let record = self[name], record.key == key else { return false }
    let damage = damage(to: name, outputs: outputs)
    clear(damage.filter { FileManager.default.fileExists(atPath: $0.file.path) }, of: name, reporter: reporter)
    return damage.isEmpty
  }

  /// Says what is made anew, and removes what is left of it, so that nothing goes on from there.
  func clear(_ damage: [Damage], of name: String, reporter: ProgressReporter) {
    for one in damage {
      reporter.warn("\(one.file.path) \(one.reason); \(name) makes it anew")
      try? FileManager.default.removeItem(at: one.file)
    }
  }

  /// The parts whose names begin so and that were finished, such as the baselines of an evaluation.
  func names(in folders: [String]) -> [String] {
    folders.flatMap { folder in
      let paths = FileManager.default.enumerator(atPath: self.folder.appending(path: folder).path)?.allObjects ?? []
      return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".json") }.sorted()
        .map { "\(folder)/\($0.dropLast(5))" }
    }
  }
}
