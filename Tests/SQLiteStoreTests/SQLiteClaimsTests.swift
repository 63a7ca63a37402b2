import Annotations
import Foundation
import SQLiteStore
import TeacherProtocol
import TestSupport
import Testing

/// Who is about to ask what, among the processes that share a store.
@Suite struct SQLiteClaimsTests {
  let folder: URL
  var file: URL { folder.appendingPathComponent("annotations.sqlite") }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("claims-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func claimed() throws -> Int64? {
    try SQLiteConnection(file.path, .reading).statement("SELECT count(*) AS n FROM claim")
      .rows { try $0.integer("n") }.first ?? nil
  }

  @Test func `a question is one worker's until it is answered or given up`() async throws {
    let (one, two) = (try SQLiteAnnotationStore(file), try SQLiteAnnotationStore(file))
    #expect(try await one.claim(["a", "b", "c"]).mine == ["a", "b", "c"])
    #expect(try await one.claim(["a"]).mine == ["a"])
    var other = try await two.claim(["a", "b", "c", "d"])
    #expect(other.mine == ["d"] && other.answered == [])
    try await one.append([annotation("a")])
    await one.release(["b"])
    other = try await two.claim(["a", "b", "c"])
    #expect(other.mine == ["b"] && other.answered == ["a"])
    await one.release(nil)
    #expect(try await two.claim(["c"]).mine == ["c"])
    // What is another's can't be given up.
    await one.release(["c"])
    #expect(try await one.claim(["c"]).mine == [])
    // Of b, c and d; a went with its reply.
    #expect(try claimed() == 3)
    // A store's claims end with its last use.
    #expect(try await two.claim(["d"]).mine == ["d"])
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `a worker knows which process has claimed a question`() async throws {
    let (one, two) = (try SQLiteAnnotationStore(file), try SQLiteAnnotationStore(file))
    #expect(try await one.claim(["a"]).mine == ["a"])
    #expect(try await two.claim(["a", "b"]).mine == ["b"])
    let number = ProcessInfo.processInfo.processIdentifier
    #expect(await two.holder(of: "a") == ClaimHolder(name: "process \(number)", process: number))
    #expect(await two.holder(of: "c") == nil)
    await one.release(nil)
    #expect(await two.holder(of: "a") == nil)
    try FileManager.default.removeItem(at: folder)
  }

  /// Numbers of earlier versions lie between 1 and 2 to the 62nd: nothing is read from them.
  @Test func `of a worker of an earlier version it is known that it lives, and no more`() async throws {
    let one = try SQLiteAnnotationStore(file)
    #expect(try await one.claim(["a"]).mine == ["a"])
    let (earlier, other) = (Int64(1) << 61 + 4711, try SQLiteAnnotationStore(file))
    let workers = open(file.path + ".workers", O_RDWR)
    var byte = flock()
    (byte.l_type, byte.l_whence) = (Int16(F_WRLCK), Int16(SEEK_SET))
    (byte.l_start, byte.l_len) = (off_t(earlier), 1)
    // F_OFD_SETLK, as on Linux and on macOS.
    #if os(Linux)
      let setLock: Int32 = 37
    #else
      let setLock: Int32 = 90
    #endif
    #expect(fcntl(workers, setLock, &byte) == 0)
    try SQLiteConnection(file.path, .writing).execute("UPDATE claim SET worker = \(earlier)")
    #expect(try await other.claim(["a", "b"]).mine == ["b"])
    #expect(await other.holder(of: "a") == nil)
    close(workers)
    #expect(try await other.claim(["a"]).mine == ["a"])
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `claims of a worker end with it, however it ends`() async throws {
    let path = file.path
    let other = try SQLiteAnnotationStore(file)
    do {
      let closed = try SQLiteAnnotationStore(file)
      #expect(try await closed.claim(["a"]).mine == ["a"])
      #expect(try await other.claim(["a"]).mine == [])
      #expect(try await closed.claim(["a"]).mine == ["a"])
    }
    #expect(try await other.claim(["a"]).mine == ["a"])
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let store = try SQLiteAnnotationStore(URL(fileURLWithPath: path))
      guard try await store.claim(["k", "l", "a"]).mine == ["k", "l"] else { exit(1) }
      try await store.append([annotation("l")])
      kill(getpid(), SIGKILL)
    }
    let found = try await other.claim(["k", "l"])
    #expect(found.mine == ["k"] && found.answered == ["l"])
    try FileManager.default.removeItem(at: folder)
  }

  @Test func `a store without claims gets them, and earlier versions go on with it`() async throws {
    do { try await SQLiteAnnotationStore(file).append([annotation("a")]) }
    try SQLiteConnection(file.path, .writing).execute("DROP TABLE claim")
    let store = try SQLiteAnnotationStore(file)
    #expect(try await store.claim(["a", "b"]).mine == ["b"])
    // An earlier version refuses a store with a step that it does not know.
    let steps = try SQLiteConnection(file.path, .reading).statement("SELECT identifier FROM grdb_migrations")
      .rows { try $0.text("identifier") }
    #expect(steps.count == 6 && steps.allSatisfy { $0?.contains("claim") == false })
    let archive = try SQLiteAnnotationStore(file, isReadOnly: true)
    #expect(try await archive.all().map(\.key) == ["a"])
    await #expect(throws: AnnotationsError.readOnly(file: file.relativePath)) { try await archive.claim(["c"]) }
    try FileManager.default.removeItem(at: folder)
  }

  /// Answers, and counts the questions.
  private struct CountingTeacher: Teacher {
    let name = "t"
    let asked: Locked<[String]>

    func reply(to request: TeacherRequest) async throws -> TeacherReply {
      asked.withLock { $0.append(request.item.id) }
      for _ in 0..<20 { await Task.yield() }
      return TeacherReply(reading: "Yes", with: AnswerReader(labels: request.labels))
    }
  }

  @Test func `workers over one store ask no question twice, and each ends with all replies`() async throws {
    let (file, asked) = (file, Locked<[String]>([]))
    let data = Dataset(items: (0..<120).map { Item(id: "i\($0)", fields: ["text": "text \($0)"]) }, root: folder)
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<3 {
        group.addTask {
          let annotator = try Annotator(
            store: try SQLiteAnnotationStore(file), labels: .outOfContext,
            assignments: [
              .init(teacher: CountingTeacher(asked: asked), template: try PromptTemplate("{text}"), concurrency: 4)
            ])
          return try await annotator.annotate(data).annotations.reduce(0) { $0 + $1.count }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts == [120, 120, 120])
    #expect(asked.withLock { $0.count } == 120)
    #expect(Set(asked.withLock { $0 }).count == 120)
    #expect(try claimed() == 0)
    try FileManager.default.removeItem(at: folder)
  }
}
