import Evaluation
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct ReportPartsTests {
  func result(_ accuracy: Double, labels: Int) -> EvaluationFile.Result {
    .init(
      accuracy: accuracy, accuracyOnPositive: nil, accuracyOnOthers: nil, macroF1: accuracy, labels: labels,
      interval: Interval(low: accuracy - 0.01, high: accuracy + 0.01))
  }

  func page(_ change: (inout ReportContent) -> Void) -> String {
    var content = ReportContent(title: "t")
    change(&content)
    return content.html()
  }

  @Test func `the first sentence says what came of it, for better or worse`() {
    let page = page {
      $0.evaluation = EvaluationFile(
        items: 7_000, testItems: 2_000, labelsSpent: 700,
        results: [
          "two_stage": result(0.843, labels: 700), "stage1": result(0.812, labels: 0),
          "full_label": result(0.853, labels: 7_000),
        ])
    }
    #expect(
      page.contains(
        "With a human label for 10.0\u{A0}% of its training items, the student answers 84.3\u{A0}% of 2,000 test items "
          + "rightly: 1.0 point below training on every label, 3.1 points above training without any."))
  }

  @Test func `a result that the page has no words for stands there by its name, and no main result means no headline`()
  {
    let page = page {
      $0.evaluation = EvaluationFile(
        items: 1, testItems: 1, labelsSpent: 0, results: ["mine": result(0.5, labels: 0)])
    }
    #expect(page.contains("<bdi>mine</bdi>"))
    #expect(!page.contains("class=\"deck\"") && !page.contains("class=\"figures\"") && !page.contains("id=\"labels\""))
  }

  @Test func `calibrated probabilities stand beside those stated, in the page and in the terminal`() throws {
    let answers = CalibrationSample.answers(300, sharpness: 3, seed: 31)
    let split = TestSplit(
      items: answers.map { .init(id: $0.id, label: $0.truth, group: $0.group) }, labels: ["a", "b"], positive: nil)
    var generator = FixedGenerator(seed: 5)
    let predictions = answers.map { answer in
      Prediction(
        itemID: answer.id, label: (answer.probabilities["a"] ?? 0) > 0.5 ? "a" : "b",
        probabilities: answer.probabilities)
    }
    var file = EvaluationFile(items: 1, testItems: 300, labelsSpent: 0, results: [:])
    file.calibration = Evaluator(split: split, resamples: 100, using: &generator).calibration(
      of: predictions,
      by: StudentCalibration(labels: ["a", "b"], mapping: .temperature(3), answers: 200, source: "dev"))
    let shown = page { $0.evaluation = file }
    #expect(shown.contains("Confidence and truth") && shown.contains("learned from 200 labels (dev)"))
    #expect(shown.contains("As stated") && shown.contains("Calibrated"))
    let table = EvaluationTable(file).description
    #expect(table.contains("as stated") && table.contains("calibrated by a temperature learned from 200 labels (dev)"))
    // What is written is read back.
    #expect(try JSONDecoder().decode(EvaluationFile.self, from: file.jsonData()) == file)
  }

  @Test func `curves come from the log by stage, with the measures that it has`() {
    let curves = ReportContent.curves(of: ReportSample.rows())
    #expect(
      curves.map { "\($0.stage): \($0.title): \($0.series.map(\.name).joined(separator: " "))" } == [
        "stage1: Loss: loss", "stage1: Share right: tokens", "two_stage: Loss: loss",
        "two_stage: Reward: chosen rejected margin", "two_stage: Share right: pairs",
      ])
    #expect(curves[0].series[0].steps == Array(1...300))
    #expect(ReportContent.curves(of: []) == [])
  }

  @Test func `values that are not finite are gaps`() {
    let page = page {
      $0.curves = [
        .init(
          stage: "s", title: "Loss", series: [.init(name: "loss", steps: [1, 2, 3, 4, 5], values: [1, 2, .nan, 3, 4])]),
        .init(stage: "s", title: "None", series: [.init(name: "none", steps: [1, 2], values: [.infinity, .nan])]),
      ]
    }
    #expect(!page.contains("nan\"") && !page.contains("inf\""))
    #expect(page.contains("Loss over steps: loss from 1.000 at step 1 to 4.000 at step 5."))
    #expect(page.contains("none: no finite value"))
    // Two pieces of line: M ... L ... M ... L ...
    #expect(page.contains(/\ d="M[^ML]+L[^ML]+M[^ML]+L[^ML]+"/))
  }

  @Test func `agreement is a triangle with kappa`() {
    let page = page { $0.agreement = ReportSample.content().agreement }
    #expect(page.contains("<b>75.4</b>") && page.contains("κ 0.52") && page.contains("(4,721)"))
    #expect(!self.page { $0.agreement = .init(teachers: ["alone"], pairs: []) }.contains("id=\"agreement\""))
  }

  @Test func `a pair without common votes and a kappa that is not defined are dashes`() {
    let page = page {
      $0.agreement = .init(
        teachers: ["a", "b", "c"], pairs: [.init(first: "a", second: "b", items: 3, agreement: 1, kappa: nil)])
    }
    #expect(page.contains("<td>–</td>") && page.contains("κ –"))
  }

  @Test func `confusion has a column for no answer only where there is one`() {
    func page(_ answers: [String?]) -> String {
      var score = result(0.5, labels: 0)
      score.confusion = ConfusionMatrix(labels: ["a", "b"], truth: ["a", "b"], answers: answers)
      return self.page { $0.evaluation = EvaluationFile(items: 1, testItems: 2, labelsSpent: 0, results: ["x": score]) }
    }
    #expect(!page(["a", "b"]).contains("<th scope=\"col\">none</th>"))
    #expect(page(["a", nil]).contains("<th scope=\"col\">none</th>"))
  }

  @Test func `voters stand side by side by label, those without an answer last`() throws {
    let page = page { $0.conflicts = [ReportSample.conflict("1")] }
    let sides = page.matches(of: /<div class="side s\d">.*?<\/i><bdi>(.*?)<\/bdi>/).map { String($0.1) }
    #expect(sides == ["falsified", "pristine", "no answer"])
    #expect(page.contains("src=\"data:image/png;base64,AQID\" alt=\"Photo of item 1\""))
    #expect(page.contains("✓ as the human") && page.contains("90\u{A0}% sure"))
    #expect(page.contains("The teachers disagree on 1 item."))
  }

  @Test func `of 300 conflicts twelve are open, the others folded, and a choice is offered where it chooses`() {
    let conflicts = (0..<300).map { ReportSample.conflict("\($0)", human: $0 % 2 == 0 ? "pristine" : nil) }
    let page = page {
      $0.conflicts = conflicts
      $0.conflictCount = 2_615
    }
    #expect(page.components(separated: "<article").count - 1 == 300)
    #expect(page.components(separated: "<summary>Conflicts ").count - 1 == 6)
    #expect(page.contains("<summary>Conflicts 13 to 60</summary>") && page.contains("Conflicts 253 to 300"))
    #expect(page.contains("disagree on 2,615 items. 300 of them are shown."))
    #expect(page.contains("id=\"only-human\"") && page.contains("<span class=\"soft\">150</span>"))
    #expect(MarkupChecker(page).problems == [])
    #expect(!self.page { $0.conflicts = Array(conflicts.prefix(1)) }.contains("class=\"filter\""))
  }

  @Test func `no conflict is good news, and one that is not shown is still counted`() {
    #expect(page { $0.agreement = ReportSample.content().agreement }.contains("agree on every item"))
    #expect(page { $0.conflictCount = 3 }.contains("3 conflicts; none is shown here."))
  }

  @Test func `a conflict without a photo, a human or a student says so`() {
    let bare = ReportContent.Conflict(id: "1", photos: [], caption: "c", votes: [])
    var other = bare
    other.photos = [.init(format: .png, bytes: [0])]
    let mixed = page { $0.conflicts = [bare, other] }
    #expect(mixed.contains("No photo") && mixed.contains("not asked") && !mixed.contains("<dt>Student"))
    // Where no item has one, there is nothing to say of photos.
    let texts = page { $0.conflicts = [bare] }
    #expect(texts.contains("class=\"card text\"") && !texts.contains("No photo"))
    #expect(MarkupChecker(texts).problems == [])
  }

  @Test func `a long rationale is folded and whole`() {
    var conflict = ReportSample.conflict("1")
    conflict.votes[0].rationale = String(repeating: "abcdefghi ", count: 60)
    conflict.votes[1].rationale = String(repeating: "x", count: 500)
    let page = page { $0.conflicts = [conflict] }
    #expect(page.components(separated: "abcdefghi").count - 1 == 60)
    #expect(page.components(separated: "class=\"more\"").count - 1 == 2)
  }

  @Test func `many rows set aside are folded`() {
    let rows = (1...9).map { ReportContent.SetAside(place: "row \($0)", reason: "no image") }
    #expect(page { $0.setAside = rows }.contains("<summary>Show all 9</summary>"))
    #expect(page { $0.setAside = [rows[0]] }.contains("1 row was not used"))
  }
}

extension String {
  fileprivate func components(separated text: String) -> [Substring] {
    split(separator: text, omittingEmptySubsequences: false)
  }
}
