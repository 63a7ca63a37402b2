import Annotations
import ConfigurationFiles
import Distillation
import DualChecker
import Foundation
#if Run
  import SQLiteStore
#endif
import TeacherProtocol
import Tensor
import Testing

@Suite struct DualCheckerRunTests {
  @Test func `a run labels, trains and scores`() async throws {
    try await withFolder { folder in
      let out = folder.appending(path: "run")
      let run = try DualCheckerRun(try DualCheckerFixture.configuration(in: folder), folder: out)
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
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      let encoder = try DualCheckerFixture.encoder(in: folder)
      try Data(#"{"prompts": {"query": "query: "}, "default_prompt_name": "query"}"#.utf8).write(
        to: encoder.appending(path: "config_sentence_transformers.json"))
      configuration.aligner.encoder = encoder.path
      let out = folder.appending(path: "run")
      let first = try await DualCheckerRun(configuration, folder: out).run()
      let file = out.appending(path: "loop.json")
      var state = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      #expect(state["retrievalPrompt"] as? String == "query: ")
      // A run of a version that put nothing there, stopped after labelling.
      state["retrievalPrompt"] = nil
      try JSONSerialization.data(withJSONObject: state).write(to: file)
      // Its records know of no digests of what was written.
      for name in ["label", "student", "evaluate", "report"] {
        let place = out.appending(path: "steps/\(name).json")
        var record = try #require(
          try JSONSerialization.jsonObject(with: Data(contentsOf: place)) as? [String: Any])
        record["outputs"] = nil
        try JSONSerialization.data(withJSONObject: record).write(to: place)
      }
      let before = try Data(contentsOf: file)
      let second = try await DualCheckerRun(configuration, folder: out).run()
      #expect(second == first)
      #expect(try Data(contentsOf: file) == before)
    }
  }

  @Test func `a run comes to the same bytes in whichever order the records come`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 70)
      configuration.evaluation.studentDraws = 1
      let file = URL(filePath: try #require(configuration.data.file))
      var rows = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
      // The script of most texts is looked at in some of them.
      let dense = String(repeating: "水", count: 40)
      for place in rows.indices where place < 20 { rows[place]["detail"] = "\(rows[place]["summary"] ?? "") \(dense)" }
      var found: [(DualCheckerEvaluation, NSDictionary, Data)] = []
      for (name, order) in [("a", rows), ("b", rows.reversed()), ("c", Array(rows.dropFirst(30) + rows.prefix(30)))] {
        try JSONSerialization.data(withJSONObject: order).write(to: file)
        let out = folder.appending(path: name)
        let evaluation = try await DualCheckerRun(configuration, folder: out).run()
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
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.evaluation.draws = 0
      var lora = AdapterConfiguration()
      (lora.rank, lora.targets, lora.trainedTokens) = (2, ["query"], .ofTable(Array(300..<320)))
      configuration.student.lora = lora
      let out = folder.appending(path: "run")
      try await DualCheckerRun(configuration, folder: out).run()
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
  private func used(_ out: URL, _ found: DualCheckerEvaluation) async throws {
    let run = try DualCheckerRun.opening(out)
    let fresh = out.appending(path: "fresh.jsonl")
    let rows = (100..<108).map { #"{"id": "n\#($0)", "summary": "\#(DualCheckerFixture.text($0))"}"# }
    try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: fresh)
    let answers = try await run.predict(fresh)
    #expect(answers.map(\.itemID) == (100..<108).map { "n\($0)" })
    for answer in answers {
      let chances = answer.probabilities
      #expect(Set(chances.keys) == ["wet", "dry"] && abs(chances.values.reduce(0, +) - 1) < 1e-5)
      #expect(answer.label == (chances["wet", default: 0] > chances["dry", default: 0] ? "wet" : "dry"))
      #expect(answer.spans == nil)
    }
    let labelled = URL(filePath: try #require(run.configuration.data.file))
    let all = try await run.evaluate(labelled)
    let predictions = try await run.predict(labelled)
    let right = predictions.count { ($0.label == "wet") == ((Int($0.itemID) ?? 0) % 2 == 0) }
    #expect(all.items == 60 && all.exact == right)
    #expect(found["student"] != nil)
    // An encoder was trained whole: a base beside it would change nothing.
    let other = try #require(throws: ConfigurationError.self) {
      try DualCheckerRun.opening(out, setting: [ConfigurationSetting("student.model=elsewhere")])
    }
    #expect("\(other)".contains("student.model") && "\(other)".contains("student is an encoder"), "\(other)")
    #expect(try DualCheckerRun.opening(out, setting: [ConfigurationSetting("threads=1")]).configuration.threads == 1)
    // Without a student there is nothing to ask.
    let empty = out.appending(path: "empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    #expect(throws: RunError.self) { try DualCheckerRun.opening(empty) }
    try FileManager.default.copyItem(at: out.appending(path: "config.yaml"), to: empty.appending(path: "config.yaml"))
    let unfinished = try DualCheckerRun.opening(empty)
    await #expect(throws: RunError.self) { try await unfinished.predict(fresh) }
  }

  @Test func `a run that was stopped goes on to the same bytes`() async throws {
    try await withFolder { folder in
      let configuration = try DualCheckerFixture.configuration(in: folder)
      func bytes(_ run: URL) throws -> [Data] {
        try ["loop.json", "evaluation.json", "student/model.safetensors"].map {
          try Data(contentsOf: run.appending(path: $0))
        }
      }
      let whole = folder.appending(path: "whole")
      try await DualCheckerRun(configuration, folder: whole).run()
      // Stopped after the checkpoint of round 2 or 4, by a teacher that is gone.
      for last in [20, 40] {
        let place = folder.appending(path: "stopped-\(last)")
        var stopping = configuration
        // A store of its own: what an earlier run asked would not be asked again.
        stopping.store = folder.appending(path: "store-\(last)").path
        stopping.teacher.kind = .openAI
        stopping.teacher.service = OpenAITeacherConfiguration(baseURL: "http://localhost", model: "m")
        let asked = Counter()
        let task = try DualCheckerFixture.task()
        let offline = InContextTeacher("teacher", task: task)
        let hurried = try DualCheckerRun(
          stopping, folder: place,
          makeTeacher: { _, _ in
            ScriptedTeacher("teacher", model: "m") { request in
              if asked.next() > last + 16 { throw TeacherUnavailable(teacher: "teacher", reason: "gone") }
              return try await offline.reply(to: request)
            }
          })
        await #expect(throws: TeacherUnavailable.self) { try await hurried.run() }
        let patient = try DualCheckerRun(
          stopping, folder: place,
          makeTeacher: { _, _ in
            ScriptedTeacher("teacher", model: "m") { try await offline.reply(to: $0) }
          })
        try await patient.run()
        let fresh = folder.appending(path: "fresh-\(last)")
        let again = try DualCheckerRun(
          stopping, folder: fresh,
          makeTeacher: { _, _ in
            ScriptedTeacher("teacher", model: "m") { try await offline.reply(to: $0) }
          })
        try await again.run()
        #expect(try bytes(place) == bytes(fresh))
      }
      let before = try bytes(whole)
      try await DualCheckerRun(configuration, folder: whole).run()
      #expect(try bytes(whole) == before, "a finished run stays as it is")
    }
  }

  /// A teacher behind a service that answers as the one in this process; a reply takes 1,000 tokens each way.
  private func service(_ asked: Counter, refuses: Bool = false) throws -> ScriptedTeacher {
    let offline = InContextTeacher("teacher", task: try DualCheckerFixture.task())
    return ScriptedTeacher("teacher", model: "m") { request in
      if refuses { throw TeacherUnavailable(teacher: "teacher", reason: "gone") }
      try request.meter?.countRequest()
      _ = asked.next()
      var reply = try await offline.reply(to: request)
      reply.usage = .init(inputTokens: 1000, outputTokens: 1000)
      return reply
    }
  }

  private func asking(_ folder: URL) throws -> DualCheckerConfiguration {
    var configuration = try DualCheckerFixture.configuration(in: folder, records: 40)
    configuration.teacher.kind = .openAI
    configuration.teacher.service = OpenAITeacherConfiguration(baseURL: "http://localhost", model: "m")
    (configuration.teacher.service.inputPrice, configuration.teacher.service.outputPrice) = (1, 4)
    (configuration.evaluation.draws, configuration.evaluation.trainsOnGold) = (1, false)
    (configuration.evaluation.studentDraws, configuration.student.epochs) = (0, 1)
    return configuration
  }

  private func files(_ run: URL) throws -> [Data] {
    try ["loop.json", "evaluation.json", "student/model.safetensors"].map {
      try Data(contentsOf: run.appending(path: $0))
    }
  }

  @Test
  func `a budget in money stops a run, and with a greater one it asks for the rest and ends with the same bytes`()
    async throws
  {
    try await withFolder { folder in
      var configuration = try asking(folder)
      let endless = Counter()
      configuration.store = folder.appending(path: "other").path
      let teacher = try service(endless)
      try await DualCheckerRun(configuration, folder: folder.appending(path: "whole"), makeTeacher: { _, _ in teacher })
        .run()
      let questions = endless.next() - 1
      // Of half a cent for each reply: some for the pool, some more, and all but a few.
      for paid in [3, 20, questions - 5] {
        configuration.store = folder.appending(path: "store \(paid)").path
        configuration.spending.cost = 0.005 * Double(paid)
        let asked = Counter()
        let teacher = try service(asked)
        let place = folder.appending(path: "run \(paid)")
        // The error whose words a run of the other method lists for what it could not ask.
        await #expect(throws: BudgetExhausted(limit: "\(0.005 * Double(paid)) in cost")) {
          try await DualCheckerRun(configuration, folder: place, makeTeacher: { _, _ in teacher }).run()
        }
        #expect(!FileManager.default.fileExists(atPath: place.appending(path: "evaluation.json").path))
        configuration.spending.cost = nil
        try await DualCheckerRun(configuration, folder: place, makeTeacher: { _, _ in teacher }).run()
        #expect(asked.next() - 1 == questions, "no question is paid twice")
        #expect(try files(place) == files(folder.appending(path: "whole")))
      }
    }
  }

  @Test func `replies that an older version kept are reused, and so is what it had finished`() async throws {
    try await withFolder { folder in
      var configuration = try asking(folder)
      let log = Exchanges()
      let offline = try service(Counter())
      let teacher = ScriptedTeacher("teacher", model: "m") { request in
        let reply = try await offline.reply(to: request)
        log.add(request, reply)
        return reply
      }
      let whole = folder.appending(path: "whole")
      try await DualCheckerRun(configuration, folder: whole, makeTeacher: { _, _ in teacher }).run()
      // Kept as the version did that looked up and appended by itself.
      configuration.store = folder.appending(path: "older").path
      let store = try DualCheckerRun(configuration, folder: folder.appending(path: "older run")).openStore()
      for (request, reply) in log.all {
        try await store.append([Annotation(teacher: teacher, request: request, reply: reply, time: 1)])
      }
      let gone = try service(Counter(), refuses: true)
      let again = folder.appending(path: "again")
      try await DualCheckerRun(configuration, folder: again, makeTeacher: { _, _ in gone }).run()
      #expect(try files(again) == files(whole))
      // A budget and a durable store are no other run.
      (configuration.spending.cost, configuration.storeIsDurable) = (0, true)
      try await DualCheckerRun(configuration, folder: again, makeTeacher: { _, _ in gone }).run()
      #expect(try files(again) == files(whole))
    }
  }

  @Test func `a run of a version that learned labels as given goes on so, and a new one learns posteriors`()
    async throws
  {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder)
      (configuration.evaluation.draws, configuration.evaluation.trainsOnGold) = (0, false)
      let (new, old) = (folder.appending(path: "new"), folder.appending(path: "old"))
      let report = try #require(try await DualCheckerRun(configuration, folder: new).run().labelNoise)
      #expect(report.pool == 8 && report.classes == ["wet", "dry"])
      // Without the file that newer versions write, and with the records of what was done.
      configuration.student.labelNoise = LabelNoise.none
      let given = try await DualCheckerRun(configuration, folder: old).run()
      #expect(given.labelNoise == nil && given["learned_labels"] == nil)
      let before = try files(old)
      configuration.student.labelNoise = nil
      var rules = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: old.appending(path: "rules.json"))) as? [String: String]
      )
      #expect(rules.removeValue(forKey: "learned_labels") == "task")
      try JSONSerialization.data(withJSONObject: rules).write(to: old.appending(path: "rules.json"))
      #expect(try await DualCheckerRun(configuration, folder: old).run() == given)
      #expect(try files(old) == before)
      // Asked for, only what follows the labels is done anew.
      configuration.student.labelNoise = .posterior
      #expect(try await DualCheckerRun(configuration, folder: old).run().labelNoise == report)
      #expect(try files(old)[0] == before[0])
    }
  }

  #if Run
    @Test func `both methods open the store as durable as the configuration says`() async throws {
      try await withFolder { folder in
        for isDurable in [false, true] {
          var checked = try DualCheckerFixture.configuration(in: folder)
          checked.storeIsDurable = isDurable
          let run = try DualCheckerRun(checked, folder: folder.appending(path: "run"))
          #expect(try (run.openStore() as? SQLiteAnnotationStore)?.isDurable == isDurable)
          var other = RunConfiguration.example
          (other.store, other.storeIsDurable) = (checked.store, isDurable)
          let staged = try DistillationRun(other, folder: folder.appending(path: "staged"))
          #expect(try (staged.openStore() as? SQLiteAnnotationStore)?.isDurable == isDurable)
        }
      }
    }
  #endif

  @Test func `the template reads back with every default and keys of the other method are refused`() throws {
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

  @Test func `the check names what is missing`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder)
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
