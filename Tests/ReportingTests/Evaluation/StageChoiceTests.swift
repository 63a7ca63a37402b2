import Evaluation
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct StageChoiceTests {
  /// Answers of which the first so many are right.
  private func answers(_ name: String, labels: Int, of all: Int, agreed: Int = 0, of items: Int = 0)
    -> StageChoice.Answers
  {
    .init(name, labels: (0..<all).map { $0 < labels }, agreed: (0..<items).map { $0 < agreed })
  }

  private func choice(
    _ answers: [StageChoice.Answers], weight: Double = 0.25, standing: String? = nil, resamples: Int = 200
  ) -> StageChoice {
    StageChoice(
      answers, labelGroups: answers[0].labels.indices.map { "l\($0)" },
      agreedGroups: answers[0].agreed.indices.map { "a\($0)" }, weight: weight, source: "budget",
      standing: standing, resamples: resamples, seed: 3)
  }

  @Test func `labels count as the share of conflicts, and agreed items as the rest`() throws {
    // 0.25 * 8/10 + 0.75 * 12/20 = 0.65; 0.25 * 2/10 + 0.75 * 20/20 = 0.8.
    let found = choice([
      answers("preferences", labels: 8, of: 10, agreed: 12, of: 20),
      answers("stage1", labels: 2, of: 10, agreed: 20, of: 20),
    ])
    #expect(found.taken == "stage1" && found.labels == 10 && found.agreed == 20)
    #expect(zip(found.candidates.map(\.accuracy), [0.65, 0.8]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(found.candidates.map(\.onLabels) == [0.8, 0.2] && found.candidates.map(\.onAgreed) == [0.6, 1])
    let difference = try #require(found.differences.first)
    #expect(difference.result == "stage1" && difference.against == "preferences")
    #expect(abs(difference.difference - 0.15) < 1e-12)
    #expect(difference.interval.low < 0.15 && difference.interval.high > 0.15)
  }

  @Test func `what was configured is taken where others are equally good, and labels alone count without agreed items`()
  {
    let found = choice([
      answers("preferences", labels: 9, of: 12), answers("stage1_sft", labels: 9, of: 12),
      answers("stage1", labels: 3, of: 12),
    ])
    #expect(found.taken == "preferences" && found.weight == 1)
    #expect(found.candidates.map(\.accuracy) == [0.75, 0.75, 0.25] && found.candidates[0].onAgreed == nil)
    #expect(found.differences.map(\.against) == ["stage1_sft", "stage1"])
    // Right and wrong on the same items: no resample shows a difference.
    #expect(found.differences[0].interval == Interval(low: 0, high: 0))
    #expect(
      found.sentence.hasPrefix(
        "stage 2 ends with preferences, judged on 12 labels (budget): +0.0 points against stage1_sft (+0.0 to +0.0), +50.0 points"
      ))
  }

  @Test func `the interval of a difference is that of paired resamples of both kinds of items`() {
    // Each of 100 items is right for one student alone on 60, for the other alone on 40: mean 0.2, and its standard
    // deviation over resamples is sqrt(0.96 / 100) = 0.098.
    let first = (0..<100).map { $0 < 60 }
    let found = choice(
      [.init("a", labels: first, agreed: []), .init("b", labels: first.map { !$0 }, agreed: [])], resamples: 4_000)
    let interval = found.differences[0].interval
    #expect(abs(interval.low - (0.2 - 1.96 * 0.098)) < 0.03 && abs(interval.high - (0.2 + 1.96 * 0.098)) < 0.03)
  }

  /// The first is right alone on 52, 60 of 100 items, the second on the others: a gain of 0.04 or 0.2 with a standard error of 0.1.
  @Test(arguments: [(52, "stage1_sft"), (60, "preferences")])
  func `a student that stands is left for one that is better by more than a standard error`(alone: Int, taken: String) {
    let first = (0..<100).map { $0 < alone }
    let both: [StageChoice.Answers] = [
      .init("preferences", labels: first, agreed: []), .init("stage1_sft", labels: first.map { !$0 }, agreed: []),
    ]
    let found = choice(both, standing: "stage1_sft", resamples: 2_000)
    #expect(found.taken == taken && found.differences.map(\.result) == [taken])
    #expect(found.sentence.contains("; another is taken where") == (taken == "stage1_sft"))
    #expect(choice(both, resamples: 2_000).taken == "preferences")
    // One that is surely better is taken where one that may be better still is not.
    let wild = (0..<100).map { $0 < 54 }
    let three: [StageChoice.Answers] = [
      .init("preferences", labels: wild, agreed: []),
      .init("stage1_sft", labels: wild.map { !$0 }, agreed: []),
      .init("stage1", labels: wild.enumerated().map { !$1 || $0 < 7 }, agreed: []),
    ]
    #expect(choice(three, standing: "stage1_sft", resamples: 2_000).taken == "stage1")
    // A student that is not there stands for nothing.
    #expect(choice(both, standing: "round_1_sft", resamples: 2_000).taken == "preferences")
  }

  @Test func `as many fifths are held out as hold ten labels`() {
    // A fifth of 15 is 3, so that four fifths hold 12; two fifths of 25 hold 10; one of 50 holds 10.
    let parts = [0, 1, 9, 10, 12, 13, 15, 17, 20, 25, 49, 50, 320].map { StageChoice.parts(of: $0) }
    #expect(parts == [0, 0, 0, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1])
    #expect([9, 15, 49, 50].map { StageChoice.trainings(on: $0) } == [0, 4, 2, 2])
  }

  @Test func `where preferences are not tried, that is said`() {
    let two = choice([answers("stage1_sft", labels: 9, of: 12), answers("stage1", labels: 3, of: 12)])
    #expect(
      two.taken == "stage1_sft" && two.sentence.hasSuffix("; preferences are not tried with fewer than 50 labels"))
    let three = choice([
      answers("preferences", labels: 9, of: 12), answers("stage1_sft", labels: 3, of: 12),
      answers("stage1", labels: 3, of: 12),
    ])
    #expect(!three.sentence.contains("not tried"))
  }

  @Test func `a choice is written, read again, and stands in the terminal and in the page`() throws {
    var file = EvaluationFile(items: 1, testItems: 1, labelsSpent: 0, results: [:])
    file.stage2 = choice([
      answers("preferences", labels: 5, of: 10, agreed: 4, of: 8),
      answers("stage1_sft", labels: 8, of: 10, agreed: 6, of: 8),
    ])
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "evaluation.json")
      try file.write(to: url)
      #expect(try EvaluationFile(contentsOf: url) == file)
      let text = try String(contentsOf: url, encoding: .utf8)
      for field in ["\"taken\" : \"stage1_sft\"", "\"on_labels\" : 0.8", "\"on_agreed\" : 0.75"] {
        #expect(text.contains(field))
      }
    }
    let table = EvaluationTable(file).description
    #expect(table.contains("stage 2 ends with stage1_sft, judged on 10 labels (budget) and 8 agreed items"))
    #expect(table.contains("stage1_sft           76.25      80.00            75.00"), "\(table)")
    var content = ReportContent(title: "t")
    content.evaluation = file
    #expect(content.html().contains("What Stage 2 ends with"))
    #expect(content.html().contains("<th scope=\"row\">stage1_sft</th><td class=\"number\">76.25</td>"))
  }

  @Test func `what is taken without evidence is said with the reason`() {
    let none = StageChoice(taken: "preferences", source: "dev", labels: 3, reason: "3 labels are too few")
    #expect(none.candidates.isEmpty && none.differences.isEmpty)
    #expect(none.sentence == "stage 2 ends with preferences, as configured: 3 labels are too few")
    let safer = StageChoice(taken: "stage1", source: "budget", labels: 3, reason: "3 labels are too few")
    #expect(
      safer.sentence
        == "stage 2 ends with stage1: 3 labels are too few; what is learned from few labels can do harm, which can't be seen then"
    )
    let trained = StageChoice(taken: "stage1_sft", source: "budget", labels: 60, reason: "all are of one group")
    #expect(
      trained.sentence
        == "stage 2 ends with stage1_sft: all are of one group; preferences are for where they are seen to help")
  }
}
