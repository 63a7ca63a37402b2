import Distillation
import Foundation
import TeacherProtocol
import TestSupport
import Testing

/// What becomes of copies that a process was writing when it was killed.
@Suite struct LeftFilesTests {
  /// The number of a process that has ended.
  private func endedProcess() throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return process.processIdentifier
  }

  private static let uuid = ".0E4A0D3C-53DE-4B0B-8F4E-2B1F35B3C3B4"

  @Test func `copies are known by the names that writers give them, and by nothing else`() {
    typealias Writer = LeftFiles.Writer
    let known: [(String, Writer)] = [
      (".stage1.safetensors.18563-0.partial", .process(18_563)),
      ("stage1.safetensors.18563-12.partial", .process(18_563)),
      (".dat.nosync478A.SrwqQR", .process(0x478A)), (Self.uuid, .unknown),
      (OwnerOnly.temporary(for: URL(filePath: "/a/queue.csv"), number: 3).lastPathComponent, .process(getpid())),
    ]
    for (name, writer) in known { #expect(LeftFiles.writer(of: name) == writer, "\(name)") }
    for name in [
      "stage1.safetensors", "x.partial", "x.12.partial", "x.-1-0.partial", "12-0.partial", "x.12-0.partial.json",
      ".dat.nosync",
      ".dat.nosync478A", ".dat.nosync478A.SrwqQRx", ".dat.nosyncXY.SrwqQR", String(Self.uuid.dropFirst()), ".hidden",
    ] { #expect(LeftFiles.writer(of: name) == nil, "\(name)") }
  }

  @Test func `a living process keeps its copies, and in a shared folder so does one of another machine`() throws {
    let (ended, parent, own) = (try endedProcess(), getppid(), getpid())
    let (hour, day) = (3_601.0, 86_401.0)
    func isLeft(_ process: Int32, _ age: Double, _ reach: LeftFiles.Reach) -> Bool {
      LeftFiles.isLeft(by: .process(process), age: age, reach)
    }
    #expect(isLeft(ended, 0, .locked) && !isLeft(ended, 0, .shared) && isLeft(ended, hour, .shared))
    #expect(!isLeft(parent, hour, .locked) && !isLeft(parent, hour, .shared) && isLeft(parent, day, .shared))
    #expect(isLeft(own, 0, .locked) && !isLeft(own, hour, .shared) && isLeft(own, day, .shared))
    #expect(!LeftFiles.isLeft(by: .unknown, age: 0, .locked) && LeftFiles.isLeft(by: .unknown, age: hour, .locked))
    #expect(!LeftFiles.isLeft(by: .unknown, age: hour, .shared) && LeftFiles.isLeft(by: .unknown, age: day, .shared))
  }

  @Test func `the start of a run deletes them, and nothing else`() async throws {
    try await withRunWorld { world in
      try await world.run().run(through: .agree)
      let (ended, run) = (try endedProcess(), world.folder.appending(path: "run"))
      let cache = URL(filePath: world.configuration.cache)
      try FileManager.default.createDirectory(at: cache.appending(path: "digests"), withIntermediateDirectories: true)
      for name in ["checkpoints", "shards/1-of-2"] {
        try FileManager.default.createDirectory(at: run.appending(path: name), withIntermediateDirectories: true)
      }
      let left = [
        "checkpoints/.stage1.safetensors.\(ended)-0.partial", "checkpoints/stage1.safetensors.\(ended)-0.partial",
        ".dat.nosync\(String(ended, radix: 16, uppercase: true)).SrwqQR",
      ].map { run.appending(path: $0) }
      let kept =
        [
          run.appending(path: "shards/1-of-2/.x.\(ended)-0.partial"),
          run.appending(path: "checkpoints/.x.\(getppid())-0.partial"),
        ]
        + [run.appending(path: "notes.txt"), cache.appending(path: "digests/.x.\(ended)-1.partial")]
      for file in left + kept { try Data("half".utf8).write(to: file) }
      let old = cache.appending(path: "digests/.y.\(ended)-1.partial")
      try Data("half".utf8).write(to: old)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -4_000)], ofItemAtPath: old.path)
      try await world.run().run(through: .agree)
      for file in left + [old] { #expect(!FileManager.default.fileExists(atPath: file.path), "\(file.path)") }
      for file in kept { #expect(FileManager.default.fileExists(atPath: file.path), "\(file.path)") }
    }
  }
}
