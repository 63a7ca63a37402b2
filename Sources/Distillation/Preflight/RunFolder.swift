internal import ConfigurationFiles
package import Foundation
import DistillationConfiguration

/// Where a run goes when its place is not said in full.
package enum RunFolder {
  /// The folder of a run.
  ///
  /// What is given wins; then the configuration's `out`; then `runs/NAME`, where NAME is the configuration file's without
  /// its ending. A seed other than the configuration's, given without a folder, has a folder of its own, `...-seed7`, so
  /// that runs that differ in their seed do not overwrite one another.
  ///
  /// - Parameters:
  ///   - configuration: the run, paths resolved.
  ///   - configurationFile: its file.
  ///   - given: the folder of `--out`.
  ///   - seed: that of `--seed`.
  ///   - current: what `runs/NAME` is relative to. The default is the working directory.
  package static func url(
    for configuration: RunConfiguration, configurationFile: URL, given: URL? = nil, seed: Int? = nil,
    current: URL = URL(filePath: FileManager.default.currentDirectoryPath)
  ) -> URL {
    url(
      out: configuration.out, ownSeed: configuration.seed, configurationFile: configurationFile, given: given,
      seed: seed, current: current)
  }

  /// The folder of a run of any method, from its configuration's `out` and seed.
  package static func url(
    out: String?, ownSeed: Int, configurationFile: URL, given: URL? = nil, seed: Int? = nil,
    current: URL = URL(filePath: FileManager.default.currentDirectoryPath)
  ) -> URL {
    if let given { return given }
    let suffix = seed.flatMap { $0 == ownSeed ? nil : "-seed\($0)" } ?? ""
    if let out { return URL(filePath: out + suffix) }
    let name = configurationFile.deletingPathExtension().lastPathComponent
    return current.appending(path: "runs").appending(path: name + suffix)
  }

  /// What a run replaces in its folder, whatever its method. A base and teachers may lie there before, as in the demonstration.
  private static let replaced = [
    "agreement.json", "checkpoints", "config.yaml", "evaluation.json", "metrics.jsonl", "predictions", "replies.jsonl",
    "report.html", "review-queue.csv", "review-queue.jsonl", "review.jsonl", "stage1", "stage2", "student",
  ]

  /// What a run has in its folder beside those, and goes on from.
  private static let kept = [
    "base", "baselines", "budgets", "calibration", "calibration.json", "choice", "events", "loop.json",
    "review-answers.jsonl", "review-log.json", "rounds", "rules.json", "run.lock", "shards", "spending.txt", "steps",
    "teachers", "threshold.json",
  ]

  /// Whether a name belongs to a run's folder, there or not yet there.
  static func isOwn(_ name: String) -> Bool { replaced.contains(name) || kept.contains(name) }

  /// Whether a run was begun in a folder. Runs have a lock and rules; older ones are known by their steps.
  static func wasBegun(_ folder: URL) -> Bool {
    func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: name).path) }
    let steps = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "steps").path)) ?? []
    return ["run.lock", "rules.json", "loop.json"].contains(where: isThere)
      || steps.contains(where: { $0.hasSuffix(".json") })
  }

  /// Refuses a folder in which a run would replace what is not its own: a project's folder with its `config.yaml` or
  /// `replies.jsonl`, in which no run was ever begun, or that of a run of another method.
  ///
  /// - Throws: ``RunError/foreignFolder(_:_:)``, with the names.
  static func refuseForeign(_ folder: URL, for method: DistillationMethod) throws(RunError) {
    func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: name).path) }
    guard wasBegun(folder) else {
      let own = replaced.filter(isThere)
      guard !own.isEmpty else { return }
      throw .foreignFolder(
        folder.path, "no run was begun there, and it has \(own.joined(separator: ", ")), which a run would replace")
    }
    if let other = DistillationMethod.named(in: folder.appending(path: "config.yaml")), other != method {
      throw .foreignFolder(folder.path, "it has one of the method \(other.rawValue), and this is of \(method.rawValue)")
    }
  }
}

extension MethodConfiguration {
  /// The configuration that a run was started with, out of its folder, with some keys set in place of what that says.
  init(ofRun folder: URL, setting: [ConfigurationSetting]) throws {
    let file = folder.appending(path: "config.yaml")
    guard FileManager.default.fileExists(atPath: file.path) else {
      let isThere = FileManager.default.fileExists(atPath: folder.path)
      throw RunError.notARun(folder.path, isThere ? "it has no config.yaml" : "there is no such folder")
    }
    try self.init(contentsOf: file, setting: setting)
  }
}
