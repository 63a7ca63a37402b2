import Foundation
import TeacherProtocol
import Testing

@Suite struct GoldAnswersTests {
  @Test func `every reading is counted and raw values become names`() throws {
    let scratch = try Scratch()
    let file = try scratch.file("d.csv", "id,text,gold\n1,a,1\n2,b,Pristine\n3,c,\n4,d,maybe\n1,again,0\n")
    let mapping = FieldMapping(label: "gold")
    let gold = try GoldAnswers(contentsOf: file, mapping: mapping, labels: .outOfContext)
    #expect(gold.asked.isEmpty)
    #expect(gold.count == 2)
    #expect(gold.answer(of: "1") == "falsified")
    #expect(gold.answer(of: "9") == nil)
    #expect(gold.answers(of: ["1", "2", "3"]) == ["1": "falsified", "2": "pristine"])
    #expect(gold.asked == ["1", "2", "3", "9"])
    #expect(gold.setAside.map(\.line) == [4, 5])
    #expect(gold.setAside.map(\.found) == ["nothing", "'maybe'"])
    #expect(
      failure { _ = try GoldAnswers(contentsOf: file, mapping: mapping, labels: .outOfContext, strict: true) }
        == .badRow(gold.setAside[0]))
    #expect(try GoldAnswers(contentsOf: file, mapping: mapping, labels: nil).answer(of: "4") == "maybe")
  }

  @Test func `a mapping without a label is refused`() throws {
    let scratch = try Scratch()
    let file = try scratch.file("d.csv", "id,text\n1,a\n")
    guard
      case .badMapping(key: "label", _)? = failure({
        _ = try GoldAnswers(contentsOf: file, mapping: FieldMapping(), labels: nil)
      })
    else {
      Issue.record("no error")
      return
    }
    guard
      case .missingColumn? = failure({
        _ = try GoldAnswers(contentsOf: file, mapping: FieldMapping(label: "gold"), labels: nil)
      })
    else {
      Issue.record("no error")
      return
    }
  }

  @Test func `labels made in code are counted too`() {
    let gold = GoldAnswers(["a": "x"])
    #expect(gold.answer(of: "a") == "x")
    #expect(gold.asked == ["a"])
  }
}
