internal import ContentDigest
internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration

/// The data files of a run, each opened once: their bytes, and the key of all that is made from them.
struct DataFiles: Sendable {
  private let bytes: [String: Data]
  /// A digest of the files alone.
  let contents: String
  /// A digest of the files and of how the configuration reads and divides them.
  let key: String

  /// - Throws: ``RunError/unset(_:)`` where the configuration names none, `TeacherProtocolError` for one that can't be read.
  init(_ configuration: RunConfiguration) throws {
    let data = configuration.data
    let paths = data.filesByKey.map(\.1)
    guard !paths.isEmpty else { throw RunError.unset("data.file") }
    var (bytes, digests) = ([String: Data](), [String]())
    for path in paths {
      let read = try bytes[path] ?? readData(URL(filePath: path))
      bytes[path] = read
      var digest = ContentDigest()
      read.withUnsafeBytes { digest.update($0) }
      digests.append(digest.hexadecimal())
    }
    self.bytes = bytes
    contents = digests.joined()
    key = StepRecords.key(contents, data.keyed, "\(configuration.seed)")
  }

  func rows(_ path: String) throws -> RowFile {
    let url = URL(filePath: path)
    guard let bytes = bytes[path] else { return try RowFile(contentsOf: url) }
    return try RowFile(bytes, of: url)
  }
}
