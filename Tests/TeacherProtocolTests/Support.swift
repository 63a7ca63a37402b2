import Foundation
import TeacherProtocol

/// A folder of its own that is removed with the last reference to it.
final class Scratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("words-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String, _ content: String) throws -> URL { try file(name, Data(content.utf8)) }

  func file(_ name: String, _ content: Data) throws -> URL {
    let file = url.appendingPathComponent(name)
    try content.write(to: file)
    return file
  }
}

/// The error that a body throws, as a TeacherProtocolError; nil where it throws none.
func failure(_ body: () throws -> Void) -> TeacherProtocolError? {
  do {
    try body()
    return nil
  } catch {
    return error as? TeacherProtocolError
  }
}
