import DualChecker
import HelpDesk
import TeacherProtocol
import Testing

@Suite struct CheckedHelpDeskTests {
  private let labels: LabelSet
  private let pool: [LabelledPool.Entry]
  private let messages: [Item]

  init() throws {
    labels = try LabelSet([.init(name: "urgent"), .init(name: "routine")], positive: "urgent")
    pool = [
      ("smoke in the lobby", "urgent"), ("fire on the roof", "urgent"), ("lamp in the office", "routine"),
      ("smoke in the lobby, only a drill", "routine"),
    ].enumerated().map {
      .init(item: Item(id: "p\($0)", fields: ["text": $1.0]), answer: .label($1.1))
    }
    messages = (0..<24).map { number in
      let matter = ["smoke", "printer", "fire", "chair"][number % 4]
      let text = "\(matter) in room \(number)" + (number % 3 == 0 ? ", only a drill" : "")
      return Item(id: "m\(number)", fields: ["text": text])
    }
  }

  /// Calls every danger urgent until it is told to mind drills.
  private let teacher = ScriptedTeacher("alarmed") { request in
    let isDanger = ["smoke", "fire"].contains { request.item.text.contains($0) }
    let isDrill = request.prompt.hasPrefix("Mind") && request.item.text.contains("drill")
    return TeacherReply(
      reading: isDanger && !isDrill ? "urgent." : "routine.", with: AnswerReader(labels: request.labels),
      confidence: Confidence(isDrill ? 0.9 : 0.8, source: .verbalised))
  }

  @Test func `our check asks again about drills and both answers are kept`() async throws {
    let (_, state) = try await CheckedHelpDesk(labels: labels, teacher: teacher, pool: pool, messages: messages).run()
    let drills = state.labelled.filter { $0.replies.count == 2 }
    #expect(drills.count == 4, "smoke and fire in every third message")
    #expect(drills.allSatisfy { $0.answer == "routine" && $0.replies[0].answer == "urgent" })
    #expect(drills.allSatisfy { $0.replies[1].version.hasSuffix("+drill") })
  }

  @Test func `our student learns and keeps what students must keep`() async throws {
    let (student, state) = try await CheckedHelpDesk(labels: labels, teacher: teacher, pool: pool, messages: messages)
      .run()
    let examples = zip(messages, state.labelled).map { item, kept in
      TrainingExample(item: item, answer: .label(kept.answer ?? ""))
    }
    let check = OnlineStudentCheck(task: try LabellingTask(binary: labels), examples: examples, rounds: 1)
    #expect(try await check.problems(of: CountingStudent(labels: labels)) == [])
    let answers = try await student.predictions(for: messages).map(\.answer)
    #expect(zip(answers, examples).count { $0 == $1.answer } >= 20)
  }
}
