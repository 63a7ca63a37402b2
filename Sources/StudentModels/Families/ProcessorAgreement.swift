internal import Foundation
internal import ImageDecoding
internal import JSON
internal import Tokenization

/// What config.json and the files of a processor both say: where they differ, prompts have other image tokens than the network
/// has rows of features, or images are cut in another way than they are put together.
enum ProcessorAgreement {
  /// Refuses a processor_config.json with another value than the one that config.json gives; a key that is missing says nothing.
  ///
  /// - Parameter source: the keys of config.json that give the value.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)``, naming both files.
  static func require(_ key: String, _ value: Int, from source: String, in folder: URL) throws {
    try require(key, .number("\(value)"), from: source, in: folder) { $0.integer == value }
  }

  /// Refuses another choice of the tower's rows than that of LLaVA's patches, its first row left out, which config.json alone is
  /// read for.
  ///
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)``, naming both files.
  static func requirePatches(in folder: URL) throws {
    let strategy = "vision_feature_select_strategy"
    try require(strategy, "default", from: strategy, in: folder) { $0.string == "default" }
    // The row that is left out: a processor adds it to the patches and takes it off again.
    try require("num_additional_image_tokens", 1, from: strategy, in: folder)
  }

  private static func require(
    _ key: String, _ value: JSONValue, from source: String, in folder: URL, _ isValue: (JSONValue) -> Bool
  ) throws {
    let file = folder.appending(path: "processor_config.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let settings = try tokenizerJSON(Array(readRegularFile(file)), file: file.path)
    guard let said = settings[key], !said.isNull, !isValue(said) else { return }
    throw StudentError.unusableFile(
      "\(file.path): \(key)", expected: "\(value.text), by \(source) of config.json", found: said.summary)
  }

  /// Refuses an image processor that chooses among other resolutions than config.json names.
  ///
  /// - Parameter path: the processor's file.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)``, naming both files.
  static func require(
    _ resolutions: [LlavaNextImageProcessor.Configuration.Resolution], of path: String, in folder: URL
  ) throws {
    struct Grid: Decodable {
      var image_grid_pinpoints: [[Int]]?
    }
    let grid: Grid = try readJSON(folder.appending(path: "config.json"))
    let own = resolutions.map { [$0.height, $0.width] }
    guard let said = grid.image_grid_pinpoints, Set(said) != Set(own) else { return }
    throw StudentError.unusableFile(
      "\(path): image_grid_pinpoints", expected: "\(said), as config.json says", found: "\(own)")
  }
}
