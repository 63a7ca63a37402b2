import Distillation
import Foundation
import JSON
import TeacherProtocol
import TestSupport
import Testing

/// A whole small run by the command, from its first step to predictions on other items.
@Suite(.enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct DistillRunTests {
  @Test func `a run goes step by step and its student is used afterwards`() throws {
    let distill = try #require(DistillBinary.found)
    try withCheckFixture { fixture in
      let folder = fixture.folder
      func run(_ arguments: String...) throws -> DistillBinary.Outcome {
        let outcome = try distill.run(arguments, in: folder)
        #expect(outcome.code == 0, "\(arguments): \(outcome.errors)")
        return outcome
      }
      try fixture.edit(
        "run.yaml", "out: run",
        "out: run\nstage1: {epochs: 1, batch: 4}\nstage2: {reference: stage1_adapter, choose: as_configured, epochs: 1, batch: 2}"
      )
      try fixture.edit("run.yaml", "stage2: {reference: stage1_adapter, choose: as_configured, replay: 0}\n", "")

      let annotated = try run("annotate", "run.yaml", "--quiet")
      #expect(annotated.output == "" && annotated.errors == "")
      let early = try distill.run("agree", "--annotations", "run", in: folder)
      #expect(early.code == 2)
      #expect(early.errors.contains("the run has not come to its step agree"))

      let agreed = try run("agree", "run.yaml")
      #expect(agreed.output.contains("a / b"))
      #expect(try run("agree", "--annotations", "run").output == agreed.output)
      #expect(try run("agree", "--annotations", "store").output.contains("a / b"))

      _ = try run("review", "run.yaml", "-q")
      let reviewed = try String(contentsOf: folder.appending(path: "run/review.jsonl"), encoding: .utf8)
      #expect(reviewed.split(separator: "\n").count == 4, "the budget is 4 labels")
      _ = try run("stage1", "run.yaml", "-q")
      #expect(
        FileManager.default.fileExists(atPath: folder.appending(path: "run/stage1/adapter_model.safetensors").path))
      let unfinished = try distill.run("predict", "--run", "run", "--data", "items.jsonl", in: folder)
      #expect(unfinished.code == 2 && unfinished.errors.hasPrefix("distill: "))

      _ = try run("run", "run.yaml", "--through", "stage2", "-q")
      let table = try run("evaluate", "run.yaml", "-q").output
      #expect(table.contains("two_stage") && table.contains("teacher:b"))
      let bytes = try Data(contentsOf: folder.appending(path: "run/evaluation.json"))
      #expect(try run("evaluate", "run.yaml", "-q", "--json").output == String(decoding: bytes, as: UTF8.self))
      let reported = try run("report", "run.yaml")
      #expect(reported.output == table)
      #expect(reported.errors.contains("run/report.html"))
      #expect(try run("run", "run.yaml", "-q").output == table)
      #expect(try Data(contentsOf: folder.appending(path: "run/evaluation.json")) == bytes)

      let lines = try run("predict", "--run", "run", "--data", "items.jsonl", "-q").output
      #expect(lines.split(separator: "\n").count == 24)
      let first = try JSONDecoder().decode(Prediction.self, from: Data(lines.prefix { $0 != "\n" }.utf8))
      #expect(first.itemID == "0p")
      #expect(abs(first.probabilities.values.reduce(0, +) - 1) < 1e-6)
      _ = try run("predict", "--run", "run", "--data", "items.jsonl", "--out", "deep/answers.jsonl", "-q")
      #expect(try String(contentsOf: folder.appending(path: "deep/answers.jsonl"), encoding: .utf8) == lines)

      let rows = folder.appending(path: "rows.jsonl")
      _ = try run(
        "predict", "--run", "run", "--data", "items.jsonl", "--out", "rows.jsonl", "--format", "decisions", "-q")
      let row = try JSONParser.value(of: String(contentsOf: rows, encoding: .utf8).prefix { $0 != "\n" }.description)
      #expect(row["state"] == ["text": "ball number 0", "image": "<image-1>"])
      #expect(row["questions"]?["label"]?["instructions"] == "Caption: {text} Does it fit?")
      #expect(row["assets"] == ["<image-1>": ["type": "image", "path": "0.png"]])
      #expect(
        abs((row["answers"]?["label"]?["noul"]?.double ?? .nan) - (first.probabilities["falsified"] ?? .nan)) < 1e-6)
      let mapping = FieldMapping(image: "image", label: "label")
      let data = try Dataset(
        contentsOf: rows, mapping: mapping, imageRoot: folder.appending(path: "photos"), strict: true)
      #expect(data.items.count == 24 && data.missingImages().isEmpty)
      let gold = try GoldAnswers(contentsOf: rows, mapping: mapping, labels: .outOfContext, strict: true)
      #expect(gold.answer(of: "0p") == first.label)

      let scored = try run("evaluate", "--run", "run", "--data", "items.jsonl", "--split", "dev", "-q", "--json").output
      let evaluation = try JSONDecoder().decode(EvaluationFile.self, from: Data(scored.utf8))
      #expect(evaluation.testItems == 4)
      #expect(evaluation.results["teacher:a"]?.accuracy == 1)
      #expect(evaluation.results["two_stage"] != nil)
    }
  }
}
