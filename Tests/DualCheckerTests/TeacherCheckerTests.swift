import DualChecker
import Foundation
import TeacherProtocol
import Testing

@Suite struct TeacherCheckerTests {
  /// Answers by the prompt: "label confidence".
  let teacher = ScriptedTeacher("t") { request in
    let words = request.prompt.split(separator: " ")
    guard words.count == 2 else { throw TeacherUnavailable(teacher: "t", reason: "no such question") }
    return TeacherReply(
      reading: String(words[0]), with: AnswerReader(labels: request.labels),
      confidence: Double(words[1]).map { Confidence($0, source: .verbalised) })
  }

  func request(_ summary: String, _ detail: String, _ more: String = "") throws -> TeacherRequest {
    try TeacherRequest(
      item: Item(id: "1", fields: ["text": summary, "detail": detail, "more": more]),
      template: try PromptTemplate("{text}"),
      labels: .outOfContext)
  }

  func check(_ threshold: Double = 0.85, unknown: Double = 0) throws -> ConfidenceThresholdCheck {
    ConfidenceThresholdCheck(
      threshold: threshold, details: [try PromptTemplate("{detail}"), try PromptTemplate("{more}")],
      unknownConfidence: unknown)
  }

  @Test func `a sure reply is not asked again`() async throws {
    let checked = try await TeacherChecker(teacher: teacher, check: try check()).ask(try request("Yes 0.85", "No 1"))
    #expect(checked.exchanges.count == 1)
    #expect(checked.reply.label == "falsified")
    #expect(!checked.isChanged)
  }

  @Test func `an unsure reply is asked again with detail and both are kept`() async throws {
    let checked = try await TeacherChecker(teacher: teacher, check: try check()).ask(try request("Yes 0.5", "No 0.7"))
    #expect(checked.exchanges.map(\.request.prompt) == ["Yes 0.5", "No 0.7"])
    #expect(checked.exchanges.map(\.reply.label) == ["falsified", "pristine"])
    #expect(checked.accepted == 1)
    #expect(checked.isChanged)
    #expect(Set(checked.exchanges.map(\.request.promptVersion)).count == 2)
  }

  @Test func `the acceptance rule decides and a less confident answer does not win by coming last`() async throws {
    func accepted(_ rule: AcceptanceRule, _ first: String, _ second: String) async throws -> Int {
      try await TeacherChecker(teacher: teacher, check: try check(), acceptance: rule).ask(try request(first, second))
        .accepted
    }
    #expect(try await accepted(.surest, "Yes 0.6", "No 0.4") == 0)
    #expect(try await accepted(.surest, "Yes 0.6", "No 0.6") == 0)
    #expect(try await accepted(.latest, "Yes 0.6", "No 0.4") == 1)
    #expect(try await accepted(.first, "Yes 0.6", "No 0.8") == 0)
    #expect(try await accepted(.first, "hm 0.9", "No 0.1") == 1)
    #expect(try await accepted(.latest, "Yes 0.1", "hm 0.9") == 0)
    #expect(try await accepted(.surest, "hm 0.9", "hm 0.9") == 1)
    #expect(try await accepted(.surest, "Yes x", "No 0.1") == 1)
  }

  @Test func `follow-ups end at the limit and at the last template`() async throws {
    func count(_ limit: Int) async throws -> Int {
      let checker = TeacherChecker(teacher: teacher, check: try check(1), maximumFollowUps: limit)
      let checked = try await checker.ask(try request("Yes 0.1", "Yes 0.2", "Yes 0.3"))
      return checked.exchanges.count
    }
    for (limit, expected) in [(0, 1), (1, 2), (2, 3), (9, 3)] { #expect(try await count(limit) == expected) }
    struct Endless: ReplyCheck {
      func followUp(to exchanges: [Exchange]) async throws -> TeacherRequest? { exchanges[0].request }
    }
    let checker = TeacherChecker(teacher: teacher, check: Endless(), maximumFollowUps: 4)
    #expect(try await checker.ask(try request("Yes 1", "")).exchanges.count == 5)
    struct NoCheck: ReplyCheck {
      func followUp(to exchanges: [Exchange]) async throws -> TeacherRequest? { nil }
    }
    let none = TeacherChecker(teacher: teacher, check: NoCheck(), maximumFollowUps: 4)
    #expect(try await none.ask(try request("hm 0", "")).exchanges.count == 1)
  }

  @Test func `a reply without a confidence counts as the option says`() async throws {
    let unsure = TeacherChecker(teacher: teacher, check: try check())
    #expect(try await unsure.ask(try request("Yes x", "Yes 1")).exchanges.count == 2)
    let trusting = TeacherChecker(teacher: teacher, check: try check(unknown: 1))
    #expect(try await trusting.ask(try request("Yes x", "Yes 1")).exchanges.count == 1)
    #expect(try await trusting.ask(try request("hm x", "Yes 1")).exchanges.count == 2)
  }

  @Test func `a failing follow-up keeps what was paid for`() async throws {
    let checker = TeacherChecker(teacher: teacher, check: try check())
    let checked = try await checker.ask(try request("Yes 0.5", "fails"))
    #expect(checked.exchanges.count == 1)
    #expect(checked.reply.label == "falsified")
    await #expect(throws: TeacherUnavailable.self) { try await checker.ask(try request("fails", "Yes 1")) }
  }
}
