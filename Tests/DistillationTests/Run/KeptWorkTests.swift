import Distillation
import Foundation
import Testing

@Suite struct KeptWorkTests {
  @Test func `a second run computes no features and no reference scores, and ends with the same bytes`() async throws {
    try await withRunWorld { world in
      let log = WatchedStudent.Log()
      var world = world
      world.plugins.student = WatchedStudent(student: try TinyModels.student(), log: log)
      func counts() async throws -> (encoded: Int, scored: Int, results: [String: Data]) {
        let name = UUID().uuidString
        log.clear()
        _ = try await world.run(name).run()
        return (log.encoded, log.scored, try world.results(of: name))
      }
      let first = try await counts()
      let second = try await counts()
      #expect(first.encoded == 6, "each picture of training and test items once")
      #expect(second.encoded == 0)
      #expect(second.scored < first.scored, "the reference's scores were kept")
      #expect(second.results == first.results)

      world.configuration.student.imageCache = false
      let third = try await counts()
      #expect(third.encoded == 6)
      #expect(third.results == first.results)
    }
  }

  @Test func `a base in bfloat16 trains to another adapter, and its features are kept apart`() async throws {
    try await withRunWorld { world in
      try await world.run("whole").run()
      let half = world.with { $0.student.precision = .bfloat16 }
      try await half.run("half").run()
      let (whole, other) = (try world.results(of: "whole"), try world.results(of: "half"))
      #expect(Set(whole.keys) == Set(other.keys))
      #expect(whole["stage2/adapter_model.safetensors"] != other["stage2/adapter_model.safetensors"])
      // What was kept of one is not taken for the other.
      try await half.run("again").run()
      #expect(try world.results(of: "again") == other)
      // 8 bits are others again; computing activations twice changes nothing.
      try await world.with { $0.student.precision = .int8 }.run("eight").run()
      #expect(try world.results(of: "eight")["stage2/adapter_model.safetensors"] != nil)
      try await world.with { $0.student.gradientCheckpointing = true }.run("twice").run()
      #expect(try world.results(of: "twice") == whole)
    }
  }
}
