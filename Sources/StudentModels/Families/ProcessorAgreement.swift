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
    let file = folder.appending(path: "processor_config.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let settings = try tokenizerJSON(Array(readRegularFile(file)), file: file.path)
    guard let said = settings[key], !said.isNull, said.integer != value else { return }
    throw StudentError.unusableFile(
      "\(file.path): \(key)", expected: "\(value), by \(source) of config.json", found: said.summary)
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
