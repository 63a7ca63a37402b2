import DualChecker
import Foundation
import TeacherProtocol
import Testing

@Suite struct AcceptanceChoiceTests {
  /// Says "Yes" at first, and when it is asked again the truth, less surely.
  private func teacher(again confidence: Double, isRight: Bool = true) -> ScriptedTeacher {
    ScriptedTeacher("corrigible") { request in
      let isAskedAgain = request.promptVersion.contains("+")
      let isGreen = ["p1", "p2", "p3", "i0", "i2"].contains(request.item.id)
      let answer = isAskedAgain && isRight ? (isGreen ? "Yes." : "No.") : "Yes."
      return TeacherReply(
        reading: answer, with: AnswerReader(labels: request.labels),
        confidence: Confidence(isAskedAgain ? confidence : 0.6, source: .verbalised))
    }
  }

  private func loop(_ teacher: any Teacher) async throws -> DualCheckerLoop {
    var loop = DualCheckerLoop(
      task: try Fixture.green(), teacher: teacher, aligner: try await Fixture.aligner(),
      items: (0..<4).map { Fixture.item("i\($0)", "a lamp \($0)") },
      template: LabellingTemplate(instructions: ["Green?"]))
    (loop.options.explains, loop.options.choosesAcceptance) = (false, true)
    (loop.options.steps, loop.options.refinesEvery) = ([.definitions], 100)
    return loop
  }

  @Test func `the rule is that by which the pool is answered best`() async throws {
    // Right when asked again: "latest" is right six times of six, the surest ones three times.
    let loop = try await loop(teacher(again: 0.5))
    var (state, student) = (try await loop.start(), WordStudent())
    #expect(state.acceptance == .latest)
    #expect(state.questions == 12, "six first answers of the pool, and each asked again")
    #expect(state.checked?.map(\.accepted.isRight) == [Bool](repeating: true, count: 6))
    #expect(state.checked?.map(\.first.isRight) == [true, true, true, false, false, false])
    #expect(state.checked?.map(\.isGivenUp) == [false, false, false, true, true, true])
    while try await loop.step(&state, student: &student) {}
    #expect(state.labelled.map(\.answer) == ["green", "other", "green", "other"])
    let restored = try JSONDecoder().decode(LoopState.self, from: JSONEncoder().encode(state))
    #expect(restored == state)
  }

  @Test func `of equally good rules that of the options stays`() async throws {
    var loop = try await loop(teacher(again: 0.5, isRight: false))
    #expect(try await loop.start().acceptance == .surest)
    loop.options.acceptance = .first
    #expect(try await loop.start().acceptance == .first)
  }

  @Test func `without room in the budget or without follow-ups nothing is chosen`() async throws {
    var loop = try await loop(teacher(again: 0.5))
    // Six questions for the pool, and six more may follow.
    for (budget, isChosen) in [(17, false), (18, true)] {
      loop.options.budget = budget
      let state = try await loop.start()
      #expect((state.acceptance != nil) == isChosen)
      #expect(state.questions == (isChosen ? 12 : 6))
    }
    (loop.options.budget, loop.options.followUps) = (nil, 0)
    #expect(try await loop.start().acceptance == nil)
  }

  @Test func `the answers that count are calibrated by those that count on the pool`() async throws {
    var loop = try await loop(teacher(again: 0.5))
    loop.calibrate = { known, others in
      let share = Double(known.count(where: \.isRight)) / Double(known.count)
      return { _ in share + Double(others.count { $0.isGivenUp }) / 1000 }
    }
    var (state, student) = (try await loop.start(), WordStudent())
    #expect(loop.sureness(in: state)(0.6) == 0.5)
    while try await loop.step(&state, student: &student) {}
    #expect(state.labelled.map(\.sureness) == [1, 1, 1, 1])
    // Two of the labelled answers were given up.
    #expect(abs(loop.sureness(in: state)(0.6) - 0.502) < 1e-12)
  }
}
