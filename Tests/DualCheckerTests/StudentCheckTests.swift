import DualChecker
import TeacherProtocol
import Testing

@Suite struct StudentCheckTests {
  func example(_ id: String, _ answer: String, sure: Double, _ probabilities: [Double]) -> StudentCase {
    let best = probabilities[0] >= probabilities[1] ? "green" : "other"
    return StudentCase(
      item: Fixture.item(id, id), answer: .label(answer), sureness: sure,
      prediction: StudentPrediction(answer: .label(best), probabilities: probabilities))
  }

  @Test func `each check picks its own borderline cases, the most telling first`() {
    let cases = [
      example("sure", "green", sure: 0.9, [0.95, 0.05]), example("narrow", "green", sure: 0.9, [0.55, 0.45]),
      example("even", "green", sure: 0.9, [0.5, 0.5]), example("against", "green", sure: 0.7, [0.1, 0.9]),
      example("weakly", "green", sure: 0.3, [0.1, 0.9]), example("strongly", "green", sure: 0.8, [0.1, 0.9]),
    ]
    #expect(MarginCheck(threshold: 0.2).borderline(among: cases).map(\.item.id) == ["even", "narrow"])
    #expect(EntropyCheck(threshold: 0.8).borderline(among: cases).map(\.item.id) == ["even", "narrow"])
    #expect(
      DisagreementCheck(minimumConfidence: 0.5).borderline(among: cases).map(\.item.id) == ["strongly", "against"])
    #expect(NoStudentCheck().borderline(among: cases).isEmpty)
  }

  @Test func `cases become demonstrations and the oldest goes`() async throws {
    let cases = ["a", "b"].map { ExplainedCase(example($0, "green", sure: 1, [0.5, 0.5]), reason: "Because \($0).") }
    var template = LabellingTemplate(instructions: ["Green?"])
    let refinement = BorderlineDemonstrations(limit: 2)
    for expected in [["a"], ["a", "b"]] {
      template = try template.applying(try await refinement.edits(to: template, after: cases))
      #expect(template.demonstrations.map(\.item) == expected)
    }
    #expect(try await refinement.edits(to: template, after: cases) == [])
    let third = [ExplainedCase(example("c", "other", sure: 1, [0.5, 0.5]), reason: "")]
    template = try template.applying(try await refinement.edits(to: template, after: third))
    #expect(template.demonstrations.map(\.item) == ["b", "c"])
    let told = try template.applying(try await BorderlineInstructions().edits(to: template, after: cases))
    #expect(told.instructions == ["Green?", "Mind: green - Because a."])
    #expect(try await NoRefinement().edits(to: template, after: cases) == [])
  }
}

@Suite struct DetailLadderTests {
  @Test func `steps add up and end with the ladder and a second teacher gives the second opinion`() async throws {
    let task = try Fixture.green()
    func teacher(_ name: String, _ confidence: Double) -> ScriptedTeacher {
      ScriptedTeacher(name) { request in
        TeacherReply(
          reading: "Yes. By \(name).", with: AnswerReader(labels: request.labels),
          confidence: Confidence(confidence, source: .verbalised))
      }
    }
    var prompts = PromptBuilder(
      task: task, template: LabellingTemplate(instructions: ["Green?"]), aligner: try await Fixture.aligner())
    prompts.shots = 2
    var ladder = DetailLadder(prompts: prompts, steps: [.definitions, .longerText, .secondOpinion], threshold: 0.8)
    ladder.second = teacher("second", 0.5)
    func ask(_ confidence: Double, followUps: Int = 9) async throws -> CheckedReply {
      try await TeacherChecker(
        teacher: teacher("first", confidence), check: ladder, acceptance: .sum, maximumFollowUps: followUps
      ).ask(try await prompts.request(for: Fixture.item("x", "a motor", detail: "more")))
    }
    let version = prompts.template.version
    let unsure = try await ask(0.6)
    #expect(
      unsure.exchanges.map(\.request.promptVersion)
        == ["", "+definitions", "+longer_text+definitions", "+longer_text+definitions"].map { version + $0 })
    #expect(unsure.exchanges.map(\.reply.rationale) == ["By first.", "By first.", "By first.", "By second."])
    #expect(try await ask(0.8).exchanges.count == 1)
    #expect(try await ask(0.6, followUps: 2).exchanges.count == 3)
    ladder.calibration = { $0.value + 0.3 }
    #expect(try await ask(0.6).exchanges.count == 1, "calibrated it is sure enough")
    (ladder.calibration, ladder.second) = (nil, nil)
    let alone = try await ask(0.6)
    #expect(alone.exchanges[3].request.promptVersion.hasSuffix("+others"))
    #expect(alone.exchanges[3].request.prompt != alone.exchanges[2].request.prompt)
  }
}
