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
}

extension MethodConfiguration {
  /// The configuration that a run was started with, out of its folder, with some keys set in place of what that says.
  init(ofRun folder: URL, setting: [ConfigurationSetting]) throws {
    let file = folder.appending(path: "config.yaml")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw RunError.notARun(folder.path, "it has no config.yaml")
    }
    try self.init(contentsOf: file, setting: setting)
  }
}
