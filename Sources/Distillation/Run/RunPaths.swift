internal import ConfigurationFiles
internal import DistillationConfiguration
internal import Foundation

extension RunConfiguration {
  /// The paths as the record of a run in this folder spells them, where they lead to the same place: spellings are part of the
  /// keys of its steps, and earlier versions kept steps upwards in them.
  func spellingPaths(asIn folder: URL) -> RunConfiguration {
    guard let record = try? RunConfiguration(contentsOf: folder.appending(path: "config.yaml")) else { return self }
    var spelled: [String: String] = [:]
    _ = record.mappingConfigurationPaths(nil) { path, _ in
      if path.contains("/..") {
        spelled[ConfigurationPath.absolute(String(path.dropFirst()), in: URL(filePath: "/"))] = path
      }
      return path
    }
    return spelled.isEmpty ? self : mappingConfigurationPaths(nil) { path, _ in spelled[path] ?? path }
  }
}
