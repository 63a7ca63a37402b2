import DualChecker
import Foundation
import TeacherProtocol
import TestSupport
import Testing

@Suite struct LabelNoiseTests {
  @Test func `words are counted in all texts but the one that is judged`() {
    // "red" stands in the texts 0, 1 and 3, "blue" in 2 and 3, and "blue red" in one text alone.
    let classes = [[1.0, 0], [1, 0], [0, 1], [0, 1]]
    let judge = WordJudge(["red", "Red red", "blue", "blue red"], groups: ["0", "1", "2", "3"])
    let found = judge.judgements(classes).map { $0.map(exp) }
    // Of the others, one is of class 0 and has "red", two are of class 1, of which one has it:
    // and two have "blue": (1 + 1) * (1 + 1) / (1 + 2) against (2 + 1) * (1 + 1) / (3 + 2).
    #expect(abs(found[0][0] - 10.0 / 19) < 1e-12 && abs(found[0][1] - 9.0 / 19) < 1e-12)
    // Two of class 0 have "red" and not "blue", one of class 1 has "blue" alone:
    // (2 + 1) * 3 / 4 * 1 / 4 against (1 + 1) * 1 / 3 * 2 / 3.
    #expect(abs(found[3][0] - 81.0 / 145) < 1e-12)
    // Texts of one group do not judge each other: nobody of class 0 is left for the first.
    let grouped = WordJudge(["red", "red red", "blue", "blue red"], groups: ["a", "a", "2", "3"])
    // (0 + 1) * 1 / 2 against (2 + 1) * 2 / 5.
    #expect(abs(exp(grouped.judgements(classes)[0][0]) - 5.0 / 17) < 1e-12)
    // A class that no text has: (2 + 1) * (2 / 7)² against 1 * (1 / 3)².
    let alone = WordJudge(["a b", "a c", "b c"], groups: ["0", "1", "2"])
      .judgements(Array(repeating: [1, 0], count: 3))
    #expect(abs(exp(alone[0][0]) - 108.0 / 157) < 1e-12)
    #expect(WordJudge([], groups: []).judgements([]) == [])
  }

