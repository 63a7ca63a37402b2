import ConfigurationFiles
import Distillation
import DualChecker
import Evaluation
import Foundation
import JSON
import LoopbackServer
import StudentModels
import StudentServer
import TeacherProtocol
import Testing

/// What the student of a DualChecker run says of its own certainty, and how others ask it.
@Suite(.serialized) struct StudentDecisionTests {
  /// Records in three files, of which every fifth has the other label, so that nothing is certain.
  private func configuration(in folder: URL, dev: Int = 60) throws -> DualCheckerConfiguration {
    var run = try DualCheckerFixture.configuration(in: folder)
    let parts = [("train", 0..<60), ("dev", 300..<(300 + dev)), ("test", 200..<240)]
    for (name, numbers) in parts {
      let rows = numbers.map { number in
        let isWet = (number % 2 == 0) != (number % 5 == 0)
        return #"{"id": \#(number), "summary": "\#(DualCheckerFixture.text(number))", "label": \#(isWet ? 1 : 0)}"#
          + "\n"
      }
      try Data(rows.joined().utf8).write(to: folder.appending(path: "\(name).jsonl"))
    }
    func path(_ name: String) -> String { folder.appending(path: "\(name).jsonl").path }
    run.data.file = nil
    run.data.files = SplitFiles(train: path("train"), dev: path("dev"), test: path("test"))
    run.data.fields.detail = nil
    run.teacherCheck.steps = [.definitions]
    (run.evaluation.draws, run.evaluation.trainsOnGold) = (0, false)
    run.student.epochs = 12
    // What is learned are the labels as they are, the wrong ones too.
    run.student.labelNoise = LabelNoise.none
    return run
  }

  private func bytes(_ name: String, of run: DualCheckerRun) throws -> Data {
    try Data(contentsOf: run.folder.appending(path: name))
  }

  private func exists(_ name: String, of run: DualCheckerRun) -> Bool {
    FileManager.default.fileExists(atPath: run.folder.appending(path: name).path)
  }

  @Test func `a calibration on development records counts their labels and changes nothing that was there before`()
    async throws
  {
    try await withFolder { folder in
      var configuration = try configuration(in: folder)
      let out = folder.appending(path: "run")
      let plain = try DualCheckerRun(configuration, folder: out)
      let before = try await plain.run()
      #expect(before.calibration == nil && !exists("calibration.json", of: plain))
      let evaluation = try bytes("evaluation.json", of: plain)
      let kept = try ["loop.json", "student/model.safetensors"].map { try bytes($0, of: plain) }
      let data = folder.appending(path: "test.jsonl")
      let stated = try await plain.predict(data)

      configuration.evaluation.calibration = .dev
      let run = try DualCheckerRun(configuration, folder: out)
      let found = try await run.run()
      #expect(try ["loop.json", "student/model.safetensors"].map { try bytes($0, of: run) } == kept)
      #expect(found.goldLabels == before.goldLabels + 60)
      let calibration = try StudentCalibration(contentsOf: out.appending(path: "calibration.json"))
      #expect(calibration.source == "dev" && calibration.answers == 60 && calibration.labels == ["wet", "dry"])
      #expect(calibration.method != .identity && calibration.question != nil)
      let figures = try #require(found.calibration)
      #expect(figures.result == "student" && figures.before.items == 40 && figures.after?.items == 40)
      #expect(figures.method == calibration.method)
      // Every fifth label is another than the text says: who is sure of all is right on four of five.
      #expect(try #require(figures.after).logLoss < figures.before.logLoss)
      #expect(found.table.contains("calibrated by") && found.table.contains("log loss"))
      let page = try String(decoding: bytes("report.html", of: run), as: UTF8.self)
      #expect(page.contains("Confidence and truth"))
      #expect(try await run.predict(data) == stated.map { $0.calibrated(by: calibration) })

      // No longer asked for: all is as it was.
      configuration.evaluation.calibration = nil
      _ = try await DualCheckerRun(configuration, folder: out).run()
      #expect(!exists("calibration.json", of: run))
      #expect(try bytes("evaluation.json", of: run) == evaluation)
    }
  }

