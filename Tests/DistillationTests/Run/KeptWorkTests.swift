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
}
