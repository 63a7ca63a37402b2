import Evaluation
import Testing
import TestSupport

@Suite struct EvaluatorTests {
  let candidates = [
    Evaluator.Candidate(
      .twoStage,
      predictions: EvaluationSample.predictions([
        "1": "pristine", "2": "falsified", "3": "pristine", "4": "falsified", "5": nil,
      ]),
      labels: 2),
    Evaluator.Candidate(
      .teacher("eye"), predictions: EvaluationSample.predictions(["1": "pristine", "2": "pristine", "5": "falsified"]),
      labels: 0),
  ]

  func evaluator(seed: UInt64 = 1) -> Evaluator {
    var generator = FixedGenerator(seed: seed)
    return Evaluator(split: EvaluationSample.split(), using: &generator)
  }

  @Test func `a result is over the whole split`() throws {
    let result = evaluator().result(of: candidates[1].predictions, labels: 0)
    // Right: 1 and 5 of five; falsified: 5 of 2, 4, 5; pristine: 1 of 1, 3.
    #expect(result.accuracy == 2.0 / 5)
    #expect(result.accuracyOnPositive == 1.0 / 3)
    #expect(result.accuracyOnOthers == 1.0 / 2)
    // pristine: 1 hit, 2 truths, 2 answers: 2/4; falsified: 1 hit, 3 truths, 1 answer: 2/4.
    #expect(result.macroF1 == 0.5)
    #expect(result.confusion?.counts == [[1, 0, 1], [1, 1, 1]])
    #expect(result.interval.low <= 0.4 && result.interval.high >= 0.4)
  }

  @Test func `the main result is compared with each other one, in the whole and in slices`() throws {
    let file = evaluator().evaluation(of: candidates, items: 9, labelsSpent: 2, teacherLabels: 4)
    #expect(file.items == 9 && file.testItems == 5 && file.labelsSpent == 2 && file.teacherLabels == 4)
    #expect(file.resultNames == [.teacher("eye"), .twoStage])
    let difference = try #require(file.differences?.first)
    #expect(file.differences?.count == 1)
    #expect(difference.result == "two_stage" && difference.against == "teacher:eye")
    // Four right of five against two right of five.
    #expect(abs(difference.difference - 0.4) < 1e-12)

    let similar = try #require(file.slices?["similar"])
    #expect(file.slices?.keys.sorted() == ["random", "similar"])
    #expect(similar.testItems == 3)
    #expect(similar.results["two_stage"]?.accuracy == 2.0 / 3)
    #expect(similar.results["teacher:eye"]?.accuracy == 1.0 / 3)
    #expect(abs(similar.differences[0].difference - 1.0 / 3) < 1e-12)
  }

  @Test func `without the main result there are no differences, without slices no slices`() {
    var generator = FixedGenerator(seed: 2)
    let split = TestSplit(
      items: EvaluationSample.split().items.map { .init(id: $0.id, label: $0.label, group: $0.group) },
      labels: EvaluationSample.labels,
      positive: nil)
    let file = Evaluator(split: split, using: &generator)
      .evaluation(of: [candidates[1]], items: 1, labelsSpent: 0)
    #expect(file.differences == nil && file.slices == nil && file.budgets == nil)
    #expect(file[.teacher("eye")]?.accuracyOnPositive == nil)
    #expect(file[.teacher("eye")]?.accuracyOnOthers == nil)
    #expect(Evaluator(split: split, using: &generator).slice("random") == nil)
  }

  @Test func `the same seed gives the same bytes, whatever the order of the candidates`() {
    let one = evaluator().evaluation(of: candidates, items: 9, labelsSpent: 2)
    let other = evaluator().evaluation(of: candidates.reversed(), items: 9, labelsSpent: 2)
    #expect(one.jsonData() == other.jsonData())
  }

  @Test func `names sort into the order of the tables`() {
    let names: [ResultName] = [
      .init(rawValue: "zebra"), .fullLabel, .twoStage, .stage1SFT, .majority, .teacher("b"), .init(rawValue: "ant"),
      .stage1, .randomLabels, .stage1DPO, .agreementPlusLabels, .teacher("a"),
    ]
    #expect(
      names.sorted().map(\.rawValue) == [
        "teacher:a", "teacher:b", "majority", "agreement_plus_labels", "stage1", "stage1_sft", "stage1_dpo",
        "random_labels", "two_stage", "full_label", "ant", "zebra",
      ])
    #expect(ResultName.teacher("a").teacherName == "a" && ResultName.majority.teacherName == nil)
    #expect(ResultName.twoStage.title == "Two stages" && ResultName.teacher("a").title == "Teacher a")
    #expect("\(ResultName.fullLabel)" == "full_label" && ResultName(rawValue: "ant").title == "ant")
  }
}
