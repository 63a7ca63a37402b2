internal import ConfigurationFiles
internal import DistillationConfiguration
package import Foundation

/// What a command reads, and what runs have for their own: files that none writes its result over.
///
/// Files are known by what they are and not by how they are spelled. Of what a configuration names count its files, what lies
/// in its folders of models, adapters and images, and the files of its store and its cache.
package struct UsedFiles {
  /// Files that are read.
  private var files: Set<[UInt64]> = []
  /// Folders of which every file is read.
  private var folders: Set<String> = []
  /// Folders of which only the images are: others lie there too.
  private var imageFolders: Set<String> = []
  /// Folders of stores.
  private var stores: Set<String> = []
  /// Folders that a command takes for a run's, whatever it has of one.
  private var runs: Set<String> = []

  /// The files of these names.
  package init(_ paths: [String?] = []) {
    for path in paths.compactMap(\.self) { add(file: path) }
  }

  /// Adds a store's file, and what stands beside it.
  package mutating func add(store path: String) {
    add(file: path)
    let place = NSString(string: path).expandingTildeInPath
    if Self.identity(place) != nil { stores.insert(Self.place(URL(filePath: place).deletingLastPathComponent().path)) }
  }

  /// Adds a configuration, and all that a run of it reads and keeps. One that can't be read adds itself alone: the command
  /// says what is wrong with it.
  package mutating func add(configuration file: URL, dataFolder: URL? = nil, setting: [ConfigurationSetting] = []) {
    add(file: file.path)
    if DistillationMethod.named(in: file) == .dualChecker {
      guard
        let run = try? DualCheckerConfiguration(contentsOf: file, dataFolder: dataFolder, setting: setting)
      else { return }
      add(run, store: run.store, cache: nil, of: file)
    } else {
      guard let run = try? RunConfiguration(contentsOf: file, dataFolder: dataFolder, setting: setting) else { return }
      add(run, store: run.store, cache: run.cache, of: file)
      for (_, path) in run.data.filesByKey {
        imageFolders.insert(Self.place(URL(filePath: path).deletingLastPathComponent().path))
      }
    }
  }

  /// Adds what the run in a folder reads, and what belongs to it.
  package mutating func add(run folder: URL, setting: [ConfigurationSetting] = []) {
    runs.insert(Self.place(folder.path))
    add(configuration: folder.appending(path: "config.yaml"), setting: setting)
  }

  /// Why a result can't be written to a path, in words that follow it; nil where nothing is lost.
  ///
  /// - Parameter isConfiguration: whether the result is a configuration, which may take the place of one. The default is false.
  package func obstacle(at path: String, isConfiguration: Bool = false) -> String? {
    let read = "is read by this command and would be replaced"
    let place = Self.place(path)
    if let target = Self.identity(path) {
      if files.contains(target) { return read }
      let isImage = Self.imageEndings.contains(URL(filePath: path).pathExtension.lowercased())
      for folder in Self.folders(above: place) {
        if folders.contains(folder) || isImage && imageFolders.contains(folder) { return read }
      }
      let (folder, name) = Self.parts(of: place)
      if stores.contains(folder), name.contains(".sqlite") || name == "spending.txt" { return read }
    }
    for folder in Self.folders(above: place) {
      let name = place.dropFirst(folder.count).split(separator: "/").first.map(String.init) ?? ""
      if RunFolder.isOwn(name), runs.contains(folder) || RunFolder.wasBegun(URL(filePath: folder)) {
        return "belongs to the run in \(folder) and would be replaced"
      }
    }
    // Which configuration a run was begun with, its folder does not say.
    let mayBeOne = Self.configurationEndings.contains(URL(filePath: path).pathExtension.lowercased())
    if !isConfiguration, mayBeOne, DistillationMethod.isConfiguration(URL(filePath: place)) {
      return "is the configuration of a run and would be replaced"
    }
    return nil
  }

  private mutating func add(file path: String) {
    if let identity = Self.identity(path) { files.insert(identity) }
  }

  private mutating func add(
    _ configuration: some MethodConfiguration, store: String, cache: String?, of file: URL
  ) {
    var paths: [String] = []
    _ = configuration.mappingConfigurationPaths(nil) { path, _ in
      if path != configuration.out, path != store, path != cache { paths.append(path) }
      return path
    }
    if !ConfigurationPath.isServer(store) { stores.insert(Self.place(NSString(string: store).expandingTildeInPath)) }
    let project = Self.folders(above: Self.place(file.path))
    for path in paths + [cache].compactMap(\.self) {
      guard Self.identity(path) == nil else {
        add(file: path)
        continue
      }
      let folder = Self.place(NSString(string: path).expandingTildeInPath)
      // The folder of a project has more in it than what a run reads.
      if project.contains(folder) { imageFolders.insert(folder) } else { folders.insert(folder) }
    }
  }

  private static let configurationEndings: Set<String> = ["yaml", "yml", "json"]
  private static let imageEndings: Set<String> = ["png", "jpg", "jpeg", "webp", "gif"]

  /// The device and the number of a regular file; nil for anything else.
  private static func identity(_ path: String) -> [UInt64]? {
    var facts = stat()
    guard stat(NSString(string: path).expandingTildeInPath, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    return [UInt64(facts.st_dev), UInt64(facts.st_ino)]
  }

  /// A path without links, of what may not be there itself.
  private static func place(_ path: String) -> String {
    let url = URL(filePath: path).standardizedFileURL
    if FileManager.default.fileExists(atPath: url.path) {
      return URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path.withoutSlash
    }
    let folder = url.deletingLastPathComponent().resolvingSymlinksInPath()
    return folder.appending(path: url.lastPathComponent).standardizedFileURL.path.withoutSlash
  }

  /// The folders that a place lies in, the nearest first.
  private static func folders(above place: String) -> [String] {
    var (result, folder) = ([String](), parts(of: place).folder)
    while folder != "/", !folder.isEmpty {
      result.append(folder)
      folder = parts(of: folder).folder
    }
    return result
  }

  private static func parts(of place: String) -> (folder: String, name: String) {
    guard let slash = place.lastIndex(of: "/") else { return ("", place) }
    return (String(place[..<slash]), String(place[place.index(after: slash)...]))
  }
}

extension String {
  fileprivate var withoutSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
