import Foundation

/// The golden files beside this one, which the scripts beside them write with Pillow and transformers.
struct GoldenFile<Case: Decodable>: Decodable {
  let format: String
  let version: Int
  let cases: [Case]

  /// Reads `Golden/<format>.json` and holds its head against what the test expects.
  static func load(_ format: String) throws -> [Case] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    let data = try Data(contentsOf: folder.appendingPathComponent(format + ".json"))
    let golden = try JSONDecoder().decode(Self.self, from: data)
    guard golden.format == format, golden.version == 1, !golden.cases.isEmpty else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return golden.cases
  }
}

/// Bytes that stand in JSON as base64.
extension Data {
  var bytes: [UInt8] { Array(self) }
}
