import Evaluation
import Reporting
import Foundation
import Testing
import TestSupport

/// Tables and pages speak the labels of the task, however many it has.
@Suite struct LabelScoresTests {
  static let grades = ["A", "B", "C", "D", "E"]

  private func evaluation(_ labels: [String]) -> EvaluationFile { ReportSample.evaluation(labels: labels) }

  @Test func `of five labels there is macro F1 and a row for each`() throws {
    let file = evaluation(Self.grades)
    let table = EvaluationTable(file).description
    #expect(table.contains("95 % interval  macro F1  labels\n"))
    let start = try #require(table.range(of: "\naccuracy / F1 of each label\n\n"))
    let lines = table[start.upperBound...].split(separator: "\n")
    #expect(lines[0].hasPrefix("label  items"))
    #expect(lines[1...5].map { String($0.prefix(1)) } == Self.grades)
    // 40 items, 8 of each label; the teacher "ear" leaves every fifth unanswered, which is every E.
    #expect(lines[1].split(separator: " ").prefix(5).map(String.init) == ["A", "8", "100.00", "/", "100.00"])
    #expect(lines[5].split(separator: " ").prefix(5).map(String.init) == ["E", "8", "0.00", "/", "0.00"])
    let page = ReportContent.page(of: file)
    for label in Self.grades { #expect(page.contains("<th scope=\"row\"><bdi>\(label)</bdi></th>")) }
    #expect(page.contains("data-name=\"Macro F1\"") && page.contains("Accuracy and F1 of each label"))
    for text in [table, page, String(decoding: file.jsonData(), as: UTF8.self)] {
      #expect(!text.lowercased().contains("falsified") && !text.lowercased().contains("pristine"))
    }
  }

  @Test func `of two labels each has a column under its own name`() throws {
    let file = evaluation(["ham", "spam & <b>"])
    let table = EvaluationTable(file).description
    #expect(table.contains("95 % interval") && table.contains(" ham  spam & <b>  macro F1  labels\n"))
    #expect(!table.contains("of each label"))
    let page = ReportContent.page(of: file)
    #expect(page.contains("data-name=\"ham\"") && page.contains("data-name=\"spam &amp; &lt;b&gt;\""))
    #expect(!page.contains("Accuracy and F1 of each label"))
    for text in [table, page] {
      #expect(!text.lowercased().contains("falsified") && !text.lowercased().contains("pristine"))
    }
  }

  @Test func `evaluation json has each label under its name, and the two older keys of two labels alone`() throws {
    let two = try #require(evaluation(["ham", "spam"]).results["two_stage"])
    #expect(two.byLabel?.keys.sorted() == ["ham", "spam"])
    #expect(two.accuracyOnPositive == two.byLabel?["spam"]?.accuracy)
    #expect(two.accuracyOnOthers == two.byLabel?["ham"]?.accuracy)
    let five = try #require(evaluation(Self.grades).results["two_stage"])
    #expect(five.byLabel?["C"]?.items == 8 && five.accuracyOnPositive == nil && five.accuracyOnOthers == nil)
  }

  /// A file of version 479066b has `accuracy_falsified` and no `by_label`.
  @Test func `a file of an older version is read and its labels are those of its confusion`() throws {
    let json = """
      {"items": 4, "test_items": 2, "labels_spent": 1, "results": {"two_stage": {"accuracy": 0.5, "f1_macro": 0.33,
        "accuracy_falsified": 1, "accuracy_pristine": 0, "labels": 1, "interval": [0, 1],
        "confusion": {"labels": ["no", "yes"], "counts": [[0, 1, 0], [0, 1, 0]]}}}}
      """
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "evaluation.json")
      try Data(json.utf8).write(to: file)
      let old = try EvaluationFile(contentsOf: file)
      #expect(old.results["two_stage"]?.accuracyOnPositive == 1)
      #expect(EvaluationTable(old).description.contains("  no     yes  macro F1"))
    }
  }
}

extension ReportContent {
  fileprivate static func page(of evaluation: EvaluationFile) -> String {
    var content = ReportContent(title: "Mail")
    content.evaluation = evaluation
    return content.html()
  }
}
