import DualChecker
import Foundation
import GreenWorld
import TeacherProtocol
import Testing

@Suite struct GreenWorldTests {
  let records = GreenWorld.records(count: 700, seed: 1)

  @Test func `a seed gives the same records and another seed others`() {
    #expect(GreenWorld.records(count: 50, seed: 1) == GreenWorld.records(count: 50, seed: 1))
    #expect(GreenWorld.records(count: 50, seed: 1) != GreenWorld.records(count: 50, seed: 2))
  }

  @Test func `cause and effect stand in the summary and the detail begins with it`() {
    for record in records {
      #expect(record.summary.contains(record.cause) && record.summary.contains(record.effect))
      #expect(record.detail.hasPrefix(record.summary) && record.detail.count > record.summary.count)
      #expect(!record.detail.contains("{") && !record.detail.contains("}"), "every slot is filled: \(record.detail)")
      #expect(record.isGreen == (record.path != nil))
    }
  }

  @Test func `half are green, every path occurs, and there are hard ones`() {
    #expect(records.count == 700 && Set(records.map(\.summary)).count == 700)
    #expect(records.count(where: \.isGreen) == 350)
    for path in 0..<4 { #expect(records.count { $0.path == path } > 40) }
    for kind in GreenRecord.Kind.allCases { #expect(records.count { $0.kind == kind } > 40) }
  }

  @Test func `no single word tells the label`() {
    var counts: [String: (green: Int, other: Int)] = [:]
    for record in records {
      for word in Set(WordToken.tokens(of: record.summary).map { $0.text.lowercased() }) {
        counts[word, default: (0, 0)].green += record.isGreen ? 1 : 0
        counts[word, default: (0, 0)].other += record.isGreen ? 0 : 1
      }
    }
    let best = counts.values.map { max($0.green + 350 - $0.other, $0.other + 350 - $0.green) }.max() ?? 0
    #expect(Double(best) / 700 < 0.65, "the best single word is right \(best) times of 700")
  }

  @Test func `the files have the original's shape`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "green-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try GreenWorld.write(Array(records.prefix(40)), to: folder)
    let causes = try LabellingTask(spanTypes: [.init(name: "cause"), .init(name: "effect")])
    let gold = try GoldAnswers(contentsOf: folder.appending(path: "ce.json"), task: causes)
    #expect(gold.count == 40 && gold.setAside.isEmpty)
    let paths = LabellingTask(
      classes: try LabelSet(GreenWorld.paths.enumerated().map { .init(name: $1.name, aliases: ["\($0)"]) }))
    #expect(
      try GoldAnswers(contentsOf: folder.appending(path: "path.json"), task: paths).count
        == records.prefix(40).count(where: \.isGreen))
  }
}
