import Annotations
import DPO
import Evaluation
import Foundation
import Layers
import LoRA
import StudentModels
import TeacherProtocol
import Tensor
import Testing
import Training
import TwoStage

/// A teacher that looks up its answers.
private struct KnownAnswers: Teacher {
  let name: String
  let answers: [String: String]
  /// How sure it says it is; nil for nothing.
  var confidence: Double?
  var model: String { name }

  func reply(to request: TeacherRequest) async throws -> TeacherReply {
    guard let label = answers[request.item.id] else { return TeacherReply(outcome: .abstained, raw: "") }
    return TeacherReply(
      outcome: .answered(label), rationale: "says \(name)",
      confidence: confidence.map { Confidence($0, source: .verbalised) }, raw: label)
  }
}

/// Ten items: the teachers agree on the first six, of which odd ones are false, and conflict on the other four, which are
/// all true.
@Suite struct TwoStageDistillationTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "two-stage-\(UUID().uuidString)")
  private let items = (0..<10).map { Item(id: "\($0)", fields: ["text": "Item \($0)"]) }

  private var gold: [String: String] {
    Dictionary(uniqueKeysWithValues: (0..<10).map { ("\($0)", $0 >= 6 || $0 % 2 == 0 ? "true" : "false") })
  }

  private var teachers: [any Teacher] { teachers() }

  private func teachers(sure: Double? = nil, torn unsure: Double? = nil) -> [any Teacher] {
    let wrong = gold.mapValues { $0 == "true" ? "false" : "true" }
    let torn = Dictionary(uniqueKeysWithValues: gold.map { ($0, (Int($0) ?? 0) < 6 ? $1 : wrong[$0] ?? "") })
    return [
      KnownAnswers(name: "right", answers: gold, confidence: sure),
      KnownAnswers(name: "torn", answers: torn, confidence: unsure),
    ]
  }

  private func method() throws -> TwoStageDistillation {
    let labels = try LabelSet(
      [.init(name: "true", meaning: "it holds"), .init(name: "false", meaning: "it does not")], positive: "false")
    var method = TwoStageDistillation(labels: labels, prompt: try PromptTemplate("Does it hold? {text}"))
    method.options.adapter.rank = 4
    method.options.stage1.learningRate = 5e-3
    method.options.stage1.epochs = 2
    method.options.stage2.learningRate = 5e-3
    method.options.stage2.epochs = 2
    method.options.seed = 3
    return method
  }

  private func outcome(
    _ method: TwoStageDistillation, budget: Int, teachers: [any Teacher]? = nil
  ) async throws -> TwoStageOutcome<SmolVLM> {
    try await method.distill(
      Dataset(items: items, root: folder), into: TinyModels.student(), teachers: teachers ?? self.teachers,
      people: OracleLabelSource(gold: GoldAnswers(gold), budget: budget), store: MemoryAnnotationStore())
  }

  private func adapter(_ student: SmolVLM) -> [[Float]] { student.adapterParameters().map(\.parameter.value.scalars) }

  @Test func `people are asked about conflicts alone, and no more often than their budget allows`() async throws {
    let outcome = try await outcome(method(), budget: 3)
    #expect(Set(outcome.conflicts.map(\.item.id)) == ["6", "7", "8", "9"])
    #expect(outcome.humanLabels.count == 3)
    #expect(outcome.humanLabels.allSatisfy { (Int($0.key) ?? 0) >= 6 && $0.value == "true" })
  }

  @Test func `both stages train the adapter, and the student that was given stays as it is`() async throws {
    let method = try method()
    let base = try TinyModels.student()
    let outcome = try await outcome(method, budget: 4)
    #expect(adapter(outcome.stage1) != adapter(outcome.student))
    #expect(base.adapterParameters().isEmpty)
    let again = try await self.outcome(method, budget: 4)
    #expect(adapter(again.student) == adapter(outcome.student), "the same seed gives the same student")
  }

  @Test func `without a labelled conflict the student stays where Stage 1 left it`() async throws {
    let outcome = try await outcome(method(), budget: 0)
    #expect(outcome.humanLabels.isEmpty)
    #expect(adapter(outcome.stage1) == adapter(outcome.student))
  }

  @Test func `the pieces give what the one call gives`() async throws {
    let method = try method()
    let whole = try await outcome(method, budget: 4)
    let data = Dataset(items: items, root: folder)
    let base = try TinyModels.student()
    let judgements = try await method.annotate(data, teachers: teachers, store: MemoryAnnotationStore())
      .judgements(by: method.agreement)
    let targets = try method.targets(for: base, of: items, in: data)
    var student = base
    try method.trainStage1(&student, on: targets.supervised(judgements))
    #expect(adapter(student) == adapter(whole.stage1))
    let stage1 = student
    let labels = try await method.humanLabels(
      of: judgements.compactMap(\.conflict), people: OracleLabelSource(gold: GoldAnswers(gold), budget: 4))
    let pairs = try targets.preferences(judgements, labels: labels)
    // The right teacher's answer over the other's, on each of the four conflicts.
    #expect(pairs.count == 4 && pairs.allSatisfy { $0.pairs.count == 1 && $0.tree.answers.count == 2 })
    try method.trainStage2(
      &student, on: pairs, reference: method.reference(of: pairs, stage1: stage1, base: base))
    #expect(adapter(student) == adapter(whole.student))
    let predictions = try targets.predictions(for: items, by: student)
    #expect(predictions.map(\.itemID) == items.map(\.id))
    for prediction in predictions {
      #expect(abs(prediction.probabilities.values.reduce(0, +) - 1) < 1e-6)
    }
  }

  /// What Stage 1 learns, and with which probabilities of the two labels: those of tokens with which an option begins.
  private func soft(
    _ method: TwoStageDistillation, _ teachers: [any Teacher]
  ) async throws -> (targets: [SoftTarget], supervised: [AnswerTree]) {
    let data = Dataset(items: items, root: folder)
    let judgements = try await method.annotate(data, teachers: teachers, store: MemoryAnnotationStore())
      .judgements(by: method.agreement)
    let targets = try method.targets(for: TinyModels.student(), of: items, in: data)
    return (try targets.soft(judgements), try targets.supervised(judgements))
  }

  @Test func `soft targets are the answers of hard ones, with the label that nobody gave beside them`() async throws {
    let (targets, trees) = try await soft(method(), teachers(sure: 0.9, torn: 0.6))
    let options = try TinyModels.student().tree(
      question: "Does it hold? Item 0", images: [], beginnings: ["true.", "false."]
    ).answers
    try #require(options[0].count > 1 && options[0] != options[1])
    #expect(targets.count == 6 && trees.count == 6)
    for (number, (target, tree)) in zip(targets, trees).enumerated() {
      let own = number % 2
      #expect(target.tree.prompt == tree.prompt && target.tree.answers == tree.answers + [options[1 - own]])
      // Both say the same label, with 0.9 and 0.6, and count the same: 0.75, in each of two answers; what is left is learned
      // for both.
      for (answer, weights) in zip(tree.answers, target.weights) {
        let rest = [Float](repeating: 1, count: answer.count - options[own].count)
        #expect(weights == [Float](repeating: 0.75, count: options[own].count) + rest)
      }
      #expect(target.weights[2] == [Float](repeating: 0.5, count: options[1 - own].count))
    }
  }

  @Test func `conflicts are learned by their probabilities, and one teacher is heard alone`() async throws {
    var method = try method()
    method.options.conflicts = .all
    let teachers = teachers(sure: 0.9, torn: 0.6)
    let both = try await soft(method, teachers).targets
    #expect(both.count == 10 && both[6].weights.count == 2)
    // (0.9, 0.1) and (0.4, 0.6): 0.65 and 0.35, two answers together.
    #expect(both[6].weights[0].first == 1.3 && both[6].weights[1].first == 0.7)
    method.options.answers = .teacher("torn")
    let one = try await soft(method, teachers).targets
    #expect(one.count == 10 && one[6].weights.map(\.first) == [0.6, 0.4])
  }

  @Test func `teachers that are certain teach soft targets what they teach hard ones, to the bit`() async throws {
    var method = try method()
    let hard = try await outcome(method, budget: 4)
    method.options.targets = .soft
    let certain = try await outcome(method, budget: 4)
    #expect(adapter(certain.stage1) == adapter(hard.stage1) && adapter(certain.student) == adapter(hard.student))
    let unsure = try await outcome(method, budget: 4, teachers: teachers(sure: 0.9, torn: 0.6))
    #expect(adapter(unsure.stage1) != adapter(hard.stage1))
    method.options.targets = .hard
    let blind = try await outcome(method, budget: 4, teachers: teachers(sure: 0.9, torn: 0.6))
    #expect(adapter(blind.stage1) == adapter(hard.stage1))
  }

  @Test func `a student that answers by its label alone learns no other word`() async throws {
    var method = try method()
    method.options.answersByLabel = true
    let data = Dataset(items: items, root: folder)
    let run = try await method.annotate(data, teachers: teachers, store: MemoryAnnotationStore())
    let judgements = run.judgements(by: method.agreement)
    let base = try TinyModels.student()
    let targets = try method.targets(for: base, of: items, in: data)
    // "true." and "false.", as their tokens.
    let alone = try Set(
      base.tree(question: "Does it hold? Item 0", images: [], answers: ["true.", "false."]).answers.map(\.self))
    let (first, second) = try (targets.supervised(judgements), targets.preferences(judgements, labels: gold))
    #expect(first.count == 6 && Set(first.flatMap(\.answers)).isSubset(of: alone))
    #expect(second.count == 10 && Set(second.flatMap(\.tree.answers)).isSubset(of: alone))
    // A label that no teacher gave is written alone too.
    let wrong = try targets.preferences(judgements, labels: ["0": "false"])
    #expect(wrong.count == 1 && Set(wrong.flatMap(\.tree.answers)) == alone)
  }

  @Test func `reasons that were cut are learned from in neither stage`() async throws {
    let method = try method()
    let data = Dataset(items: items, root: folder)
    func trees(cut: Bool) async throws -> (first: [AnswerTree], second: [AnswerTree]) {
      let run = try await method.annotate(data, teachers: teachers, store: MemoryAnnotationStore())
      let judgements = run.judgements(by: method.agreement).map { judgement in
        var annotations = judgement.annotations
        for index in annotations.indices {
          annotations[index].reply.isRationaleCut = cut
          if !cut { annotations[index].reply.rationale = "" }
        }
        return Judgement(item: judgement.item, annotations: annotations, rule: method.agreement)
      }
      let targets = try method.targets(for: TinyModels.student(), of: items, in: data)
      return (try targets.supervised(judgements), try targets.preferences(judgements, labels: gold).map(\.tree))
    }
    let (cut, none) = try await (trees(cut: true), trees(cut: false))
    #expect(cut.first.map(\.answers) == none.first.map(\.answers))
    #expect(cut.second.map(\.answers) == none.second.map(\.answers))
    #expect(cut.first.count == 6 && cut.second.count == 10)
  }

  @Test func `half as many agreed items are replayed beside the conflicts as the options say`() async throws {
    var method = try method()
    method.options.replay = 0.5
    let data = Dataset(items: items, root: folder)
    let judgements = try await method.annotate(data, teachers: teachers, store: MemoryAnnotationStore())
      .judgements(by: method.agreement)
    let targets = try method.targets(for: TinyModels.student(), of: items, in: data)
    let trees = try targets.preferences(judgements, labels: gold.filter { (Int($0.key) ?? 0) >= 6 })
    #expect(trees.count { $0.pairs.isEmpty } == 2 && trees.count == 6)
  }

  @Test func `an item that the student can't take is set aside, or stops a strict method`() async throws {
    var method = try method()
    let long = Item(id: "long", fields: ["text": String(repeating: "many words ", count: 400)])
    let data = Dataset(items: [long], root: folder)
    let targets = try method.targets(for: TinyModels.student(), of: [long], in: data)
    let answers = try targets.predictions(for: [long], by: TinyModels.student())
    #expect(answers[0].label == nil && answers[0].error != nil)
    #expect(targets.setAside.all.map(\.item) == ["long"])
    method.options.isStrict = true
    let strict = try method.targets(for: TinyModels.student(), of: [long], in: data)
    do {
      _ = try strict.predictions(for: [long], by: TinyModels.student())
      Issue.record("nothing was thrown")
    } catch TrainingError.unusableItem(let item, _) {
      #expect(item == "long")
    }
  }

  @Test func `people are not asked about a conflict that the student can't take`() async throws {
    let long = Item(id: "long", fields: ["text": String(repeating: "many words ", count: 400)])
    let torn: [any Teacher] = [
      KnownAnswers(name: "right", answers: gold.merging(["long": "true"]) { $1 }),
      KnownAnswers(name: "torn", answers: gold.merging(["long": "false"]) { $1 }),
    ]
    let outcome = try await method().distill(
      Dataset(items: items + [long], root: folder), into: TinyModels.student(), teachers: torn,
      people: OracleLabelSource(gold: GoldAnswers(["long": "true"]), budget: 5), store: MemoryAnnotationStore())
    #expect(outcome.conflicts.map(\.item.id) == ["long"])
    #expect(outcome.humanLabels.isEmpty)
    #expect(outcome.setAside.all.map(\.item) == ["long"])
  }

  @Test func `a label of people that is none is refused with its item`() async throws {
    struct Inventor: LabelSource {
      func labels(for items: [Item]) async throws -> [String: String] { ["6": "perhaps", "elsewhere": "true"] }
    }
    let error = await #expect(throws: TwoStageError.self) {
      _ = try await method().distill(
        Dataset(items: items, root: folder), into: TinyModels.student(), teachers: teachers, people: Inventor(),
        store: MemoryAnnotationStore())
    }
    #expect(error == .unknownLabel(item: "6", label: "perhaps", known: ["true", "false"]))
  }

  @Test func `one teacher is refused, and so are teachers that agree on nothing, with the reason`() async throws {
    let people = try OracleLabelSource(gold: GoldAnswers(gold), budget: 1)
    func fault(_ teachers: [any Teacher]) async -> TwoStageError? {
      await #expect(throws: TwoStageError.self) {
        _ = try await method().distill(
          Dataset(items: items, root: folder), into: TinyModels.student(), teachers: teachers, people: people,
          store: MemoryAnnotationStore())
      }
    }
    #expect(await fault([teachers[0]]) == .tooFewTeachers(1))
    let wrong = gold.mapValues { $0 == "true" ? "false" : "true" }
    let never = [KnownAnswers(name: "right", answers: gold), KnownAnswers(name: "wrong", answers: wrong)]
    #expect(await fault(never) == .nothingAgreed(items: 10, reason: ""))
  }

  @Test func `a cancelled task ends between two updates`() async throws {
    var method = try method()
    method.options.stage1.epochs = 100_000
    let (started, begin) = AsyncStream.makeStream(of: Void.self)
    let task = Task { [method, items, folder, teachers, gold] in
      try await method.distill(
        Dataset(items: items, root: folder), into: TinyModels.student(), teachers: teachers,
        people: OracleLabelSource(gold: GoldAnswers(gold), budget: 0), store: MemoryAnnotationStore()
      ) { _ in begin.yield() }
    }
    for await _ in started { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }
}
