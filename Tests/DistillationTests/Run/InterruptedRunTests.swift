import Distillation
import Foundation
import TeacherProtocol
import Testing

@Suite(.serialized) struct InterruptedRunTests {
  @Test func `stopped while teachers answer, a run goes on and asks only what is missing`() async throws {
    try await withRunWorld { world in
      // With a result about teachers, so that they are asked about test items too.
      let world = world.with { $0.evaluation.results = .init([.majority, .stage1, .twoStage]) }
      @Sendable func answer(_ request: TeacherRequest) -> String {
        request.item.id.hasSuffix("2") ? "falsified" : "pristine"
      }
      var undisturbed = world
      undisturbed.configuration.store = world.folder.appending(path: "other-store").path
      undisturbed.plugins.teachers = [CountingTeacher("counting") { request, _ in answer(request) }]
      try await undisturbed.run("undisturbed").run()

      for stop in [1, 9, RunWorld.train + 3] {
        var killed = world
        killed.configuration.store = world.folder.appending(path: "store-\(stop)").path
        let first = CountingTeacher("counting") { request, number in
          if number == stop { withUnsafeCurrentTask { $0?.cancel() } }
          return answer(request)
        }
        killed.plugins.teachers = [first]
        let (run, name) = (try killed.run("killed-\(stop)"), "killed-\(stop)")
        let task = Task { try await run.run() }
        let watcher = Task {
          // The teacher cancels the group's task it runs in; the run itself is cancelled here.
          while first.calls < stop { await Task.yield() }
          task.cancel()
        }
        _ = await watcher.value
        _ = await task.result
        let second = CountingTeacher("counting") { request, _ in answer(request) }
        killed.plugins.teachers = [second]
        try await killed.run(name).run()
        #expect(first.calls + second.calls <= RunWorld.train + RunWorld.test + 8)
        #expect(try killed.results(of: name) == undisturbed.results(of: "undisturbed"), "stopped at \(stop)")
      }
    }
  }

  @Test func `stopped anywhere in training or scoring, a run ends with the bytes of an undisturbed one`() async throws {
    try await withRunWorld { world in
      var world = world.with { $0.evaluation.results = .all }
      let log = WatchedStudent.Log()
      world.plugins.student = WatchedStudent(student: try TinyModels.student(), log: log)
      // Every run scores as often as the undisturbed one.
      world.configuration.student.imageCache = false
      try await world.run("undisturbed").run()
      let (expected, scorings) = (try world.results(of: "undisturbed"), log.scored)
      #expect(scorings > 40)
      for at in stride(from: 1, through: scorings, by: 13) {
        log.clear(breaksAt: at)
        let name = "broken-\(at)"
        // A score that is no number stops a stage with an error; in an evaluation it may pass, and is computed again.
        _ = try? await world.run(name).run()
        log.clear()
        try await world.run(name).run()
        #expect(try world.results(of: name) == expected, "broken at \(at) of \(scorings)")
        #expect(log.scored < scorings || at < 8, "nothing of the first start was used")
        try FileManager.default.removeItem(at: world.folder.appending(path: name))
      }
    }
  }

  @Test func `stopped at every update of both stages, a run goes on from its checkpoint`() async throws {
    try await withRunWorld { world in
      var world = world
      let log = WatchedStudent.Log()
      world.plugins.student = WatchedStudent(student: try TinyModels.student(), log: log)
      // Every run scores as often as the undisturbed one.
      world.configuration.student.imageCache = false
      try await world.run("undisturbed").run(through: .stage2)
      let (expected, scorings) = (try world.results(of: "undisturbed"), log.scored)
      for at in 1...scorings {
        log.clear(breaksAt: at)
        let name = "broken-\(at)"
        await #expect(throws: (any Error).self) { try await world.run(name).run(through: .stage2) }
        log.clear()
        try await world.run(name).run(through: .stage2)
        #expect(try world.results(of: name) == expected, "broken at \(at)")
        try FileManager.default.removeItem(at: world.folder.appending(path: name))
      }
    }
  }

  @Test func `a stage that was stopped is not taken for the one before it`() async throws {
    try await withRunWorld { world in
      var world = world
      let log = WatchedStudent.Log()
      world.plugins.student = WatchedStudent(student: try TinyModels.student(), log: log)
      try await world.run().run(through: .stage2)
      let before = try world.results()
      // Another beta, stopped on the way; then the first configuration again.
      let other = world.with { $0.stage2.beta = 0.9 }
      log.clear(breaksAt: 5)
      _ = try? await other.run().run(through: .stage2)
      log.clear()
      try await world.run().run(through: .stage2)
      #expect(try world.results() == before)
    }
  }
}
