package import Foundation
package import ConfigurationFiles
package import DistillationConfiguration
internal import Wording

/// A configuration as a file to begin with.
package enum ConfigurationDraft {
  /// Writes the template of a method; its folder is made too.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - beginning: what it is for. The default has every key.
  ///   - file: where it goes.
  ///   - replacing: whether a file that is there may be replaced. The default is false.
  /// - Throws: ``CheckingError``; nothing is replaced then.
  package static func write(
    _ method: DistillationMethod, _ beginning: ConfigurationTemplate.Beginning = .all, to file: URL,
    replacing: Bool = false
  ) throws(CheckingError) {
    if !replacing, FileManager.default.fileExists(atPath: file.path) { throw .fileExists(file.relativePath) }
    do {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(ConfigurationTemplate.text(for: method, beginning).utf8).write(to: file, options: .atomic)
    } catch {
      throw .unwritable(file.relativePath, reason: FaultText.reason(of: error, advising: true))
    }
  }
}