  @Test func `where folds divide the records, those behind the scored part are set apart to calibrate on`() async throws
  {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 100)
      (configuration.evaluation.draws, configuration.evaluation.trainsOnGold) = (0, false)
      let plain = try await DualCheckerRun(configuration, folder: folder.appending(path: "plain")).run()
      configuration.evaluation.calibration = .dev
      let found = try await DualCheckerRun(configuration, folder: folder.appending(path: "run")).run()
      let apart = found.goldLabels - plain.goldLabels
      #expect(apart > 5 && found.testItems == plain.testItems)
      #expect(found.trainingItems == plain.trainingItems - apart)
    }
  }

  @Test func `a calibration on the pool trains without each fifth of it and spends no other label`() async throws {
    try await withFolder { folder in
      var configuration = try configuration(in: folder)
      configuration.evaluation.calibration = .pool
      let few = try await DualCheckerRun(configuration, folder: folder.appending(path: "few")).run()
      #expect(few.calibration?.reason == "8 labelled answers are too few to learn from; it takes 30")
      #expect(few.goldLabels == 8 && few.calibration?.after == nil)
      configuration.aligner.pool = .count(40)
      let run = try DualCheckerRun(configuration, folder: folder.appending(path: "run"))
      let found = try await run.run()
      let calibration = try StudentCalibration(contentsOf: run.folder.appending(path: "calibration.json"))
      #expect(calibration.source == "pool" && calibration.answers == 40 && found.goldLabels == 40)
      // Of the 60 training records 40 are of the pool.
      let said = Said()
      let opened = try DualCheckerRun.opening(run.folder, reporter: said.reporter)
      try calibration.inOtherOrder.write(to: run.folder.appending(path: "calibration.json"))
      let training = folder.appending(path: "train.jsonl")
      let threshold = try await opened.threshold(precision: 0.3, certainty: 0.8, data: training)
      #expect(threshold.readsLabelsAgain)
      #expect(
        said.text.contains(
          "40 of 60 labelled records in \(training.path) are of the run's labelled pool, whose labels the student and its calibration "
            + "have learned: a threshold from them promises too much"), "\(said.text)")
      #expect(said.text.contains("20 of 60 labelled records in \(training.path) are training records"), "\(said.text)")
      let test = folder.appending(path: "test.jsonl")
      #expect(try await !opened.threshold(precision: 0.3, certainty: 0.8, data: test).readsLabelsAgain)
      try calibration.write(to: run.folder.appending(path: "calibration.json"))
      // As often as it is carried out.
      let evaluation = try bytes("evaluation.json", of: run)
      try FileManager.default.removeItem(at: run.folder.appending(path: "evaluation.json"))
      _ = try await DualCheckerRun(configuration, folder: run.folder).run()
      #expect(try bytes("evaluation.json", of: run) == evaluation)
    }
  }

  @Test func `a threshold is written, and what is below it is marked for people`() async throws {
    try await withFolder { folder in
      var configuration = try configuration(in: folder, dev: 120)
      configuration.evaluation.calibration = .dev
      let out = folder.appending(path: "run")
      _ = try await DualCheckerRun(configuration, folder: out).run()
      let run = try DualCheckerRun.opening(out)
      let file = try await run.threshold(precision: 0.4, certainty: 0.8)
      #expect(file.source == "dev" && file.threshold.answers == 120 && file.threshold.bound >= 0.4)
      #expect(try ThresholdFile(contentsOf: out.appending(path: "threshold.json")) == file)
      let data = folder.appending(path: "test.jsonl")
      for row in try await run.predict(data) {
        #expect(row.needsReview == (try #require(row.confidence) < file.threshold.confidence))
      }
      let other = try await run.threshold(precision: 0.3, certainty: 0.8, data: data)
      #expect(other.source == data.path && other.threshold.answers == 40)
      // A calibration that changes the order of confidences has read the development records' labels, by whichever name they come.
      let learned = try StudentCalibration(contentsOf: out.appending(path: "calibration.json"))
      try learned.inOtherOrder.write(to: out.appending(path: "calibration.json"))
      let again = folder.appending(path: "again.jsonl")
      let rows = try String(contentsOf: folder.appending(path: "dev.jsonl"), encoding: .utf8)
      try Data(rows.replacing(#"{"id": "#, with: #"{"id": 7"#).utf8).write(to: again)
      for (file, isRead) in [(nil, true), (again, true), (data, false)] {
        let found = try await run.threshold(precision: 0.3, certainty: 0.8, data: file)
        #expect(found.readsLabelsAgain == isRead, "\(file?.path ?? "dev")")
      }
      await #expect(throws: ThresholdError.self) { try await run.threshold(precision: 0.99, certainty: 0.95) }
      // Of a run without development records.
      let folds = try DualCheckerFixture.configuration(in: folder)
      let none = try DualCheckerRun(folds, folder: out)
      await #expect(throws: ThresholdError.noDev(out.path)) { try await none.threshold(precision: 0.9, certainty: 0.9) }
      // A fold that the key names after the training was trained on.
      let plain = folder.appending(path: "plain")
      _ = try await DualCheckerRun(folds, folder: plain).run()
      var later = folds
      later.evaluation.calibration = .dev
      let told = try DualCheckerRun(later, folder: plain)
      await #expect(throws: ThresholdError.noDev(plain.path)) {
        try await told.threshold(precision: 0.3, certainty: 0.8)
      }
    }
  }

  /// What a server of the run answers.
  private func answer(
    _ path: String, _ body: String = "", of server: StudentServer, method: String = "POST"
  ) async throws -> (status: Int, value: JSONValue) {
    let response = await server.answer(LoopbackRequest(method, path, body: Data(body.utf8)))
    guard case .data(let bytes) = response.body else { throw CancellationError() }
    return (response.status, try JSONParser.value(of: String(decoding: bytes, as: UTF8.self)))
  }

  private func server(of run: DualCheckerRun) throws -> StudentServer {
    let learned = try run.learnedQuestion()
    var question = TrainedQuestion(
      name: learned.name, prompt: learned.prompt, labels: learned.labels, mapping: learned.mapping,
      decoder: learned.decoder, calibration: learned.calibration?.method.rawValue
    ) { learned.calibration?.calibrated($0) ?? $0 }
    (question.fixed, question.wholeAnswers) = (learned.fixed, learned.wholeAnswers)
    var options = StudentServer.Options()
    switch try run.servedStudent() {
    case .model(let student):
      options.trained = question
      return StudentServer(student, name: "run", options: options)
    case .classifier(let classifier):
      question.classifier = classifier
      options.trained = question
      return StudentServer(classifierNamed: "run", options: options)
    }
  }

  /// Asks about a record in both forms, and compares with what `predict` says of it.
  private func compare(_ run: DualCheckerRun, _ server: StudentServer, text: String, in folder: URL) async throws {
    let file = folder.appending(path: "one.jsonl")
    let row = JSONValue.object([.init("id", "1"), .init("summary", .string(text))])
    try Data(row.text.utf8).write(to: file)
    let expected = try #require(try await run.predict(file).first?.probabilities)
    let (status, one) = try await answer(
      "/v1/systemone",
      #"{"model": "run", "state": {"summary": \#(JSONValue.string(text).text)}, "questions": {"is_wet": {"type": "choice", "criteria": {"dry": null, "wet": null}}}}"#,
      of: server)
    #expect(status == 200, "\(one.text)")
    let found = one["answers"]?["is_wet"]?["probabilities"]
    for name in ["wet", "dry"] {
      #expect(abs((found?[name]?.double ?? .nan) - (expected[name] ?? 0)) < 1e-6, "\(one.text) and \(expected)")
    }
    let (again, other) = try await answer(
      "/v1/decisions",
      #"{"model": "run", "input": \#(JSONValue.string(text).text), "questions": [{"type": "predicate", "name": "is_wet", "instructions": "is_wet"}]}"#,
      of: server)
    #expect(again == 200)
    #expect(
      abs((other["answers"]?[0]?["probability"]?.double ?? .nan) - (expected["wet"] ?? 0)) < 1e-6, "\(other.text)")
  }

  @Test func `an encoder is asked its question by name, with the probabilities of predict, and nothing else`()
    async throws
  {
    try await withFolder { folder in
      var configuration = try configuration(in: folder)
      (configuration.evaluation.calibration, configuration.question) = (.dev, "is_wet")
      let run = try DualCheckerRun(configuration, folder: folder.appending(path: "run"))
      _ = try await run.run()
      let server = try server(of: run)
      for text in [DualCheckerFixture.text(3), "Two\nlines about rain {x}"] {
        try await compare(run, server, text: text, in: folder)
      }
      let choice = #"{"type": "choice", "criteria": {"wet": null, "dry": null}}"#
      // Asked twice in one request, its text is read once.
      let (_, twice) = try await answer(
        "/v1/decisions",
        #"{"model": "run", "input": "rain", "questions": [{"type": "predicate", "name": "is_wet", "instructions": "is_wet"}, {"type": "predicate", "name": "is_wet", "instructions": "is_wet"}]}"#,
        of: server)
      let usage = try #require(twice["usage"])
      #expect(usage["input_tokens_details"]?["cached_tokens"]?.integer.map { 2 * $0 } == usage["input_tokens"]?.integer)
      let (status, refused) = try await answer(
        "/v1/systemone",
        #"{"model": "run", "state": "rain", "questions": {"is_wet": \#(choice), "other": \#(choice)}}"#,
        of: server)
      #expect(status == 422 && refused["detail"]?[0]?["loc"] == ["body", "questions", "other"], "\(refused.text)")
      #expect(refused.text.contains("'is_wet'"))
      let (chat, written) = try await answer(
        "/v1/chat/completions", #"{"model": "run", "messages": [{"role": "user", "content": "Hi"}]}"#, of: server)
      #expect(chat == 400 && written.text.contains("is a classifier and writes no text"), "\(written.text)")
      let (_, list) = try await answer("/v1/models", of: server, method: "GET")
      let listed = try #require(list["data"]?[0]?["questions"]?[0])
      #expect(listed["name"] == "is_wet" && listed["types"] == ["choice", "noul"] && listed["state"] == ["summary"])
      #expect(listed["positive"] == "wet" && listed["calibration"] != .null, "\(listed.text)")
      #expect(listed["instructions"]?.string == "Is the invention in the text a green innovation?\n\n{text}")
    }
  }

  @Test func `a decoder is asked its question by name as it was trained, and any other question besides`() async throws
  {
    try await withFolder { folder in
      var configuration = try configuration(in: folder)
      try TinyModels.student().save(to: folder.appending(path: "base"))
      configuration.student.kind = .decoder
      configuration.student.model = folder.appending(path: "base").path
      configuration.task.instructions = ["Is it {wet} or [[dry]]?", "Say so."]
      configuration.student.epochs = 2
      (configuration.student.preferences.epochs, configuration.question) = (1, "is_wet")
      configuration.evaluation.calibration = .dev
      let out = folder.appending(path: "run")
      let run = try DualCheckerRun(configuration, folder: out)
      _ = try await run.run()
      let server = try server(of: run)
      for text in [DualCheckerFixture.text(3), "Two\nlines about rain {x}"] {
        try await compare(run, server, text: text, in: folder)
      }
      let (status, other) = try await answer(
        "/v1/systemone",
        #"{"model": "run", "state": "rain", "questions": {"other": {"type": "choice", "criteria": {"x": null, "y": null}}}}"#,
        of: server)
      #expect(status == 200 && other["answers"]?["other"]?["choice"] != nil, "\(other.text)")
      let (_, list) = try await answer("/v1/models", of: server, method: "GET")
      #expect(
        list["data"]?[0]?["questions"]?[0]?["instructions"]?.string
          == "Is it {wet} or [[dry]]?\nSay so.\nAnswers: Yes / No\n\nText: {text}\nAnswer:")

      // Other words give other probabilities, which nothing is known of.
      let said = Said()
      let set = try ConfigurationSetting("task.instructions=[Which]")
      let changed = try DualCheckerRun.opening(out, setting: [set], reporter: said.reporter)
      _ = try await changed.predict(folder.appending(path: "test.jsonl"))
      #expect(said.text.contains("calibration.json was learned with another prompt or with other answers"))
      #expect(throws: RunError.self) { try changed.learnedQuestion() }
    }
  }

  @Test func `decision rows have the question, and are read as data again`() async throws {
    try await withFolder { folder in
      let run = try DualCheckerRun(try configuration(in: folder), folder: folder.appending(path: "run"))
      _ = try await run.run()
      let data = folder.appending(path: "test.jsonl")
      var lines = Data()
      var answers: [Prediction] = []
      try await run.predict(data) { predictions, part in
        answers += predictions
        lines += try run.decisionRows(predictions, of: part)
      }
      let rows = folder.appending(path: "rows.jsonl")
      try lines.write(to: rows)
      let first = try JSONParser.value(of: String(decoding: lines.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
      #expect(first["questions"]?["label"]?["type"] == "noul")
      #expect(
        first["questions"]?["label"]?["instructions"] == "Is the invention in the text a green innovation?")
      #expect(
        first["answers"]?["label"]?["noul"]?.double == answers[0].probabilities["wet"], "of the label that answers yes")
      let task = try run.configuration.task.task()
      let gold = try GoldAnswers(
        contentsOf: rows, task: task, mapping: FieldMapping(text: "text", label: "label"))
      for answer in answers { #expect(gold.answer(of: answer.itemID)?.key == answer.label) }
    }
  }

  @Test func `a student of spans has none of it, and says so`() async throws {
    try await withFolder { folder in
      var configuration = try configuration(in: folder)
      configuration.task.kind = .spans
      configuration.task.labels = [LabelConfiguration(name: "thing", answer: "thing")]
      let run = try DualCheckerRun(configuration, folder: folder.appending(path: "run"))
      let error = #expect(throws: NoLabelProbabilities.self) { try run.learnedQuestion() }
      #expect("\(try #require(error))".contains("marks spans (task.kind: spans)"))
      #expect(throws: NoLabelProbabilities.self) { try run.servedStudent() }
      #expect(throws: NoLabelProbabilities.self) { try run.refuseSpans() }
      await #expect(throws: NoLabelProbabilities.self) { try await run.threshold(precision: 0.9, certainty: 0.9) }
      for (text, key) in [
        (
          #""task": {"kind": "spans", "labels": [{"name": "a", "answer": "a"}]}, "data": {"file": "a"}, "#,
          "evaluation.calibration"
        ),
        (#""data": {"file": "a", "folds": 2}, "#, "data.folds"),
        (#""data": {"files": {"train": "a", "test": "b"}}, "#, "evaluation.calibration"),
      ] {
        let error = #expect(throws: ConfigurationError.self) {
          try DualCheckerConfiguration(text: "{\(text)\"evaluation\": {\"calibration\": \"dev\"}}", format: .json)
        }
        #expect("\(try #require(error))".contains(key), "\(String(describing: error))")
      }
    }
  }
}
