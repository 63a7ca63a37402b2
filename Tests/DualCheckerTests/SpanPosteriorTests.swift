import DualChecker
import Foundation
import TeacherProtocol
import TestSupport
import Testing

@Suite struct SpanPosteriorTests {
  /// Texts such as "In winter, by coating the lid with wax it lasts for years." and where what is done and what comes of it stand.
  /// A teacher that is wrong leaves out the last word of what comes of it, or takes the first words of the text too.
  private struct World {
    var texts: [String] = []
    var gold: [[LabelledSpan]] = []
    var given: [SpanPosterior.Given] = []
    let task: LabellingTask

    init(_ count: Int, gold known: Int, seed: UInt64) throws {
      task = try LabellingTask(spanTypes: [.init(name: "cause"), .init(name: "effect")])
      var generator = FixedGenerator(seed: seed)
      func one(of words: [String]) -> String { words[Int.random(in: words.indices, using: &generator)] }
      let things = ["lid", "fan", "pump", "wheel", "door", "shaft", "belt", "panel"]
      for number in 0..<count {
        let opening = one(of: ["In winter", "At night", "For farms", "On ships"])
        let (deed, stuff) = (one(of: ["coating", "heating", "turning"]), one(of: ["wax", "wire", "felt", "steel"]))
        let cause = "\(deed) the \(one(of: things)) with \(stuff)"
        let (thing, last) = (one(of: ["it", "the \(one(of: things))"]), one(of: ["years", "hours", "weeks", "days"]))
        let effect = "\(thing) \(one(of: ["lasts", "runs", "holds"])) for \(last)"
        let text = "\(opening), by \(cause) \(effect)."
        let start = opening.count + 5
        let causeSpan = LabelledSpan(label: "cause", range: start..<(start + cause.count))
        let effectSpan = LabelledSpan(
          label: "effect", range: (start + cause.count + 1)..<(start + cause.count + 1 + effect.count))
        texts.append(text)
        gold.append([causeSpan, effectSpan])
        var label = [causeSpan, effectSpan]
        if number % 5 == 3 {
          label[1].range = label[1].range.lowerBound..<(label[1].range.upperBound - last.count - 1)
        } else if number % 10 == 9 {
          label[0].range = 0..<label[0].range.upperBound
        }
        let isWrong = label != [causeSpan, effectSpan]
        given.append(
          number < known
            ? .init(label: gold[number], sureness: nil)
            : .init(label: label, sureness: isWrong ? 0.6 : 0.8, others: number % 2 == 0 ? [[causeSpan], label] : []))
      }
    }

    func posterior() -> SpanPosterior {
      SpanPosterior(texts: texts, groups: texts.indices.map { "\($0)" }, given: given, task: task)
    }
  }

