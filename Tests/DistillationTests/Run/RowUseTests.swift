import Distillation
import Foundation
import TeacherProtocol
import Testing

/// Rows that a run can't use, and ids that repeat between its files.
@Suite(.serialized) struct RowUseTests {
  /// The files of splits, each with ids 0, 1, ... and pictures of its own under the same names, as image folders have them.
  private func withSplitFiles(_ body: (RunWorld) async throws -> Void) async throws {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      for split in ["train", "test"] {
        let folder = data.appending(path: split)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let items = world.items.filter { $0.split == split }
        let rows = items.enumerated().map { number, row in
          "{\"id\":\(number),\"image\":\"0.png\",\"text\":\"\(split) \(row.id)\",\"label\":\"\(row.label)\"}\n"
        }
        try Data(rows.joined().utf8).write(to: folder.appending(path: "metadata.jsonl"))
        try FileManager.default.copyItem(
          at: data.appending(path: "\(split)0.png"), to: folder.appending(path: "0.png"))
      }
      var own = world.with { c in
        c.data = .init(
          files: .init(
            train: data.appending(path: "train/metadata.jsonl").path,
            test: data.appending(path: "test/metadata.jsonl").path))
        c.teachers = []
        c.evaluation.results = .init([.teachers, .stage1, .twoStage])
      }
      let truth = Dictionary(uniqueKeysWithValues: world.items.map { ("\($0.split) \($0.id)", $0) })
      own.plugins.teachers = ["a", "b"].map { name in
        ScriptedTeacher(name) { request in
          guard let row = truth[request.item.text], let label = row.votes[name] ?? nil else {
            return TeacherReply(outcome: .abstained, raw: "")
          }
          return TeacherReply(outcome: .answered(label == "perhaps" ? "pristine" : label), raw: label)
        }
      }
      try await body(own)
    }
  }

  @Test func `files of splits with the same ids are one run in which gold labels stay with their rows`() async throws {
    try await withSplitFiles { world in
      let said = Said()
      let run = try DistillationRun(
        world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter,
        plugins: world.plugins)
      try await run.run()
      #expect(said.text.contains("items are named by their split: train:0, test:0"))
      let file = try #require(try run.evaluation)
      #expect(file.testItems == RunWorld.test)
      // Joined by the id alone, test item 0 had train item 0's label.
      let test = world.items.filter { $0.split == "test" }
      let right = test.count { $0.votes["b"] == $0.label }
      #expect(file.results["teacher:b"]?.accuracy == Double(right) / Double(test.count))
      let lines = try String(decoding: world.bytes("predictions/two_stage.jsonl"), as: UTF8.self)
      #expect(lines.contains("\"id\":\"test:0\""))
    }
  }

  @Test func `recorded replies on an id that two files have are refused with both rows, unless they name the split`()
    async throws
  {
    try await withSplitFiles { world in
      let replies = world.folder.appending(path: "data/own.jsonl")
      func write(_ name: (String, Int) -> String) throws {
        let rows = ["train", "test"].flatMap { split in
          world.items.filter { $0.split == split }.enumerated().flatMap { number, row in
            ["a", "b"].map { teacher in
              let label = (row.votes[teacher] ?? nil).map { "\"\($0)\"" } ?? "null"
              return "{\"id\":\"\(name(split, number))\",\"teacher\":\"\(teacher)\",\"label\":\(label)}\n"
            }
          }
        }
        try Data(rows.joined().utf8).write(to: replies)
      }
      var own = world.with { c in
        c.teachers = ["a", "b"].map { .init(name: $0, source: .recorded(.init(file: replies.path))) }
      }
      own.plugins.teachers = []
      try write { _, number in "\(number)" }
      let error = await #expect(throws: RunError.self) { try await own.run("refused").run(through: .annotate) }
      let text = try #require(error).description
      for part in ["'0'", "train/metadata.jsonl:1", "test/metadata.jsonl:1", "own.jsonl", "'train:0' or 'test:0'"] {
        #expect(text.contains(part), "\(text)")
      }
      try write { split, number in "\(split):\(number)" }
      try await own.run("named").run(through: .agree)
      #expect(own.exists("agreement.json", of: "named"))
      // Only the twelve ids of both files need the split: the further ones of training stand in one.
      try write { split, number in number < RunWorld.test ? "\(split):\(number)" : "\(number)" }
      func answered(_ run: String) throws -> [Substring] {
        try String(decoding: own.bytes("replies.jsonl", of: run), as: UTF8.self).split(separator: "\n")
          .map { $0.prefix { $0 != "," } }
      }
      let said = Said()
      try await DistillationRun(
        own.configuration, folder: own.folder.appending(path: "short"), reporter: said.reporter, plugins: own.plugins
      ).run(through: .agree)
      #expect(try answered("short") == answered("named") && !said.text.contains("have no answer"), "\(said.text)")
      // A run that was begun before goes on without them.
      let old = own.folder.appending(path: "old")
      try FileManager.default.createDirectory(at: old, withIntermediateDirectories: true)
      try Data(#"{"label_scoring": "ended", "prompt_beginning": "folder", "row_order": "id"}"#.utf8).write(
        to: old.appending(path: "rules.json"))
      try await own.with { $0.store = own.folder.appending(path: "other").path }.run("old").run(through: .annotate)
      #expect(try answered("old").count < answered("named").count)
    }
  }

  @Test func `an id that one file has on a row that can't be used counts as repeated`() async throws {
    try await withSplitFiles { world in
      let data = world.folder.appending(path: "data")
      // The first test row stays, without its text; the others get ids of their own.
      let file = data.appending(path: "test/metadata.jsonl")
      let text = try String(contentsOf: file, encoding: .utf8).replacing("\"id\":", with: "\"id\":9")
        .replacing("\"id\":90,", with: "\"id\":0,").replacing("\"test i30\"", with: "null")
      try Data(text.utf8).write(to: file)
      let run = try world.run()
      try await run.run(through: .agree)
      #expect(try String(decoding: world.bytes("replies.jsonl"), as: UTF8.self).contains("\"item\":\"test:91\""))
    }
  }

  @Test func `every row of a file has its line of predictions, with the reason where there is no answer`() async throws
  {
    try await withRunWorld { world in
      try await world.run().run()
      let data = world.folder.appending(path: "data")
      let picture = try Data(contentsOf: data.appending(path: "train0.png"))
      try picture.prefix(picture.count / 2).write(to: data.appending(path: "cut.png"))
      let long = String(repeating: "z", count: 400)
      let rows = """
        {"id": 1, "image": "train0.png", "text": "Caption"}
        {"id": 2, "image": "none.png", "text": "Caption"}
        {"id": 1, "image": "train0.png", "text": "Another"}
        {"id": 4, "image": "train0.png", "text": ""}
        {"id": 5, "text": "Caption"}
        {"id": 6, "image": "cut.png", "text": "Caption"}
        {"id": 7, "image": "train0.png", "text": "\(long)"}
        {"image": "train0.png", "text": "Caption"}
        {"id": 9,
        {"id": 10, "image": "train1.png", "text": "Caption"}
        """
      let file = data.appending(path: "new.jsonl")
      try Data(rows.utf8).write(to: file)
      let predictions = try await world.run().predict(file)
      #expect(predictions.map(\.itemID) == ["1", "2", "1", "4", "5", "6", "7", "", "", "10"])
      let reasons: [String?] = [
        nil, "there is no such file", "did not occur before", "found a blank text", "expected the path of an image",
        "cut.png", "tokens", "expected an id", "new.jsonl:9", nil,
      ]
      for (prediction, reason) in zip(predictions, reasons) {
        #expect((prediction.error == nil) == (reason == nil), "\(prediction)")
        #expect(prediction.probabilities.isEmpty == (reason != nil))
        if let reason { #expect(prediction.error?.contains(reason) == true, "\(prediction)") }
      }
      let lines = try String(decoding: PredictionFile.jsonLines(predictions), as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 10)
      #expect(lines[8].hasPrefix("{\"error\":\"") && !lines[8].contains("\"id\""))

      // The same rows with labels: those that can't be used are counted and named, those the student can't take are wrong.
      let labelled = rows.replacing("\"text\"", with: "\"label\": \"pristine\", \"group\": \"g\", \"text\"")
      let unknown = "\n{\"id\": 11, \"image\": \"train1.png\", \"label\": \"maybe\", \"group\": \"g\", \"text\": \"C\"}"
      try Data((labelled + unknown).utf8).write(to: file)
      let scored = try await world.run().evaluate(file)
      // 1, 7 and 10: a text too long for the student is answered wrongly, a damaged photo is set aside.
      #expect(scored.testItems == 3)
      #expect(scored.setAside?.count == 8 && scored.notTaken?.count == 1)
      #expect(scored.notTaken?.first?.hasPrefix("item 7: ") == true)
      let table = EvaluationTable(scored).description
      #expect(table.contains("8 rows set aside, the first: "))
      #expect(table.contains("1 item that the student can't take, counted as wrong, the first: item 7: "))
    }
  }

  @Test func `a run tells of rows and items that it can't use, on the terminal and in evaluation.json`() async throws {
    try await withRunWorld { world in
      try world.spoilImages()
      let said = Said()
      let run = try DistillationRun(
        world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter)
      try await run.run()
      #expect(said.text.contains("2 rows can't be used:\n"))
      #expect(said.text.contains("items.jsonl:3: item 'i2', field 'image': expected an image file, found '"))
      #expect(said.text.contains("items.jsonl:5: item 'i4', field 'image': expected an image file"))
      let setAside = try #require(try run.evaluation?.setAside)
      #expect(setAside.count == 2)
      #expect(setAside[0].contains("i2") && setAside[1].contains("i4"))
    }
  }

  /// By vote patterns and at random other conflicts are the first four of ten.
  @Test func `labels that are paid for count in whatever order conflicts come, and one that was put right is told`()
    async throws
  {
    try await withRunWorld { world in
      let place = world.folder.appending(path: "run")
      func run(_ order: ReviewConfiguration.Order, _ said: Said) async throws -> EvaluationFile? {
        let own = world.with {
          $0.review.order = order
          $0.evaluation.results = .init([.stage1, .twoStage])
        }
        let run = try DistillationRun(own.configuration, folder: place, reporter: said.reporter)
        try await run.run()
        return try run.evaluation
      }
      #expect(try await run(.votePatterns, Said())?.labelsSpent == 4)
      let paid = try world.reviewed()
      #expect(try await run(.random, Said())?.labelsSpent == 4)
      #expect(try world.reviewed() == paid)
      var rows = world.items
      let changed = try #require(rows.firstIndex { $0.id == paid[0] })
      rows[changed].label = rows[changed].label == "pristine" ? "falsified" : "pristine"
      try RunWorld.write(rows, to: world.folder.appending(path: "data/items.jsonl"))
      let said = Said()
      #expect(try await run(.random, said)?.labelsSpent == 4)
      #expect(said.text.contains("1 label that the data no longer has, as of item '\(paid[0])'"), "\(said.text)")
    }
  }

  /// Ten conflicts, six of them with a label that is none: the four others are all that a budget of four can be spent on,
  /// whatever the order. An item without a label costs nothing.
  @Test func `no budget is spent on labels that can't be used, and the run names them`() async throws {
    try await withRunWorld { world in
      var rows = world.items
      let conflicts = world.conflicts.map(\.id)
      #expect(conflicts.count == 10)
      for (number, id) in conflicts.prefix(6).enumerated() {
        rows[try #require(rows.firstIndex { $0.id == id })].label = number < 3 ? "falsifed" : ""
      }
      let file = world.folder.appending(path: "data/items.jsonl")
      try RunWorld.write(rows, to: file)
      let said = Said()
      let world = world.with {
        $0.budgets = [.count(3)]
        $0.evaluation.results = .init([.stage1, .randomLabels, .twoStage])
      }
      let run = try DistillationRun(
        world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter)
      try await run.run()
      #expect(try Set(world.reviewed()) == Set(conflicts.suffix(4)))
      let evaluation = try #require(try run.evaluation)
      #expect(evaluation.labelsSpent == 4 && evaluation.budgets?.map(\.labels) == [3])
      #expect(said.text.contains("6 training rows without a label that can be used, on which no budget is spent:\n"))
      #expect(said.text.contains("item '\(conflicts[0])', field 'label': expected one of pristine, "))
      #expect(said.text.contains("6 of 10 conflicts for people have no label that can be used in the data"))
      let setAside = try #require(evaluation.setAside)
      #expect(setAside.count == 6)
      for (line, id) in zip(setAside, conflicts) { #expect(line.contains("item '\(id)', field 'label'"), "\(line)") }
      let report = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(report.contains("falsifed"))
    }
  }

  @Test func `where no image can be read, that is what the run ends with`() async throws {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      for name in try FileManager.default.contentsOfDirectory(atPath: data.path) where name.hasPrefix("train") {
        try Data("not a picture".utf8).write(to: data.appending(path: name))
      }
      let error = await #expect(throws: RunError.self) { try await world.run().run() }
      let text = try #require(error).description
      #expect(text.contains("24 rows can't be used") && text.contains("found the bytes 6e 6f 74"), "\(text)")
      for name in try FileManager.default.contentsOfDirectory(atPath: data.path) where name.hasPrefix("train") {
        try FileManager.default.removeItem(at: data.appending(path: name))
      }
      let gone = await #expect(throws: RunError.self) { try await world.run("gone").run() }
      let words = try #require(gone).description
      #expect(words.contains("24 rows can't be used") && words.contains("there is no such file"), "\(words)")
    }
  }
}
