package import Foundation
internal import Layers
internal import Tensor

extension ImageTextMatcher {
  /// What the sentence model is called in a matcher's folder: a folder of this name, or a GGUF file that begins with it.
  private static let sentenceName = "sentence_model"

  /// Where the sentence model lies in a matcher's folder.
  package static func sentenceModel(in folder: URL) throws -> URL {
    let place = folder.appending(path: sentenceName)
    guard !FileManager.default.fileExists(atPath: place.path) else { return place }
    return try sentenceFiles(in: folder).first ?? place
  }

  /// The GGUF files of the sentence model in a matcher's folder, in the order of their parts.
  private static func sentenceFiles(in folder: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .map { folder.appending(path: $0) }
      .filter { GGUFModel.isFile($0) && $0.lastPathComponent.hasPrefix(sentenceName) }
  }

  /// What a file of a model is called beside config.json: parts of one keep the number by which they find one another.
  private static func copyName(of file: URL, isPart: Bool) -> String {
    sentenceName + (isPart ? String(file.lastPathComponent.suffix("-00001-of-00002.gguf".count)) : ".gguf")
  }

  /// Whether a folder is a matcher's.
  package static func isFolder(_ folder: URL) -> Bool {
    (try? modelType(of: folder)) == ImageTextMatcherConfiguration.modelType
  }

  /// Reads a folder that ``save(to:)`` has written: config.json, the weights of tower, maps and decision, and the sentence
  /// model as it was published.
  ///
  /// - Throws: ``StudentError`` or the error of the file that can't be used; a tensor that is missing, unknown or of
  ///   another shape stops the load with the whole list; `NonFiniteWeight` where a weight is no number.
  package init(contentsOf folder: URL) throws {
    let type = try modelType(of: folder)
    guard type == ImageTextMatcherConfiguration.modelType else {
      throw StudentError.unknownFamily(folder.path, found: type, known: [ImageTextMatcherConfiguration.modelType])
    }
    let configuration = try ImageTextMatcherConfiguration(contentsOf: folder)
    var generator = Tensor.Blank()
    try self.init(configuration, sentences: Self.sentenceModel(in: folder), using: &generator)
    try loadWeights(from: Tensor.SafetensorsFolder(contentsOf: folder))
    try refuseNonFiniteWeights(of: folder)
  }

  /// Writes a folder that ``init(contentsOf:)`` reads, with a copy of the sentence model, be it a folder or a GGUF file. The
  /// tower's tensors have the names of transformers' ConvNextModel behind `vision_model.`. Adapters are not part of it.
  package func save(to folder: URL) throws {
    let files = FileManager.default
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    let own = try Self.sentenceModel(in: folder)
    if own.standardizedFileURL != sentenceFolder.standardizedFileURL {
      // What another sentence model left would be read in place of this one.
      for old in try [folder.appending(path: Self.sentenceName)] + Self.sentenceFiles(in: folder)
      where files.fileExists(atPath: old.path) {
        try files.removeItem(at: old)
      }
      let parts = try GGUFModel.paths(of: sentenceFolder).map { URL(filePath: $0) }
      for part in parts {
        let name = Self.copyName(of: part, isPart: parts.count > 1)
        try files.copyItem(at: part.resolvingSymlinksInPath(), to: folder.appending(path: name))
      }
      if parts.isEmpty {
        try files.copyItem(
          at: sentenceFolder.resolvingSymlinksInPath(), to: folder.appending(path: Self.sentenceName))
      }
    }
    try prettyJSON(configuration).write(to: folder.appending(path: "config.json"), options: .atomic)
    try saveWeights(to: folder)
  }
}
