import DualChecker
import Foundation
import TeacherProtocol
import Testing

/// Learns a text's answer by heart.
private struct HeartStudent: OnlineStudent, Equatable {
  var known: [String: TaskAnswer] = [:]

  mutating func fit(_ batch: [TrainingExample]) async throws {
    for example in batch { known[example.item.text] = example.answer }
  }

  func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    items.map { StudentPrediction(answer: known[$0.text] ?? .spans([]), probabilities: [0.9, 0.1]) }
  }
}

@Suite struct VotedLoopTests {
  private static let pool = [("Rain", "road"), ("Frost", "pond"), ("Smoke", "wall"), ("Wind", "sand")]

  private static func text(_ cause: String, _ effect: String) -> String { "\(cause) made the \(effect) wet." }

  /// Three times asked it is wrong at another end each time.
  private let teacher = ScriptedTeacher("edgy") { request in
    let words = request.item.text.split(separator: " ").map(String.init)
    let (cause, effect, version) = (words[0], words[3], request.promptVersion)
    let spans =
      version.contains("+definitions")
      ? (cause, "the \(effect) wet")
      : version.contains("+longer_text") ? ("\(cause) made", "\(effect) wet") : ("\(cause) made", "the \(effect)")
    return TeacherReply(
      outcome: .unreadable("not read yet"), confidence: Confidence(0.5, source: .verbalised),
      raw: #"{"cause": "\#(spans.0)", "effect": "\#(spans.1)"}"#)
  }

  private func loop() async throws -> DualCheckerLoop {
    let pool = LabelledPool(
      try Self.pool.enumerated().map { place, words in
        try Fixture.spans(
          "p\(place)", Self.text(words.0, words.1), cause: "\(words.0) made", effect: "the \(words.1) wet")
      })
    var loop = DualCheckerLoop(
      task: try Fixture.causes(), teacher: teacher, aligner: try await Fixture.aligner(pool: pool),
      items: ["bus", "map", "hat", "key", "cup", "pen"].map { Fixture.item($0, Self.text("Hail", $0), detail: "more") },
      template: LabellingTemplate(instructions: ["What is done, and what comes of it?"]))
    (loop.options.choosesAcceptance, loop.options.followUps, loop.options.batch) = (true, 2, 2)
    (loop.options.steps, loop.options.refinesEvery) = ([.longerText, .definitions], 100)
    return loop
  }

  @Test func `the pool chooses the vote where it is answered best by it, and every reply is kept beside it`()
    async throws
  {
    let loop = try await loop()
    var (state, student) = (try await loop.start(), HeartStudent())
    #expect(state.acceptance == .vote)
    #expect(state.questions == 12, "four records of the pool, three times each")
    #expect(state.checked?.map(\.accepted.isRight) == [true, true, true, true])
    #expect(state.checked?.map(\.first.isRight) == [false, false, false, false])
    while try await loop.step(&state, student: &student) {}
    #expect(state.questions == 12 + 3 * 6)
    for kept in state.labelled {
      #expect(kept.answer == "cause:0-9 effect:10-21" && kept.isChanged)
      #expect(
        kept.replies.map(\.answer)
          == ["cause:0-9 effect:10-17", "cause:0-9 effect:14-21", "cause:0-4 effect:10-21"])
      #expect(kept.replies.allSatisfy { $0.confidence == Confidence(0.5, source: .verbalised) })
    }
    #expect(loop.items.allSatisfy { student.known[$0.text]?.key == "cause:0-9 effect:10-21" })
    let pairs = loop.disagreements(state)
    #expect(
      pairs.count == 6 && pairs.allSatisfy { $0.chosen.key == "cause:0-9 effect:10-21" && $0.rejected.count == 3 })
    // A finished teacher answers in the same way.
    let answered = try await loop.answers(for: [Fixture.item("new", Self.text("Snow", "dam"))], state: state)
    #expect(answered.first??.reply.label == "cause:0-9 effect:10-21")
  }

  @Test func `a vote that was stopped goes on to the same bytes`() async throws {
    let loop = try await loop()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var (whole, one) = (try await loop.start(), HeartStudent())
    while try await loop.step(&whole, student: &one) {}
    var (state, other) = (try await loop.start(), HeartStudent())
    _ = try await loop.step(&state, student: &other)
    var restored = try JSONDecoder().decode(LoopState.self, from: encoder.encode(state))
    while try await loop.step(&restored, student: &other) {}
    #expect(try encoder.encode(restored) == encoder.encode(whole) && one == other)
  }

  @Test func `answers that do not count are learned as probable as they are`() async throws {
    var loop = try await loop()
    loop.options.acceptance = .latest
    loop.options.choosesAcceptance = false
    var (state, student) = (try await loop.start(), HeartStudent())
    while try await loop.step(&state, student: &student) {}
    #expect(loop.trainingExamples(state).allSatisfy { $0.alternatives.isEmpty }, "not without being asked to")
    loop.options.learnsAlternatives = true
    let examples = loop.trainingExamples(state)
    #expect(examples.prefix(4).allSatisfy { $0.alternatives.isEmpty && $0.weight == 1 }, "gold answers are certain")
    // The last answer is as probable as it is sure, one half, and the other two share the rest.
    #expect(examples.count == 10)
    for example in examples.dropFirst(4) {
      #expect(example.answer.key == "cause:0-4 effect:10-21" && example.weight == 0.5)
      #expect(example.alternatives.map(\.answer.key) == ["cause:0-9 effect:10-17", "cause:0-9 effect:14-21"])
      #expect(example.alternatives.allSatisfy { abs($0.probability - 0.25) < 1e-12 })
    }
  }

  @Test func `alternatives share by their odds what the answer that counts leaves, which is at most a half`()
    async throws
  {
    func alternatives(_ sureness: Double, voted: String? = nil) async throws -> [String: Double] {
      var loop = try await loop()
      loop.options.learnsAlternatives = true
      var state = try await loop.start()
      // Odds of 1, 3 and 1, 4 and 1.
      let replies = [("cause:0-4", 0.5), ("cause:0-9", 0.75), ("cause:0-4", 0.5), ("no span", 0.8), (nil, 0.9)].map {
        reply -> [String: Any] in
        ["version": "v", "raw": "", "confidence": ["source": "verbalised", "value": reply.1]]
          .merging(reply.0.map { ["answer": $0] } ?? [:]) { $1 }
      }
      let record: [String: Any] = ["item": "bus", "replies": replies, "accepted": 3, "sureness": sureness, "round": 1]
      state.labelled = [
        try JSONDecoder().decode(
          LabelledByTeacher.self,
          from: JSONSerialization.data(withJSONObject: record.merging(voted.map { ["voted": $0] } ?? [:]) { $1 }))
      ]
      let example = try #require(loop.trainingExamples(state).last)
      #expect(example.answer.key == voted ?? "no span" && example.weight == sureness)
      return Dictionary(uniqueKeysWithValues: example.alternatives.map { ($0.answer.key, $0.probability) })
    }
    let sure = try await alternatives(0.8)
    #expect(sure.count == 2 && abs(sure["cause:0-4", default: 0] - 0.2 * 2 / 5) < 1e-12)
    #expect(abs(sure["cause:0-9", default: 0] - 0.2 * 3 / 5) < 1e-12)
    let unsure = try await alternatives(0.1)
    #expect(abs(unsure["cause:0-9", default: 0] - 0.5 * 3 / 5) < 1e-12)
    let voted = try await alternatives(0.4, voted: "effect:10-18")
    #expect(voted.count == 3 && abs(voted["no span", default: 0] - 0.5 * 4 / 9) < 1e-12)
  }

  @Test func `a record of a version that did not vote is read`() throws {
    let old = Data(
      """
      {"accepted": 1, "item": "859", "replies": [
        {"answer": "cause:0-4", "confidence": {"source": "verbalised", "value": 0.5}, "raw": "{}", "version": "7e"},
        {"answer": "cause:0-9", "raw": "{}", "version": "7e+longer_text"}], "round": 1, "sureness": 0.5}
      """.utf8)
    let kept = try JSONDecoder().decode(LabelledByTeacher.self, from: old)
    #expect(kept.answer == "cause:0-9" && kept.isChanged)
    let written = try JSONSerialization.jsonObject(with: JSONEncoder().encode(kept)) as? [String: Any]
    #expect(Set((written ?? [:]).keys) == ["accepted", "item", "replies", "round", "sureness"])
  }
}
