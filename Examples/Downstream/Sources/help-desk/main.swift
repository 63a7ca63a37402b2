import Foundation
import HelpDesk

let folder = FileManager.default.temporaryDirectory.appendingPathComponent("help-desk-\(UUID().uuidString)")
defer { try? FileManager.default.removeItem(at: folder) }
let task = HelpDeskTask(training: 600, test: 1000, seed: 1)
let outcome = try await HelpDeskRun(task: task, budget: 60, seed: 1).run(in: folder)

func percent(_ share: Double) -> String { String(format: "%5.1f %%", 100 * share) }
print("600 messages, \(outcome.conflicts) conflicts, \(outcome.labelsSpent) human labels")
for (name, accuracy) in zip(["alarmed", "careful", "hasty"], outcome.teachers) {
  print("teacher \(name.padding(toLength: 9, withPad: " ", startingAt: 0)) \(percent(accuracy))")
}
print("stage 1           \(percent(outcome.stage1))")
print("two stages        \(percent(outcome.stage2))")
print("'\(task.test[0].text)' -> '\(outcome.sample)'")
