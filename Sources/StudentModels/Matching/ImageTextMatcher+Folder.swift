package import Foundation
internal import Layers
internal import Tensor

extension ImageTextMatcher {
  /// Where the sentence model lies in a matcher's folder.
  private static let sentenceModel = "sentence_model"

  /// Whether a folder is a matcher's.
  package static func isFolder(_ folder: URL) -> Bool {
    (try? modelType(of: folder)) == ImageTextMatcherConfiguration.modelType
  }

  /// Reads a folder that ``save(to:)`` has written: config.json, the weights of tower, maps and decision, and the sentence
  /// model as it was published.
  ///
  /// - Throws: ``StudentError`` or the error of the file that can't be used; a tensor that is missing, unknown or of
  ///   another shape stops the load with the whole list.
  package init(contentsOf folder: URL) throws {
    let type = try modelType(of: folder)
    guard type == ImageTextMatcherConfiguration.modelType else {
      throw StudentError.unknownFamily(folder.path, found: type, known: [ImageTextMatcherConfiguration.modelType])
    }
    let configuration: ImageTextMatcherConfiguration = try readJSON(folder.appending(path: "config.json"))
    var generator = Tensor.Blank()
    try self.init(configuration, sentences: folder.appending(path: Self.sentenceModel), using: &generator)
    try loadWeights(from: Tensor.SafetensorsFolder(contentsOf: folder))
  }

  /// Writes a folder that ``init(contentsOf:)`` reads, with a copy of the sentence model. The tower's tensors have the names
  /// of transformers' ConvNextModel behind `vision_model.`. Adapters are not part of it.
  package func save(to folder: URL) throws {
    let files = FileManager.default
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    let copy = folder.appending(path: Self.sentenceModel)
    if copy.standardizedFileURL != sentenceFolder.standardizedFileURL {
      if files.fileExists(atPath: copy.path) { try files.removeItem(at: copy) }
      try files.copyItem(at: sentenceFolder.resolvingSymlinksInPath(), to: copy)
    }
    try prettyJSON(configuration).write(to: folder.appending(path: "config.json"), options: .atomic)
    try saveWeights(to: folder)
  }
}