  @Test func `words that tell nothing leave labels as sure as they were`() {
    let given = [0, 0, 1, 1].map { LabelPosterior.Given(label: $0, sureness: 0.8) }
    let found = LabelPosterior(texts: ["a", "b", "c", "d"], groups: ["a", "b", "c", "d"], given: given, classes: 2)
    // Of the others more have the other class, so any weight of the judge would make the labels less probable.
    #expect(found.strength == 0)
    for (posterior, given) in zip(found.posteriors, given) { #expect(abs(posterior[given.label] - 0.8) < 1e-12) }
    #expect(found.confusion == [[0, 1], [1, 0]])
  }

  /// Records whose short text tells the thing and whose longer one tells the class. The teacher goes by the thing, and takes every
  /// thing "boat" of class 2 for class 0.
  private func world(_ count: Int, seed: UInt64) -> (texts: [String], truth: [Int], given: [LabelPosterior.Given]) {
    var generator = FixedGenerator(seed: seed)
    let things = [["motor", "lamp", "pump"], ["game", "phone", "chair"], ["tray", "boat", "crane"]]
    let reasons = [
      ["saves power", "burns less"], ["runs faster", "looks nice"], ["makes no waste", "is used twice"],
    ]
    let filling = ["near towns", "in winter", "for all", "since long", "as before", "by hand"]
    var (texts, truth, given) = ([String](), [Int](), [LabelPosterior.Given]())
    for _ in 0..<count {
      let own = Int.random(in: 0..<3, using: &generator)
      let thing = things[own][Int.random(in: 0..<3, using: &generator)]
      let reason = reasons[own][Int.random(in: 0..<2, using: &generator)]
      texts.append("a \(thing)\nit \(reason) \(filling[Int.random(in: 0..<6, using: &generator)])")
      truth.append(own)
      given.append(.init(label: thing == "boat" ? 0 : own, sureness: thing == "boat" ? 0.6 : 0.9))
    }
    return (texts, truth, given)
  }

  @Test func `a fault of the teacher that the longer text gives away is mended, and its confusion is found`() {
    let (texts, truth, given) = world(240, seed: 5)
    let groups = texts.indices.map { "\($0)" }
    let found = LabelPosterior(texts: texts, groups: groups, given: given, classes: 3)
    let right = zip(given, truth).count { $0.label == $1 }
    #expect((200...225).contains(right), "about a ninth is wrong")
    let mended = zip(found.posteriors, truth).count { posterior, truth in posterior.max() == posterior[truth] }
    #expect(mended >= 235, "\(mended)")
    #expect(found.confusion[0][2] > 0.7, "what is wrongly called 0 is 2: \(found.confusion)")
    for posterior in found.posteriors { #expect(abs(posterior.reduce(0, +) - 1) < 1e-9) }
    #expect(found == LabelPosterior(texts: texts, groups: groups, given: given, classes: 3))
    // What a person said stands.
    let person = given.indices.map {
      LabelPosterior.Given(label: given[$0].label, sureness: $0 < 9 ? nil : given[$0].sureness)
    }
    let stands = LabelPosterior(texts: texts, groups: groups, given: person, classes: 3)
    for place in 0..<9 { #expect(stands.posteriors[place][person[place].label] == 1) }
  }

  @Test func `classes that are rare or that no text has are not preferred`() {
    let (texts, truth, _) = world(600, seed: 6)
    let places = truth.indices.filter { truth[$0] == 0 || truth[$0] == 1 && $0 % 9 == 0 }
    let given = places.map { LabelPosterior.Given(label: truth[$0], sureness: 0.9) }
    let found = LabelPosterior(
      texts: places.map { texts[$0] }, groups: places.map { "\($0)" }, given: given, classes: 3)
    let right = zip(found.judged, given).count { $0 == $1.label }
    #expect(10 * right >= 9 * places.count, "\(right) of \(places.count)")
  }

  @Test func `the words have to tell more than chance does`() {
    func isRighter(_ wins: Int, _ losses: Int, among count: Int) -> Bool {
      let one = (0..<count).map { $0 < wins || $0 >= wins + losses }
      let other = (0..<count).map { $0 >= wins }
      return DualCheckerLoop.isRighter(one, than: other)
    }
    // One record, or three against one, are no more than a standard error, whatever the size of the pool.
    for count in 2..<60 { #expect(!isRighter(1, 0, among: count)) }
    #expect(!isRighter(3, 1, among: 40) && !isRighter(6, 3, among: 41) && !isRighter(0, 2, among: 9))
    #expect(isRighter(2, 0, among: 40) && isRighter(4, 1, among: 40))
  }

  // MARK: In the loop

  private static func record(_ id: String, _ number: Int) -> Item {
    let things = ["motor", "lamp", "boat", "game"]
    let details = [["it saves power", "it makes less waste"], ["it is faster", "it looks nice"]]
    let thing = number % 4
    return Fixture.item(
      id, "a \(things[thing]) \(id)", detail: details[thing / 2][number / 4 % 2])
  }

  /// Takes boats for green, not quite surely; on the pool only where it is told to.
  private func loop(errsOnPool: Bool) async throws -> DualCheckerLoop {
    let pool = LabelledPool(
      (0..<8).map { .init(item: Self.record("p\($0)", $0), answer: .label($0 % 4 < 2 ? "green" : "other")) })
    let teacher = ScriptedTeacher("hasty") { request in
      let text = request.item.text
      let isFooled = text.contains("boat") && (errsOnPool || !request.item.id.hasPrefix("p"))
      let isGreen = text.contains("motor") || text.contains("lamp") || isFooled
      return TeacherReply(
        reading: isGreen ? "Yes." : "No.", with: AnswerReader(labels: request.labels),
        confidence: Confidence(text.contains("boat") ? 0.6 : 0.95, source: .verbalised))
    }
    var loop = DualCheckerLoop(
      task: try Fixture.green(), teacher: teacher, aligner: try await Fixture.aligner(pool: pool),
      items: (0..<40).map { Self.record("i\($0)", $0) }, template: LabellingTemplate(instructions: ["Green?"]))
    (loop.options.explains, loop.options.followUps, loop.options.refinesEvery) = (false, 0, 100)
    loop.options.labelNoise = .posterior
    return loop
  }

  private func labelled(_ loop: DualCheckerLoop) async throws -> LoopState {
    var (state, student) = (try await loop.start(), WordStudent())
    while try await loop.step(&state, student: &student) {}
    return state
  }

  @Test func `the final student learns what is probably right, and the pool as it is`() async throws {
    var loop = try await loop(errsOnPool: true)
    let state = try await labelled(loop)
    let (examples, report) = loop.finalExamples(state)
    let found = try #require(report)
    #expect(found.isApplied && found.pool == 8 && found.teacherRight == 6 && found.judgeRight == 8)
    #expect(found.changed == 10 && found.classes == ["green", "other"])
    #expect(found.sentence.contains("is not the label 10 times"))
    #expect(examples.count == 48)
    for (place, example) in examples.enumerated() {
      let isGreen = example.item.text.contains("motor") || example.item.text.contains("lamp")
      #expect(example.answer == .label(isGreen ? "green" : "other"), "\(example.item.text)")
      #expect(example.weight == 1)
      #expect(example.alternatives.isEmpty == (place < 8))
      for other in example.alternatives { #expect(other.probability < 0.5 && other.answer != example.answer) }
    }
    #expect(loop.finalExamples(state, without: ["p3"]).examples.map(\.item.id).first { $0 == "p3" } == nil)
    loop.options.labelNoise = .none
    #expect(loop.finalExamples(state).examples == loop.trainingExamples(state))
    #expect(loop.finalExamples(state).report == nil)
  }

  @Test func `where the pool does not speak for it the labels are learned as they were given`() async throws {
    let loop = try await loop(errsOnPool: false)
    let state = try await labelled(loop)
    let (examples, report) = loop.finalExamples(state)
    #expect(report?.isApplied == false && report?.teacherRight == 8)
    #expect(examples == loop.trainingExamples(state))
    #expect(report?.sentence.contains("as they were given") == true)
  }
}
