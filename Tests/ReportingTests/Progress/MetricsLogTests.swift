import Evaluation
import Reporting
import Foundation
import Testing
import TestSupport

@Suite struct MetricsLogTests {
  @Test func `a row is one flat object with sorted keys and the names of TRL`() throws {
    let row = MetricsRow(
      stage: "stage2", step: 7,
      [.loss: 0.5, .rewardsChosen: -1.25, .rewardsAccuracies: 1, .learningRate: 1e-5, .gradNorm: .nan])
    let json =
      #"{"grad_norm":null,"learning_rate":1e-05,"loss":0.5,"rewards/accuracies":1,"rewards/chosen":-1.25,"stage":"stage2","step":7}"#
    #expect(row.json == json)
    let read = try #require(MetricsRow(json: json))
    #expect(read.stage == "stage2" && read.step == 7 && read[.rewardsChosen] == -1.25)
    #expect(read[.gradNorm]?.isNaN == true && read[.entropy] == nil)
    #expect(
      TrainingMetric.allCases.map(\.rawValue).joined(separator: " ")
        == "loss rewards/chosen rewards/rejected rewards/margins rewards/accuracies logps/chosen logps/rejected "
        + "entropy mean_token_accuracy grad_norm num_tokens learning_rate epoch")
  }

  @Test func `names with quotes and control characters stay valid JSON`() {
    let row = MetricsRow(stage: "a \"b\"\n\\", step: 1, values: ["é": 2])
    #expect(row.json == "{\"stage\":\"a \\\"b\\\"\\n\\\\\",\"step\":1,\"é\":2}")
    #expect(MetricsRow(json: row.json) == row)
  }

  @Test(arguments: [
    "", "{", "[]", "{}", "{\"stage\":\"s\"}", "{\"stage\":1,\"step\":1}", "{\"stage\":\"s\",\"step\":1.5}",
    "{\"stage\":\"s\",\"step\":1,\"loss\":\"low\"}", "{\"stage\":\"s\",\"step\":1,\"loss\":[1]}",
  ])
  func `a line of another shape is no row`(line: String) {
    #expect(MetricsRow(json: line) == nil)
  }

  @Test func `a resumed stage drops its own later rows and a torn line, and no row of another stage`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("metrics.jsonl")
      let first = try MetricsLog(file: file, stage: "stage1")
      for step in 1...4 { try first.append(step: step, [.loss: Double(step)]) }
      let other = try MetricsLog(file: file, stage: "full_label")
      try other.append(step: 9, [.loss: 9])
      var bytes = try Data(contentsOf: file)
      bytes.append(Data(#"{"loss":5,"sta"#.utf8))
      try bytes.write(to: file)

      let resumed = try MetricsLog(file: file, stage: "stage1", after: 2)
      try resumed.append(step: 3, [.loss: 3.5])
      let rows = try MetricsLog.rows(of: file)
      #expect(rows.map { "\($0.stage) \($0.step)" } == ["stage1 1", "stage1 2", "full_label 9", "stage1 3"])
      #expect(rows.map { $0[.loss] } == [1, 2, 9, 3.5])

      _ = try MetricsLog(file: file, stage: "stage1")
      #expect(try MetricsLog.rows(of: file).map(\.stage) == ["full_label"])
    }
  }

  @Test func `a log that can't be opened or read is named`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("missing/metrics.jsonl")
      #expect(throws: RunFileError.unwritable(file: file.path, reason: "No such file or directory")) {
        try MetricsLog(file: file, stage: "s")
      }
      #expect(throws: RunFileError.self) { try MetricsLog.rows(of: file) }
    }
  }
}
