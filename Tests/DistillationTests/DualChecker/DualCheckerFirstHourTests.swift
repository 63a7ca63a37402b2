import Distillation
import DualChecker
import Foundation
import TeacherProtocol
import Testing

/// What a run of DualChecker says before and while it asks, and how its records may come divided.
@Suite struct DualCheckerFirstHourTests {
  private final class Desk: Sendable {
    let text = Locked("")
    var reporter: ProgressReporter {
      ProgressReporter(style: .line(columns: 200), clock: { 0 }) { words in self.text.withLock { $0 += words } }
    }
  }

  @Test func `progress says what is done, and of each teacher what came of its replies`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.aligner.explains = false
      let desk = Desk()
      _ = try await DualCheckerRun(configuration, folder: folder.appending(path: "a"), reporter: desk.reporter).run()
      var said = desk.text.withLock { $0 }
      #expect(!said.contains("explaining"))
      #expect(said.contains("answering the labelled pool: "))
      #expect(said.contains("teacher on test records: "))
      #expect(said.contains("teacher teacher: "))
      configuration.aligner.explains = true
      desk.text.withLock { $0 = "" }
      _ = try await DualCheckerRun(configuration, folder: folder.appending(path: "b"), reporter: desk.reporter).run()
      said = desk.text.withLock { $0 }
      #expect(said.contains("explaining and answering the labelled pool: "))
    }
  }

  /// The fixture's records without the labels of some of them.
  private func unlabel(_ configuration: DualCheckerConfiguration, _ isKept: (Int) -> Bool) throws {
    let file = URL(filePath: try #require(configuration.data.file))
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
    let fewer = rows.map { row in
      var row = row
      if let id = row["id"] as? Int, !isKept(id) { row["label"] = nil }
      return row
    }
    try JSONSerialization.data(withJSONObject: fewer).write(to: file)
  }

  @Test(arguments: ["label", nil]) func `records without a label are labelled, and evaluate says what it can't say`(
    column: String?
  ) async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.data.fields.label = column
      try unlabel(configuration) { _ in false }
      let out = folder.appending(path: "run")
      let desk = Desk()
      let found = try await DualCheckerRun(configuration, folder: out, reporter: desk.reporter).run()
      // Nothing is set apart to be scored, and nobody's label is seen.
      #expect((found.trainingItems, found.testItems, found.goldLabels) == (24, 0, 0))
      #expect(found.results.isEmpty && found.unsaid == ["nothing is scored: no record has a label"])
      #expect(found.curve.allSatisfy { $0.teacher == nil && $0.student == nil } && !found.curve.isEmpty)
      #expect(found.table.contains("nothing is scored: no record has a label"))
      let page = try String(contentsOf: out.appending(path: "report.html"), encoding: .utf8)
      #expect(page.contains("nothing is scored: no record has a label"))
      #expect(desk.text.withLock { $0 }.contains("no training record has a label"))
      let read = try JSONDecoder().decode(
        DualCheckerEvaluation.self, from: Data(contentsOf: out.appending(path: "evaluation.json")))
      #expect(read == found)
      // The student is there to be used.
      let answers = try await DualCheckerRun.opening(out).predict(URL(filePath: configuration.data.file ?? ""))
      #expect(answers.count == 24 && answers.allSatisfy { $0.label != nil })
      let check = RunCheck(contentsOf: try written(configuration, in: folder))
      #expect(check.isUsable && check.text().contains("nothing is scored"))
    }
  }

  private func written(_ configuration: DualCheckerConfiguration, in folder: URL) throws -> URL {
    let file = folder.appending(path: "run.json")
    try Data(configuration.json.utf8).write(to: file)
    return file
  }

  @Test func `labels of some records are the pool's, or those that are scored`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 40)
      (configuration.evaluation.draws, configuration.studentCheck.kind) = (1, .none)
      try unlabel(configuration) { $0 < 6 }
      let some = try await DualCheckerRun(configuration, folder: folder.appending(path: "some")).run()
      #expect(some.goldLabels + some.testItems == 6 && (24..<40).contains(some.trainingItems))
      // Files: one without labels to train on, one with labels to be scored.
      let all = try String(contentsOf: URL(filePath: configuration.data.file ?? ""), encoding: .utf8)
      let test = folder.appending(path: "test.json")
      _ = try DualCheckerFixture.configuration(in: folder, records: 12)
      try FileManager.default.moveItem(at: URL(filePath: configuration.data.file ?? ""), to: test)
      try Data(all.utf8).write(to: URL(filePath: configuration.data.file ?? ""))
      try unlabel(configuration) { _ in false }
      configuration.data.files = SplitFiles(train: configuration.data.file ?? "", test: test.path)
      configuration.data.file = nil
      let apart = try await DualCheckerRun(configuration, folder: folder.appending(path: "apart")).run()
      #expect((apart.goldLabels, apart.trainingItems, apart.testItems) == (0, 40, 12))
      #expect(apart["student"] != nil && apart["gold_student"] == nil)
      #expect(apart.unsaid == ["gold_student: no training record has a label"])
      configuration.data.files?.test = nil
      let alone = try await DualCheckerRun(configuration, folder: folder.appending(path: "alone")).run()
      #expect(alone.unsaid == ["nothing is scored: no record has a label"])
    }
  }

  /// What `check` says of a configuration.
  private func checked(_ configuration: DualCheckerConfiguration, in folder: URL) throws -> RunCheck {
    RunCheck(contentsOf: try written(configuration, in: folder))
  }

  @Test func `a text behind the encoder's limit is counted before a run, said in it and marked in predictions`()
    async throws
  {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      (configuration.task.kind, configuration.task.positive) = (.spans, nil)
      configuration.task.labels = [LabelConfiguration(name: "thing", answer: "thing")]
      configuration.evaluation.draws = 1
      let rows = (0..<24).map { number in
        let word = number == 3 ? "rain" : DualCheckerFixture.text(number).split(separator: " ")[4]
        let text = number == 3 ? String(repeating: "much of it ", count: 90) + "rain" : DualCheckerFixture.text(number)
        return #"{"id": \#(number), "summary": "\#(text)", "detail": "", "thing": "\#(word)"}"#
      }
      let data = URL(filePath: try #require(configuration.data.file))
      try Data("[\(rows.joined(separator: ","))]".utf8).write(to: data)
      (configuration.student.fresh.maximumTokens, configuration.student.epochs) = (48, 1)
      let check = try checked(configuration, in: folder)
      let words = "1 of 24 texts is longer than the 48 tokens that the student reads, and is cut there"
      #expect(check.isUsable && check.text().contains(words), "\(check.text())")
      #expect(check.text().contains("of 24 gold spans 1 is not read"), "\(check.text())")
      let (desk, out) = (Desk(), folder.appending(path: "run"))
      _ = try await DualCheckerRun(configuration, folder: out, reporter: desk.reporter).run()
      #expect(desk.text.withLock { $0 }.contains(words + "; the first is item '3'"), "\(desk.text.withLock { $0 })")
      desk.text.withLock { $0 = "" }
      let opened = try DualCheckerRun.opening(out, reporter: desk.reporter)
      let answers = try await opened.predict(data)
      #expect(answers.map { $0.isCut == true } == (0..<24).map { $0 == 3 })
      #expect(desk.text.withLock { $0 }.contains(words))
      let lines = String(decoding: try PredictionFile.jsonLines(answers), as: UTF8.self)
      #expect(lines.split(separator: "\n").count { $0.contains(#""cut":true"#) } == 1)
      desk.text.withLock { $0 = "" }
      _ = try await opened.evaluate(data)
      #expect(desk.text.withLock { $0 }.contains("of 24 gold spans 1"))
    }
  }

  @Test func `labels that never occur and columns that are nearly there are named by the check`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.task.kind = .multiclass
      configuration.task.positive = nil
      configuration.task.labels.append(LabelConfiguration(name: "icy", answer: "Icy"))
      #expect(try checked(configuration, in: folder).text().contains("no record has the label 'icy': nobody learns it"))
      configuration.data.fields.detail = "detial"
      let missing = try checked(configuration, in: folder)
      #expect(missing.text().contains("names for 'data.fields.detail'"), "\(missing.text())")
      configuration.data.fields.detail = "detail"
      let file = URL(filePath: configuration.data.file ?? "")
      let renamed = try String(contentsOf: file, encoding: .utf8).replacing(#""label""#, with: #""Label""#)
      try Data(renamed.utf8).write(to: file)
      #expect(try checked(configuration, in: folder).text().contains("did you mean 'Label'?"))
    }
  }

  @Test func `the check refuses a budget that leaves no record to label, and so does the run`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.loop.budget = 16
      let check = try checked(configuration, in: folder)
      #expect(!check.isUsable && check.text().contains("takes 16 questions before"), "\(check.text())")
      #expect(check.text().contains("by at least 1, to 17"), "\(check.text())")
      let run = try DualCheckerRun(configuration, folder: folder.appending(path: "run"))
      await #expect(throws: PoolExceedsBudget.self) { try await run.run() }
      configuration.loop.budget = 17
      #expect(try checked(configuration, in: folder).isUsable)
    }
  }

  @Test func `a column of labels that was given a name is missed`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.data.fields.label = "truth"
      let run = try DualCheckerRun(configuration, folder: folder.appending(path: "run"))
      await #expect {
        try await run.run()
      } throws: { "\($0)".contains("has no column 'truth'") }
    }
  }

  @Test func `the table has accuracies in the column of accuracies`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.evaluation.draws = 1
      let found = try await DualCheckerRun(configuration, folder: folder.appending(path: "run")).run()
      let fixed = try #require(found["fixed_teacher_1"])
      let line = try #require(found.table.split(separator: "\n").first { $0.hasPrefix("teacher, fixed shots") })
      let columns = line.dropFirst("teacher, fixed shots".count).split(separator: " ").map(String.init)
      // One draw is its own best.
      #expect(
        columns == [
          String(format: "%.1f", 100 * fixed.macroF1), String(format: "%.1f", 100 * fixed.score.accuracy), "-",
        ])
    }
  }

  @Test func `a column or files may divide the records`() async throws {
    try await withFolder { folder in
      func rows(_ numbers: [Int], _ split: String?, from first: Int = 0) -> String {
        numbers.map { number in
          let column = split.map { #", "part": "\#($0)""# } ?? ""
          let label = number % 2 == 0 ? 1 : 0
          return
            #"{"id": \#(number - first), "summary": "\#(DualCheckerFixture.text(number))", "label": \#(label)\#(column)}"#
        }.joined(separator: "\n") + "\n"
      }
      let whole = folder.appending(path: "whole.jsonl")
      try Data((rows(Array(0..<30), "learn") + rows(Array(30..<40), "score")).utf8).write(to: whole)
      var column = try DualCheckerFixture.configuration(in: folder, records: 24)
      (column.data.file, column.data.fields.split, column.data.fields.detail) = (whole.path, "part", nil)
      column.teacherCheck.steps = [.definitions]
      column.data.splits = SplitConfiguration()
      column.data.splits?.train = .names(["learn"])
      column.data.splits?.test = .names(["score"])
      let divided = try await DualCheckerRun(column, folder: folder.appending(path: "column")).run()
      #expect((divided.trainingItems, divided.testItems) == (30, 10))
      // Both files count their ids from 0.
      var files = column
      (files.data.file, files.data.fields.split, files.data.splits) = (nil, nil, nil)
      let (train, test) = (folder.appending(path: "train.jsonl"), folder.appending(path: "test.jsonl"))
      try Data(rows(Array(0..<30), nil).utf8).write(to: train)
      try Data(rows(Array(30..<40), nil, from: 30).utf8).write(to: test)
      files.data.files = SplitFiles(train: train.path, test: test.path)
      let apart = try await DualCheckerRun(files, folder: folder.appending(path: "files")).run()
      #expect((apart.trainingItems, apart.testItems) == (30, 10))
    }
  }

  @Test func `a dry run and check say how many questions there are, time, memory and length of prompts`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 60)
      configuration.teacher.kind = .openAI
      configuration.teacher.service = OpenAITeacherConfiguration(baseURL: "http://localhost:1/v1", model: "m")
      (configuration.teacher.service.samples, configuration.studentCheck.kind) = (3, .none)
      configuration.aligner.explains = true
      configuration.evaluation.draws = 2
      configuration.evaluation.studentDraws = 1
      let file = folder.appending(path: "run.json")
      try Data(configuration.json.utf8).write(to: file)
      let check = RunCheck(contentsOf: file)
      for subject in ["questions", "prompts", "time", "memory"] {
        #expect(check.findings.contains { $0.subject == subject }, "\(subject)")
      }
      let run = try DualCheckerRun(configuration, folder: folder.appending(path: "run"))
      let counts = try DualCheckerRunTests.counts(of: configuration)
      // The pool twice and as often again as it may be followed up; every other record once and as often again; three samples each.
      let followUps = configuration.teacherCheck.followUps
      let labelling = counts.pool * (2 + followUps) + counts.toLabel * (1 + followUps)
      let scoring = counts.test * (1 + configuration.teacherCheck.followUps + 2) + counts.toLabel
      let said = try run.requestsAtMost()
      #expect(
        said.hasPrefix("teacher 'teacher' at http://localhost:1/v1: at most \(3 * (labelling + scoring)) requests"))
      #expect(said.contains("nothing was asked"))
      // Without a step nothing follows a first question.
      configuration.teacherCheck.steps = []
      let plain = counts.pool * 2 + counts.toLabel + counts.test * 3 + counts.toLabel
      #expect(
        try DualCheckerRun(configuration, folder: folder.appending(path: "run")).requestsAtMost()
          .hasPrefix("teacher 'teacher' at http://localhost:1/v1: at most \(3 * plain) requests"))
    }
  }

  @Test func `a local model labels without a service`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 16)
      let model = folder.appending(path: "model")
      try TinyModels.writeTextDecoder(to: model)
      configuration.teacher.kind = .model
      configuration.teacher.model = ModelTeacherConfiguration(model: model.path)
      (configuration.aligner.shots, configuration.aligner.explains, configuration.evaluation.draws) = (0, false, 0)
      (configuration.teacherCheck.followUps, configuration.studentCheck.kind) = (0, .none)
      let found = try await DualCheckerRun(configuration, folder: folder.appending(path: "run")).run()
      #expect(found["labels"] != nil && found.questions > 0)
      // It is asked for labels alone: what it would say behind them nobody reads.
      struct File: Decodable { var loop: LoopState }
      let file = folder.appending(path: "run/loop.json")
      let kept = try JSONDecoder().decode(File.self, from: Data(contentsOf: file)).loop.labelled
      let answers = configuration.task.labels.map(\.answer)
      #expect(!kept.isEmpty && kept.allSatisfy { $0.replies.allSatisfy { answers.contains($0.raw) } })
      configuration.task.kind = .spans
      #expect(throws: (any Error).self) { try configuration.validate() }
    }
  }
}

extension DualCheckerRunTests {
  /// Records of the pool, to label and to score, from a run with a teacher in this process.
  static func counts(of configuration: DualCheckerConfiguration) throws -> (pool: Int, toLabel: Int, test: Int) {
    var free = configuration
    free.teacher = DualCheckerTeacherConfiguration()
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(free.json.utf8).write(to: file)
    let words = RunCheck(contentsOf: file).findings.first { $0.subject == "data" }?.text ?? ""
    let numbers = words.split { !$0.isNumber }.compactMap { Int($0) }
    guard numbers.count == 3 else { throw CheckingError.fileExists(words) }
    return (numbers[1], numbers[0], numbers[2])
  }
}
