import Distillation
import DualChecker
import Foundation
import TeacherProtocol
import Tensor
import Testing

@Suite struct CheckedRunTests {
  @Test func aRunLabelsTrainsAndScores() async throws {
    try await withFolder { folder in
      let out = folder.appending(path: "run")
      let run = try CheckedRun(try CheckedFixture.configuration(in: folder), folder: out)
      let found = try await run.run()
      #expect(found.goldLabels == 8 && found.trainingItems + found.testItems == 60)
      #expect(found.questions >= found.trainingItems, "every record, and the pool twice")
      for name in [
        "teacher", "student", "labels", "fixed_teacher_1", "fixed_teacher_2", "fixed_student_1", "gold_student",
      ] {
        #expect(found[name] != nil, "\(name) is scored")
      }
      #expect(found.curve.last?.labels == found.trainingItems - 8)
      #expect(try run.evaluation == found)
      for name in ["config.yaml", "loop.json", "report.html", "student/config.json", "student/model.safetensors"] {
        #expect(FileManager.default.fileExists(atPath: out.appending(path: name).path), "\(name) is there")
      }
      let page = try String(contentsOf: out.appending(path: "report.html"), encoding: .utf8)
      for part in ["Results", "On the way", "Asked again", "Templates", "Confidence"] {
        #expect(page.contains("<h2>\(part)"))
      }
      #expect(found.table.contains("teacher, fixed shots"))
      try await used(out, found)
    }
  }

  @Test
  func `what is put before records to find the like is kept with the run, and nothing is in runs that began without`()
    async throws
  {
    try await withFolder { folder in
      var configuration = try CheckedFixture.configuration(in: folder, records: 24)
      let encoder = try CheckedFixture.encoder(in: folder)
      try Data(#"{"prompts": {"query": "query: "}, "default_prompt_name": "query"}"#.utf8).write(
        to: encoder.appending(path: "config_sentence_transformers.json"))
      configuration.aligner.encoder = encoder.path
      let out = folder.appending(path: "run")
      let first = try await CheckedRun(configuration, folder: out).run()
      let file = out.appending(path: "loop.json")
      var state = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      #expect(state["retrievalPrompt"] as? String == "query: ")
      // A run of a version that put nothing there, stopped after labelling.
      state["retrievalPrompt"] = nil
      try JSONSerialization.data(withJSONObject: state).write(to: file)
      let before = try Data(contentsOf: file)
      let second = try await CheckedRun(configuration, folder: out).run()
      #expect(second == first)
      #expect(try Data(contentsOf: file) == before)
    }
  }

