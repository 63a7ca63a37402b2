import Foundation
import HelpDesk
import Testing

/// The whole program, with its output asserted.
struct HelpDeskRunTests {
  private func run(seed: UInt64, budget: Int = 60) async throws -> HelpDeskOutcome {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("help-desk-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let task = HelpDeskTask(training: 600, test: 1000, seed: seed)
    return try await HelpDeskRun(task: task, budget: budget, seed: seed).run(in: folder)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `two stages with labels for a tenth of the messages beat every teacher and stage 1`(seed: UInt64) async throws {
    let outcome = try await run(seed: seed)
    #expect(outcome.labelsSpent == 60)
    #expect(outcome.conflicts > 60)
    #expect(outcome.stage2 >= 0.97)
    #expect(outcome.stage2 > outcome.stage1 + 0.05)
    for accuracy in outcome.teachers { #expect(outcome.stage2 > accuracy) }
    #expect(outcome.sample.hasPrefix("urgent") || outcome.sample.hasPrefix("routine"))
  }

  @Test func `the same seed gives the same outcome`() async throws {
    let (first, second) = (try await run(seed: 4), try await run(seed: 4))
    #expect(first == second)
  }

  @Test func `no more labels are read than the budget allows`() async throws {
    #expect(try await run(seed: 5, budget: 1).labelsSpent == 1)
  }
}
