public import ConfigurationFiles
public import Foundation
internal import Wording

extension RunConfiguration {
  /// The largest configuration file that is read, in bytes.
  package static let fileSizeLimit = 1 << 20
}

extension ConfigurationSection {
  /// Reads a configuration file and resolves its paths.
  ///
  /// - Parameters:
  ///   - file: YAML or JSON, by its ending, else by its content.
  ///   - dataFolder: The folder that data paths are relative to; nil for the folder of `file`.
  /// - Throws: All problems of the file together.
  public init(contentsOf file: URL, dataFolder: URL? = nil) throws(ConfigurationError) {
    try self.init(contentsOf: file, dataFolder: dataFolder, setting: [])
  }

  /// Reads a configuration file with some keys set in place of what it says, and resolves its paths; those of the settings are
  /// relative to the working directory.
  ///
  /// - Throws: All problems of the file together, or the first of the settings.
  package init(
    contentsOf file: URL, dataFolder: URL? = nil, setting: [ConfigurationSetting],
    current: URL = URL(filePath: FileManager.default.currentDirectoryPath)
  ) throws(ConfigurationError) {
    let text = try Self.text(of: file)
    var node: ConfigurationNode
    do throws(ConfigurationProblem) {
      node = try ConfigurationNode(text: text, format: ConfigurationFormat(of: file.path, text: text))
    } catch {
      throw ConfigurationError(file: file.path, problems: [error])
    }
    let own = node
    for one in setting {
      node = try one.applied(to: node, outline: Self.configurationOutline(of: nil), folder: current)
    }
    let written: Self
    do throws(ConfigurationError) {
      written = try Self(node: node, file: file.path)
    } catch {
      throw error.blaming(setting, forAllBut: Self.problems(of: own))
    }
    self = written.resolvingPaths(configurationFolder: file.deletingLastPathComponent(), dataFolder: dataFolder)
  }

  /// What is wrong with a file by itself.
  private static func problems(of node: ConfigurationNode) -> [ConfigurationProblem] {
    do throws(ConfigurationError) {
      _ = try Self(node: node, file: nil)
      return []
    } catch {
      return error.problems
    }
  }

  /// The configuration with absolute paths, so that its copy in the run's folder means the same files.
  ///
  /// `~/` is the user's home. Files of items, images, captions and recorded replies are relative to the data folder,
  /// everything else to the folder of the configuration file. Absolute paths stay as they are.
  ///
  /// - Parameters:
  ///   - configurationFolder: The folder of the configuration file.
  ///   - dataFolder: The folder given by `--data`; nil for that of the configuration file.
  package func resolvingPaths(configurationFolder: URL, dataFolder: URL? = nil) -> Self {
    mappingConfigurationPaths(nil) { path, root in
      switch root {
      case .configuration: ConfigurationPath.absolute(path, in: configurationFolder)
      case .data: ConfigurationPath.absolute(path, in: dataFolder ?? configurationFolder)
      }
    }
  }

  private static func text(of file: URL) throws(ConfigurationError) -> String {
    func unreadable(_ why: String) -> ConfigurationError {
      ConfigurationError(file: file.path, problems: [ConfigurationProblem(reason: .unreadable(why))])
    }
    guard let kind = try? FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path) else {
      throw unreadable("there is no such file; give a YAML or JSON file, or write one with: distill init")
    }
    guard kind[.type] as? FileAttributeType != .typeDirectory else {
      throw unreadable("this is a folder; give the YAML or JSON file in it")
    }
    // A pipe, which reading would wait for, or a device.
    guard kind[.type] as? FileAttributeType == .typeRegular else { throw unreadable("this is not a regular file") }
    guard (kind[.size] as? Int ?? 0) <= RunConfiguration.fileSizeLimit else {
      throw unreadable("the file is larger than \(RunConfiguration.fileSizeLimit) bytes, which no configuration is")
    }
    let bytes: Data
    do {
      bytes = try Data(contentsOf: file)
    } catch {
      throw unreadable("the file can't be read: \(FaultText.reason(of: error))")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw unreadable("the file is not UTF-8 text; save it as UTF-8")
    }
    return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
  }
}

extension ConfigurationError {
  /// The same where problems that the file has not by itself are those of what is set in place of what it says, also where they
  /// show at a key that the file has.
  fileprivate func blaming(
    _ settings: [ConfigurationSetting], forAllBut own: [ConfigurationProblem]
  ) -> ConfigurationError {
    guard !settings.isEmpty else { return self }
    let all = settings.compactMap(\.position.setting).joined(separator: " ")
    var error = self
    error.problems = problems.map { problem in
      guard problem.position?.setting == nil, !own.contains(problem) else { return problem }
      var problem = problem
      problem.position = ConfigurationNode.Position(setting: all)
      return problem
    }
    return error
  }
}
