import Evaluation
import Foundation
import Testing
import TestSupport

@Suite struct EvaluationFileTests {
  let file = EvaluationFile(
    items: 9_000, testItems: 2_000, labelsSpent: 700,
    results: [
      "two_stage": .init(
        accuracy: 0.9125, accuracyOnPositive: 0.9, accuracyOnOthers: 0.925, macroF1: 0.9124, labels: 700,
        interval: Interval(low: 0.9, high: 0.925)),
      "teacher:a/b": .init(
        accuracy: 0.8, accuracyOnPositive: nil, accuracyOnOthers: nil, macroF1: 0.79, labels: 0,
        interval: Interval(low: 0.78, high: 0.82)),
    ])

  @Test func `the file has the published keys and no others`() {
    let expected = """
      {
        "items" : 9000,
        "labels_spent" : 700,
        "results" : {
          "teacher:a/b" : {
            "accuracy" : 0.8,
            "f1_macro" : 0.79,
            "interval" : [
              0.78,
              0.82
            ],
            "labels" : 0
          },
          "two_stage" : {
            "accuracy" : 0.9125,
            "accuracy_falsified" : 0.9,
            "accuracy_pristine" : 0.925,
            "f1_macro" : 0.9124,
            "interval" : [
              0.9,
              0.925
            ],
            "labels" : 700
          }
        },
        "test_items" : 2000
      }

      """
    #expect(String(decoding: file.jsonData(), as: UTF8.self) == expected)
  }

  @Test func `all that is written is read again`() throws {
    var full = file
    full.teacherLabels = 3
    full.differences = [
      .init(result: "two_stage", against: "full_label", difference: -0.01, interval: Interval(low: -0.02, high: 0))
    ]
    full.slices = ["random": .init(testItems: 4, results: file.results, differences: full.differences ?? [])]
    full.budgets = [
      .init(result: "two_stage", labels: 100, accuracy: 0.9, interval: Interval(low: 0.8, high: 0.95))
    ]
    full.results["two_stage"]?.confusion = ConfusionMatrix(labels: ["a"], truth: ["a"], answers: [nil])
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("evaluation.json")
      try full.write(to: url)
      #expect(try EvaluationFile(contentsOf: url) == full)
      try file.write(to: url)
      #expect(try Data(contentsOf: url) == file.jsonData())
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["evaluation.json"])
    }
  }

  @Test(arguments: ["[[0,1],[1,0]]", "[[0,1,0]]", "[[0,1,0],[1,0,-1]]", "[]"])
  func `a matrix that is none of its labels is refused`(counts: String) throws {
    var full = file
    full.results["two_stage"]?.confusion = ConfusionMatrix(labels: ["a", "b"], truth: [], answers: [])
    let text = String(decoding: full.jsonData(), as: UTF8.self).filter { !$0.isWhitespace }
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("evaluation.json")
      try Data(text.utf8).write(to: url)
      #expect(try EvaluationFile(contentsOf: url) == full)
      let spoilt = text.replacing("[[0,0,0],[0,0,0]]", with: counts)
      try #require(spoilt != text)
      try Data(spoilt.utf8).write(to: url)
      #expect {
        try EvaluationFile(contentsOf: url)
      } throws: { error in
        guard case .malformed(_, let place, "2 rows of 3 counts, none below 0", _)? = error as? RunFileError else {
          return false
        }
        return place == "field results.two_stage.confusion.counts"
      }
    }
  }

  @Test func `a file that is not there, not JSON or lacks a field is named with what is wrong`() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("evaluation.json")
      #expect {
        try EvaluationFile(contentsOf: url)
      } throws: { error in
        guard case .unreadable(let file, _)? = error as? RunFileError else { return false }
        return file == url.path && "\(error)".contains("can't be read")
      }
      try Data("{\"items\": 3".utf8).write(to: url)
      #expect {
        try EvaluationFile(contentsOf: url)
      } throws: { error in
        guard case .malformed(_, let place, let expected, _)? = error as? RunFileError else { return false }
        return place == "line 1, column 12" && expected == "',' or '}' after the value of 'items'"
      }
      let text = String(decoding: file.jsonData(), as: UTF8.self)
      try Data(text.replacing("\"test_items\"", with: "\"tests\"").utf8).write(to: url)
      #expect(
        throws: RunFileError.malformed(file: url.path, place: "field test_items", expected: "a value", found: "nothing")
      ) { try EvaluationFile(contentsOf: url) }
      try Data(text.replacing("9000", with: "\"many\"").utf8).write(to: url)
      #expect(
        throws: RunFileError.malformed(
          file: url.path, place: "field items", expected: "a whole number", found: "\"many\"")
      ) { try EvaluationFile(contentsOf: url) }
      try Data(text.replacing("0.78", with: "0.98").utf8).write(to: url)
      #expect {
        try EvaluationFile(contentsOf: url)
      } throws: { "\($0)".contains("expected [low, high] with low <= high, found [0.98,") }
    }
  }

  @Test func `a file that can't be written leaves an error with its name`() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("missing/evaluation.json")
      #expect {
        try file.write(to: url)
      } throws: { error in
        guard case .unwritable(let file, _)? = error as? RunFileError else { return false }
        return file == url.path && "\(error)".contains("free space")
      }
    }
  }

  @Test func `the table has aligned columns, results in their order and differences below`() {
    var full = file
    full.teacherLabels = 3_500
    full.differences = [
      .init(
        result: "two_stage", against: "teacher:a/b", difference: 0.1125, interval: Interval(low: 0.09, high: 0.135))
    ]
    full.slices = ["similar": .init(testItems: 1_234, results: ["majority": file.results["teacher:a/b"]!])]
    full.budgets = [
      .init(result: "two_stage", labels: 100, accuracy: 0.9, interval: Interval(low: 0.8, high: 0.95))
    ]
    full.results["two_stage"]?.confusion = ConfusionMatrix(
      labels: ["ham", "spam"], truth: ["ham", "ham", "spam"], answers: ["ham", nil, "spam"])
    #expect(
      EvaluationTable(full).description == """
        2,000 test items, 9,000 training items, 700 human labels, 3,500 labels for teachers

        result       accuracy   95 % interval    ham    spam  macro F1  labels
        teacher:a/b     80.00  78.00 to 82.00      -       -     79.00       0
        two_stage       91.25  90.00 to 92.50  50.00  100.00     91.24     700

        difference in points     accuracy    95 % interval
        two_stage - teacher:a/b    +11.25  +9.00 to +13.50

        similar: 1,234 test items

        result    accuracy   95 % interval  macro F1  labels
        majority     80.00  78.00 to 82.00     79.00       0

        accuracy per human label

        result     labels  accuracy   95 % interval
        two_stage     100     90.00  80.00 to 95.00

        """)
    full.labelsSpent = 1
    #expect(EvaluationTable(full).description.contains("9,000 training items, 1 human label, "))
  }
}
