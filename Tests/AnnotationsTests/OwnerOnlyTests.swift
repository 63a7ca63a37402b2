import Annotations
import Foundation
import TeacherProtocol
import Testing

/// Who may read what people said and what was paid for.
@Suite struct OwnerOnlyTests {
  /// The permissions of a file or folder, whatever the umask is.
  func mode(_ url: URL) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
    return try #require(attributes[.posixPermissions] as? NSNumber).intValue
  }

  @Test func `answers, replies and queues and the folders that are made for them are their owner's`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "own-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let deep = folder.appending(path: "a/b")
    _ = try ReviewJournal(deep.appending(path: "answers.jsonl"))
    _ = try JSONLinesAnnotationStore(deep.appending(path: "replies.jsonl"))
    try ReviewFile.write([], to: deep.appending(path: "queue.jsonl"))
    for name in ["answers.jsonl", "replies.jsonl", "queue.jsonl"] {
      #expect(try mode(deep.appending(path: name)) == 0o600, "\(name)")
    }
    for place in [folder, folder.appending(path: "a"), deep] { #expect(try mode(place) == 0o700, "\(place.path)") }
  }

  @Test func `a folder that is there keeps its mode, and a file that is replaced is the owner's`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "own-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    chmod(folder.path, 0o755)
    let file = folder.appending(path: "file")
    try Data("old".utf8).write(to: file)
    chmod(file.path, 0o644)
    try OwnerOnly.write(Data("new".utf8), to: file)
    #expect(try String(contentsOf: file, encoding: .utf8) == "new")
    #expect(try mode(file) == 0o600)
    #expect(try mode(folder) == 0o755)
    try OwnerOnly.makeFolder(folder)
    #expect(try mode(folder) == 0o755)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
    #expect(throws: (any Error).self) { try OwnerOnly.makeFolder(file.appending(path: "below")) }
    #expect(throws: (any Error).self) { try OwnerOnly.write(Data(), to: file.appending(path: "below")) }
  }
}
