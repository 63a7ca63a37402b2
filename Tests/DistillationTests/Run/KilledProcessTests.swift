import Distillation
import Foundation
import Testing

/// The command itself, killed by a signal that nothing can catch.
///
/// `KILLS=20 swift test --filter KilledProcessTests` is the measure at 20 random instants; without the variable there
/// are three. Each kill has a folder and a store of its own, so that teachers are interrupted too.
@Suite(.serialized, .enabled(if: DistillBinary.found != nil, "the command was not built beside the tests"))
struct KilledProcessTests {
  private static let kills = ProcessInfo.processInfo.environment["KILLS"].flatMap(Int.init) ?? 3

  @Test func `killed at random instants, a run ends with the bytes of an undisturbed one`() async throws {
    let binary = try #require(DistillBinary.found)
    try await withRunWorld { world in
      let world = world.with {
        $0.evaluation.results = .all
        $0.threads = 2
      }
      func start(_ name: String) throws -> Process {
        var own = world.configuration
        own.store = world.folder.appending(path: "store-\(name)").path
        let file = world.folder.appending(path: "\(name).yaml")
        try Data(own.yaml.utf8).write(to: file)
        let process = Process()
        process.executableURL = binary.url
        process.arguments = ["run", file.path, "--out", world.folder.appending(path: name).path]
        for keyPath in [\Process.standardInput, \.standardOutput, \.standardError] {
          process[keyPath: keyPath] = FileHandle.nullDevice
        }
        try process.run()
        return process
      }
      func finish(_ name: String) throws {
        let process = try start(name)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(name)")
      }
      let clock = ContinuousClock()
      let whole = try clock.measure { try finish("undisturbed") }
      let expected = try world.results(of: "undisturbed")
      #expect(expected["evaluation.json"] != nil && expected.count > 8)
      for kill in 1...Self.kills {
        let name = "killed-\(kill)"
        let share = Double.random(in: 0..<1)
        let process = try start(name)
        try await Task.sleep(for: whole * share)
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try finish(name)
        let found = try world.results(of: name)
        let differing = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }
        #expect(differing.sorted() == [], "killed after \(share) of \(whole)")
        try FileManager.default.removeItem(at: world.folder.appending(path: name))
      }
    }
  }
}