  @Test func `a run comes to the same bytes in whichever order the records come`() async throws {
    try await withFolder { folder in
      var configuration = try CheckedFixture.configuration(in: folder, records: 70)
      configuration.evaluation.studentDraws = 1
      let file = URL(filePath: configuration.data.file)
      var rows = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
      // The script of most texts is looked at in some of them.
      let dense = String(repeating: "水", count: 40)
      for place in rows.indices where place < 20 { rows[place]["detail"] = "\(rows[place]["summary"] ?? "") \(dense)" }
      var found: [(CheckedEvaluation, NSDictionary, Data)] = []
      for (name, order) in [("a", rows), ("b", rows.reversed()), ("c", Array(rows.dropFirst(30) + rows.prefix(30)))] {
        try JSONSerialization.data(withJSONObject: order).write(to: file)
        let out = folder.appending(path: name)
        let evaluation = try await CheckedRun(configuration, folder: out).run()
        var loop = try #require(
          try JSONSerialization.jsonObject(with: Data(contentsOf: out.appending(path: "loop.json"))) as? [String: Any])
        // Made of the file's bytes.
        loop["key"] = nil
        found.append(
          (evaluation, loop as NSDictionary, try Data(contentsOf: out.appending(path: "student/model.safetensors"))))
      }
      for other in found.dropFirst() {
        #expect(other.0 == found[0].0)
        #expect(other.1 == found[0].1)
        #expect(other.2 == found[0].2)
      }
    }
  }

  @Test func `rows of tokens train in an encoder too, and its other rows stay`() async throws {
    try await withFolder { folder in
      var configuration = try CheckedFixture.configuration(in: folder, records: 24)
      configuration.evaluation.draws = 0
      var lora = AdapterConfiguration()
      (lora.rank, lora.targets, lora.trainedTokens) = (2, ["query"], .ofTable(Array(300..<320)))
      configuration.student.lora = lora
      let out = folder.appending(path: "run")
      try await CheckedRun(configuration, folder: out).run()
      let tables = try ["base", "student"].map { part -> Tensor in
        let file = try Tensor.SafetensorsFile(contentsOf: out.appending(path: "\(part)/model.safetensors"))
        let name = try #require(file.names.first { $0.hasSuffix("word_embeddings.weight") })
        return try file.tensor(named: name)
      }
      let others = Array(0..<300) + Array(320..<tables[0].shape[0])
      #expect(tables[0].gathered(others).isIdentical(to: tables[1].gathered(others)))
      #expect(!tables[0].isIdentical(to: tables[1]))
    }
  }

  /// A finished run judges new records, and scores itself on labelled ones.
  private func used(_ out: URL, _ found: CheckedEvaluation) async throws {
    let run = try CheckedRun.opening(out)
    let fresh = out.appending(path: "fresh.jsonl")
    let rows = (100..<108).map { #"{"id": "n\#($0)", "summary": "\#(CheckedFixture.text($0))"}"# }
    try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: fresh)
    let answers = try await run.predict(fresh)
    #expect(answers.map(\.id) == (100..<108).map { "n\($0)" })
    for answer in answers {
      let chances = try #require(answer.probabilities)
      #expect(Set(chances.keys) == ["wet", "dry"] && abs(chances.values.reduce(0, +) - 1) < 1e-5)
      #expect(answer.label == (chances["wet", default: 0] > chances["dry", default: 0] ? "wet" : "dry"))
      #expect(answer.spans == nil)
    }
    let labelled = URL(filePath: run.configuration.data.file)
    let all = try await run.evaluate(labelled)
    let predictions = try await run.predict(labelled)
    let right = predictions.count { ($0.label == "wet") == ((Int($0.id ?? "") ?? 0) % 2 == 0) }
    #expect(all.items == 60 && all.exact == right)
    #expect(found["student"] != nil)
    // Without a student there is nothing to ask.
    let empty = out.appending(path: "empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    #expect(throws: RunError.self) { try CheckedRun.opening(empty) }
    try FileManager.default.copyItem(at: out.appending(path: "config.yaml"), to: empty.appending(path: "config.yaml"))
    let unfinished = try CheckedRun.opening(empty)
    await #expect(throws: RunError.self) { try await unfinished.predict(fresh) }
  }

  @Test func aRunThatWasStoppedGoesOnToTheSameBytes() async throws {
    try await withFolder { folder in
      let configuration = try CheckedFixture.configuration(in: folder)
      func bytes(_ run: URL) throws -> [Data] {
        try ["loop.json", "evaluation.json", "student/model.safetensors"].map {
          try Data(contentsOf: run.appending(path: $0))
        }
      }
      let whole = folder.appending(path: "whole")
      try await CheckedRun(configuration, folder: whole).run()
      // Stopped after the checkpoint of round 2 or 4, by a teacher that is gone.
      for last in [20, 40] {
        let place = folder.appending(path: "stopped-\(last)")
        var stopping = configuration
        // A store of its own: what an earlier run asked would not be asked again.
        stopping.store = folder.appending(path: "store-\(last)").path
        stopping.teacher.kind = .openAI
        stopping.teacher.service = OpenAITeacherConfiguration(baseURL: "http://localhost", model: "m")
        let asked = Counter()
        let task = try CheckedFixture.task()
        let offline = InContextTeacher("teacher", task: task)
        let hurried = try CheckedRun(
          stopping, folder: place,
          makeTeacher: { _, _ in
            ScriptedTeacher("teacher", model: "m") { request in
              if asked.next() > last + 16 { throw TeacherUnavailable(teacher: "teacher", reason: "gone") }
              return try await offline.reply(to: request)
            }
          })
        await #expect(throws: TeacherUnavailable.self) { try await hurried.run() }
        let patient = try CheckedRun(
          stopping, folder: place,
          makeTeacher: { _, _ in
            ScriptedTeacher("teacher", model: "m") { try await offline.reply(to: $0) }
          })
        try await patient.run()
        let fresh = folder.appending(path: "fresh-\(last)")
        let again = try CheckedRun(
          stopping, folder: fresh,
          makeTeacher: { _, _ in
            ScriptedTeacher("teacher", model: "m") { try await offline.reply(to: $0) }
          })
        try await again.run()
        #expect(try bytes(place) == bytes(fresh))
      }
      let before = try bytes(whole)
      try await CheckedRun(configuration, folder: whole).run()
      #expect(try bytes(whole) == before, "a finished run stays as it is")
    }
  }

  @Test func theTemplateReadsBackWithEveryDefaultAndKeysOfTheOtherMethodAreRefused() throws {
    #if Run
      let text = ConfigurationTemplate.text(for: .dualChecker)
      #expect(try DualCheckerConfiguration(text: text, format: .yaml) == .example)
    #endif
    #expect(throws: ConfigurationError.self) {
      try DualCheckerConfiguration(text: #"{"data": {"file": "a.json"}, "stage2": {}}"#, format: .json)
    }
    #expect(throws: ConfigurationError.self) {
      try DualCheckerConfiguration(text: #"{"method": "multi-teacher", "data": {"file": "a.json"}}"#, format: .json)
    }
    #expect(throws: ConfigurationError.self, "one class is no task") {
      try DualCheckerConfiguration(
        text: #"{"data": {"file": "a"}, "task": {"labels": [{"name": "x", "answer": "x"}], "positive": "x"}}"#,
        format: .json)
    }
    #expect(throws: ConfigurationError.self) {
      try DualCheckerConfiguration(text: #"{"data": {"file": "a.json", "folds": 3, "fold": 3}}"#, format: .json)
    }
  }

  @Test func theCheckNamesWhatIsMissing() async throws {
    try await withFolder { folder in
      var configuration = try CheckedFixture.configuration(in: folder)
      let file = folder.appending(path: "run.json")
      try Data(configuration.json.utf8).write(to: file)
      let good = RunCheck(contentsOf: file)
      #expect(good.isUsable, "\(good.text())")
      configuration.teacher.kind = .openAI
      configuration.teacher.service = OpenAITeacherConfiguration(baseURL: "http://localhost/v1", model: "m")
      configuration.teacher.service.keyVariable = "NO_SUCH_KEY"
      configuration.student.model = "/nowhere"
      try Data(configuration.json.utf8).write(to: file)
      let bad = RunCheck(contentsOf: file, environment: [:])
      #expect(bad.errors == 2)
      #expect(bad.text().contains("NO_SUCH_KEY") && bad.text().contains("/nowhere"))
    }
  }
}
