import Foundation

/// The cases of a file in Golden/ that a script beside it has written.
///
/// - Returns: none where the file is of another format or version, which a test of each file's count would notice.
func goldenCases<Case: Decodable>(of format: String, as type: Case.Type) -> [Case] {
  let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(format).json")
  guard let data = try? Data(contentsOf: file), let file = try? JSONDecoder().decode(GoldenFile<Case>.self, from: data),
    file.format == format, file.version == 1
  else { return [] }
  return file.cases
}

private struct GoldenFile<Case: Decodable>: Decodable {
  var format: String
  var version: Int
  var cases: [Case]
}
