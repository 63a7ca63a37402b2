import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct OpenQuestionsTests {
  @Test func `replies that come by another way answer the open questions`() async throws {
    let scratch = try Scratch()
    let store = try JSONLinesAnnotationStore(scratch.path("replies.jsonl"), isDurable: false)
    let data = Dataset(
      items: ["a", "b", "a"].enumerated().map { Item(id: "i\($0)", fields: ["text": $1]) }
        + [Item(id: "bad", fields: [:])], root: scratch.url)
    let asked = Locked(0)
    let teacher = ScriptedTeacher("t") { _ in
      asked.withLock { $0 += 1 }
      return TeacherReply(outcome: .abstained, raw: "?")
    }
    let annotator = try Annotator(
      store: store, labels: .outOfContext,
      assignments: [.init(teacher: teacher, template: try PromptTemplate("{text}"))])
    let open = try await annotator.openQuestions(to: "t", data)
    #expect(open.questions.map(\.request.prompt) == ["a", "b"])
    #expect(open.unfit.map(\.item) == ["bad"])
    let reply = TeacherReply(outcome: .answered("falsified"), raw: "Yes")
    try await annotator.keep([(open.questions[0], reply)], of: "t")
    #expect(try await annotator.openQuestions(to: "t", data).questions.map(\.key) == [open.questions[1].key])
    let run = try await annotator.annotate(data, items: Array(data.items.prefix(3)))
    #expect(run.annotations.map { $0.map(\.reply.label) } == [["falsified"], [nil], ["falsified"]])
    #expect(asked.withLock { $0 } == 1)
    await #expect(throws: TeacherProtocolError.unknownTeacher("x", known: ["t"])) {
      try await annotator.openQuestions(to: "x", data)
    }
  }
}