  @Test func `ends that a teacher gets wrong are mended by those of the other texts`() throws {
    let world = try World(150, gold: 20, seed: 3)
    let wrong = world.gold.indices.filter { world.given[$0].label != world.gold[$0] }
    #expect(wrong.count == 39)
    let found = world.posterior()
    let mended = world.gold.indices.count { found.answers[$0][0].spans == world.gold[$0] }
    #expect(mended >= 145, "\(mended) of 150")
    #expect(world.gold.indices.count { found.judged[$0] == world.gold[$0] } >= 140)
    for (place, answers) in found.answers.enumerated() {
      #expect(answers.map(\.probability) == answers.map(\.probability).sorted(by: >))
      #expect(Set(answers.map { TaskAnswer.spans($0.spans).key }).count == answers.count, "each once")
      let sum = answers.reduce(0) { $0 + $1.probability }
      #expect(sum > 0.95 && sum < 1 + 1e-12)
      if place < 20 { #expect(answers == [.init(spans: world.gold[place], probability: 1)]) }
    }
    #expect(found == world.posterior(), "the same data, the same posteriors")
  }

  @Test func `an answer is as probable as the judge and the teacher's sureness make it`() throws {
    // Nothing but "x" in every text, which people marked in half of theirs: the judge says the same of all texts of a fold.
    let span = [LabelledSpan(label: "thing", range: 0..<1)]
    let given = (0..<20).map { number -> SpanPosterior.Given in
      guard number >= 10 else { return .init(label: number < 5 ? span : [], sureness: nil) }
      return .init(label: span, sureness: number == 19 ? 0.2 : 0.9, others: [[]])
    }
    let found = SpanPosterior(
      texts: Array(repeating: "x", count: 20), groups: (0..<20).map { "\($0)" }, given: given,
      task: try LabellingTask(spanTypes: [.init(name: "thing")]))
    func odds(_ place: Int) throws -> Double {
      let own = try #require(found.answers[place].first { $0.spans == span }).probability
      let other = try #require(found.answers[place].first { $0.spans == [] }).probability
      #expect(abs(own + other - 1) < 1e-12)
      return own / other
    }
    // p / (1 - p) · sureness / (1 - sureness): of the texts 14 and 19 of one fold 9 to 1/4.
    #expect(abs(try odds(14) / odds(19) - 36) < 1e-9)
    // Where the teacher is not sure more texts are marked than not, so that p is above a half.
    #expect(try odds(19) > 0.25)
  }

  @Test func `texts of one group do not judge each other`() throws {
    // Two texts say the same, and nothing else tells what "b" is.
    let span = [LabelledSpan(label: "thing", range: 2..<3)]
    let texts = ["a b", "a b", "c d", "e f"]
    let given = [span, span, [], []].map { SpanPosterior.Given(label: $0, sureness: nil) }
    let task = try LabellingTask(spanTypes: [.init(name: "thing")])
    let apart = SpanPosterior(texts: texts, groups: ["1", "2", "3", "4"], given: given, task: task)
    let together = SpanPosterior(texts: texts, groups: ["1", "1", "3", "4"], given: given, task: task)
    #expect(together.judged[0] == [] && together.judged[1] == [])
    var judge = SpanJudge(texts, groups: ["1", "2", "3", "4"], task: task)
    var grouped = SpanJudge(texts, groups: ["1", "1", "3", "4"], task: task)
    let learned = given.map { (spans: $0.label, weight: 1.0) }
    let own = try #require(judge.judgements(learned, candidates: [[span], [], [], []])[0]).logCandidates[0]
    let other = try #require(grouped.judgements(learned, candidates: [[span], [], [], []])[0]).logCandidates[0]
    #expect(own > other)
    #expect(apart.answers == together.answers, "people's labels stand")
  }

  @Test func `a text keeps its label where nothing of another group judges it`() throws {
    let span = [LabelledSpan(label: "thing", range: 2..<3)]
    let texts = ["a b", "a b", "c d", "a b"]
    let task = try LabellingTask(spanTypes: [.init(name: "thing")])
    func found(_ groups: [String]) -> SpanPosterior {
      // Not even where the label is hardly sure: that nothing is learned does not say that there is no span.
      let given = [0.9, 0.2, nil, 0.1].map { SpanPosterior.Given(label: span, sureness: $0, others: [[]]) }
      return SpanPosterior(texts: texts, groups: groups, given: given, task: task)
    }
    let alone = found(["1", "1", "1", "1"])
    #expect(alone.judged.allSatisfy { $0 == nil })
    #expect(alone.answers.allSatisfy { $0 == [.init(spans: span, probability: 1)] })
    // People's labels and the surer half are all of the first group, which the second one can't judge at first.
    let apart = found(["1", "1", "1", "2"])
    #expect(apart.judged == [nil, nil, nil, span])
    #expect(apart.answers[0][0].spans == span)
    #expect(found(["1", "2", "3", "4"]).judged.allSatisfy { $0 != nil })
  }

  @Test func `texts without words and labels without spans are answers too`() throws {
    let task = try LabellingTask(spanTypes: [.init(name: "thing")])
    let found = SpanPosterior(
      texts: ["", " ", "a b"], groups: ["1", "2", "3"],
      given: [.init(label: [], sureness: 0.5), .init(label: [], sureness: nil), .init(label: [], sureness: 0.9)],
      task: task)
    #expect(found.answers.map { $0[0].spans } == [[], [], []])
    #expect(SpanPosterior(texts: [], groups: [], given: [], task: task).answers.isEmpty)
  }

  // MARK: In the loop

  private static let causes = [
    "Rain", "Frost", "Smoke", "Wind", "Hail", "Snow", "Fog", "Dew", "Mud", "Dust", "Heat", "Salt",
  ]
  private static let effects = ["road", "pond", "wall", "sand", "bus", "map", "hat", "key", "cup", "pen", "box", "bag"]

  /// Leaves "made" out of what is done in every third text, not quite surely.
  private func loop(errsOnPool: Bool) async throws -> DualCheckerLoop {
    func text(_ place: Int, _ shift: Int) -> String {
      "\(Self.causes[place]) made the \(Self.effects[(place + shift) % 12]) wet."
    }
    let pool = LabelledPool(
      try (0..<12).map {
        try Fixture.spans(
          "p\($0)", text($0, 0), cause: "\(Self.causes[$0]) made", effect: "the \(Self.effects[$0]) wet")
      })
    let teacher = ScriptedTeacher("hasty") { request in
      let words = request.item.text.split(separator: " ").map(String.init)
      let place = Self.causes.firstIndex(of: words[0]) ?? 0
      let errs = place % 3 == 1 && (errsOnPool || !request.item.id.hasPrefix("p"))
      return TeacherReply(
        outcome: .unreadable("not read yet"), confidence: Confidence(errs ? 0.6 : 0.9, source: .verbalised),
        raw: #"{"cause": "\#(errs ? words[0] : words[0] + " made")", "effect": "the \#(words[3]) wet"}"#)
    }
    var loop = DualCheckerLoop(
      task: try Fixture.causes(), teacher: teacher, aligner: try await Fixture.aligner(pool: pool),
      items: (1..<4).flatMap { shift in (0..<12).map { Fixture.item("i\(shift) \($0)", text($0, shift)) } },
      template: LabellingTemplate(instructions: ["What is done, and what comes of it?"]))
    (loop.options.explains, loop.options.followUps, loop.options.refinesEvery) = (false, 0, 100)
    loop.options.labelNoise = .posterior
    return loop
  }

  @Test(arguments: [true, false])
  func `the final student learns mended spans where the pool speaks for it`(errsOnPool: Bool) async throws {
    let loop = try await loop(errsOnPool: errsOnPool)
    var (state, student) = (try await loop.start(), WordStudent())
    while try await loop.step(&state, student: &student) {}
    let (examples, report) = loop.finalExamples(state)
    let found = try #require(report)
    #expect(found.pool == 12 && found.judgeRight == 12 && found.teacherRight == (errsOnPool ? 8 : 12))
    #expect(found.isApplied == errsOnPool && found.strength == nil && found.confusion == nil)
    #expect(examples.map(\.item.id) == loop.trainingExamples(state).map(\.item.id) && examples.count == 48)
    if errsOnPool {
      #expect(found.changed == 12 && found.sentence.contains("is not the label 12 times"))
      try expectMended(examples)
    } else {
      #expect(examples == loop.trainingExamples(state))
    }
  }

  private func expectMended(_ examples: [TrainingExample]) throws {
    for example in examples {
      let words = example.item.text.split(separator: " ")
      let right = try Fixture.spans("", example.item.text, cause: "\(words[0]) made", effect: "the \(words[3]) wet")
      #expect(example.answer == right.answer && example.weight > 0.6 && example.weight <= 1, "\(example.item.text)")
      #expect(example.alternatives.allSatisfy { $0.probability < 0.5 && $0.answer != example.answer })
    }
  }
}
