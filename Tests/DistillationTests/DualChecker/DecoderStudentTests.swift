import Distillation
import DualChecker
import Foundation
import LoRA
import StudentModels
import TeacherProtocol
import Testing

@Suite struct DecoderStudentTests {
  private var options: DecoderStudentOptions {
    var options = DecoderStudentOptions()
    (options.adapter.rank, options.adapter.alpha) = (16, 32)
    (options.learningRate, options.epochs, options.batch) = (1e-2, 8, 8)
    (options.preferenceRate, options.maximumNewTokens) = (1e-3, 24)
    return options
  }

  private func student(_ task: LabellingTask, _ options: DecoderStudentOptions) throws -> DecoderStudent<SmolVLM> {
    try DecoderStudent(task: task, base: TinyModels.student(), instructions: ["Which?"], options: options, seed: 1)
  }

  @Test func `it learns classes as online students must`() async throws {
    let task = try DualCheckerFixture.task()
    let check = OnlineStudentCheck(task: task, examples: try (0..<16).map(DualCheckerFixture.example), rounds: 20)
    #expect(try await check.problems(of: student(task, options)) == [])
  }

  @Test func `labels of which one begins with another are told apart`() async throws {
    // "10" is never more probable than its beginning; an answer's end belongs to it.
    for names in [["1", "2", "10"], ["no", "so", "nor"]] {
      let task = LabellingTask(classes: try LabelSet(names.map { .init(name: $0) }))
      let examples = (0..<12).map { number in
        TrainingExample(
          item: Item(id: "r\(number)", fields: ["text": ["alpha", "beta", "gamma"][number % 3]]),
          answer: .label(names[number % 3]))
      }
      var student = try student(task, options)
      for _ in 0..<20 { try await student.fit(examples) }
      let found = try await student.predictions(for: examples.map(\.item))
      #expect(found.map(\.answer) == examples.map(\.answer))
      for prediction in found { #expect(abs(prediction.probabilities.reduce(0, +) - 1) < 1e-6) }
    }
  }

  @Test func `it writes spans that it has learned`() async throws {
    let task = try DualCheckerFixture.spans()
    // One thing alone: a model of this size does not learn to copy.
    let examples = try (0..<4).map { try DualCheckerFixture.span(24 * $0) }
    var student = try student(task, options)
    for _ in 0..<25 { try await student.fit(examples) }
    let found = try await student.predictions(for: examples.map(\.item))
    #expect(found.map(\.answer) == examples.map(\.answer))
    for prediction in found {
      #expect(prediction.confidence > 0.5 && abs(prediction.probabilities.reduce(0, +) - 1) < 1e-9)
    }
  }

  @Test func `a changed answer is preferred to the one given up`() async throws {
    let task = try DualCheckerFixture.task()
    let examples = try (0..<12).map(DualCheckerFixture.example)
    let pairs = examples.map { example in
      let other = example.answer == .label("wet") ? "dry" : "wet"
      return AnswerPair(item: example.item, chosen: example.answer, rejected: [.label(other)])
    }
    func sureness(_ epochs: Int) async throws -> Double {
      var options = options
      (options.epochs, options.preferenceEpochs) = (1, epochs)
      (options.learningRate, options.preferenceRate) = (1e-4, 5e-3)
      var student = try student(task, options)
      try await student.train(on: examples, pairs: pairs)
      let found = try await student.predictions(for: examples.map(\.item))
      return zip(found, examples).reduce(0) { sum, pair in
        sum + pair.0.probabilities[pair.1.answer == .label("wet") ? 0 : 1]
      }
    }
    let (with, without) = (try await sureness(8), try await sureness(0))
    #expect(with > without + 0.5, "\(with) and \(without) of 12")
  }

  @Test func `updates on pairs are counted behind those on answers`() async throws {
    var options = options
    (options.epochs, options.preferenceEpochs) = (2, 3)
    var student = try student(DualCheckerFixture.task(), options)
    let examples = try (0..<12).map(DualCheckerFixture.example)
    let pairs = examples.prefix(4).map {
      AnswerPair(item: $0.item, chosen: $0.answer, rejected: [.label($0.answer == .label("wet") ? "dry" : "wet")])
    }
    let counts = Locked<[[Int]]>([])
    // Two batches of 12 answers, one of 4 pairs.
    try await student.train(on: examples, pairs: pairs) { step, all, _ in counts.withLock { $0.append([step, all]) } }
    #expect(counts.withLock { $0 } == (1...7).map { [$0, 7] })
  }

  @Test func `the same calls give the same adapter and it answers alike`() async throws {
    try await withFolder { folder in
      let (task, examples) = (try DualCheckerFixture.task(), try (0..<12).map(DualCheckerFixture.example))
      var files: [Data] = []
      for name in ["a", "b"] {
        var trained = try student(task, options)
        try await trained.train(on: examples)
        let place = folder.appending(path: name)
        try trained.save(to: place)
        files.append(try Data(contentsOf: place.appending(path: "adapter_model.safetensors")))
        let read = try DecoderStudent(
          task: task, base: TinyModels.student(), adapter: place, instructions: ["Which?"], options: options, seed: 9)
        let items = examples.map(\.item)
        #expect(try await read.predictions(for: items) == trained.predictions(for: items))
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func `soft targets teach the same answers, and to be less sure of them`() async throws {
    let task = try DualCheckerFixture.task()
    let examples = try (0..<8).map(DualCheckerFixture.example).map {
      TrainingExample(item: $0.item, answer: $0.answer, weight: 0.8)
    }
    func answers(_ targets: LabelTargets) async throws -> [StudentPrediction] {
      var options = options
      options.targets = targets
      var student = try student(task, options)
      for _ in 0..<40 { try await student.fit(examples) }
      return try await student.predictions(for: examples.map(\.item))
    }
    let (soft, hard) = (try await answers(.soft), try await answers(.hard))
    for ((soft, hard), example) in zip(zip(soft, hard), examples) {
      #expect(soft.answer == example.answer && hard.answer == example.answer)
      #expect(soft.confidence < hard.confidence, "\(soft.confidence) and \(hard.confidence)")
    }
  }

  @Test func `a class that is certain is learned softly as it is by itself`() async throws {
    let (task, examples) = (try DualCheckerFixture.task(), try (0..<8).map(DualCheckerFixture.example))
    func answers(_ targets: LabelTargets) async throws -> [StudentPrediction] {
      var options = options
      options.targets = targets
      var student = try student(task, options)
      try await student.fit(examples)
      return try await student.predictions(for: examples.map(\.item))
    }
    #expect(try await answers(.soft) == answers(.hard))
  }

  @Test func `what weighs nothing is not learned`() async throws {
    let task = try DualCheckerFixture.task()
    let right = try (0..<8).map(DualCheckerFixture.example)
    let wrong = right.map {
      TrainingExample(item: $0.item, answer: .label($0.answer == .label("wet") ? "dry" : "wet"), weight: 0)
    }
    var (one, other) = (try student(task, options), try student(task, options))
    try await one.fit(right)
    try await other.fit(right + wrong)
    let items = right.map(\.item)
    #expect(try await one.predictions(for: items) == other.predictions(for: items))
  }

  @Test func `a text that is too long is named before anything is spent`() async throws {
    try await withFolder { folder in
      var configuration = try decoderConfiguration(in: folder)
      let long = String(repeating: "much about rain ", count: 200)
      let rows = (0..<20).map {
        #"{"id": \#($0), "summary": "\#($0 == 7 ? long : "rain \($0)")", "label": \#($0 % 2)}"#
      }
      try Data("[\(rows.joined(separator: ","))]".utf8).write(to: URL(filePath: try #require(configuration.data.file)))
      configuration.data.fields.detail = nil
      let run = try DualCheckerRun(configuration, folder: folder.appending(path: "run"))
      let error = await #expect(throws: TrainingError.self) { try await run.run() }
      #expect(error.map { "\($0)".contains("7") } == true)
      #expect(!FileManager.default.fileExists(atPath: run.folder.appending(path: "loop.json").path))
    }
  }

  @Test func `a whole run trains a decoder on both kinds of answers`() async throws {
    try await withFolder { folder in
      var files: [[Data]] = []
      for name in ["run", "again"] {
        let run = try DualCheckerRun(try decoderConfiguration(in: folder), folder: folder.appending(path: name))
        let found = try await run.run()
        #expect(found["student"] != nil && found["gold_student"] != nil && found.changed > 0)
        let names = ["loop.json", "evaluation.json", "student/adapter_model.safetensors"]
        files.append(try names.map { try Data(contentsOf: run.folder.appending(path: $0)) })
        let opened = try DualCheckerRun.opening(run.folder)
        let score = try await opened.evaluate(URL(filePath: try #require(run.configuration.data.file)))
        #expect(score.items == 40)
        let page = try String(contentsOf: run.folder.appending(path: "report.html"), encoding: .utf8)
        #expect(page.contains("kind: decoder"))
        // What is too long for it has an error in place of an answer, and the others are answered.
        let mixed = folder.appending(path: "mixed.jsonl")
        let rows = ["rain here", String(repeating: "much about rain ", count: 200), "dust there"].enumerated().map {
          #"{"id": \#($0), "summary": "\#($1)", "label": \#($0 == 2 ? 0 : 1)}"#
        }
        try Data(rows.joined(separator: "\n").utf8).write(to: mixed)
        let answers = try await opened.predict(mixed)
        #expect(answers.map { $0.label == nil } == [false, true, false])
        #expect(answers.map { $0.error == nil } == [true, false, true] && answers.allSatisfy { $0.isCut == nil })
        let right = answers.enumerated().count { $1.label == ($0 == 2 ? "dry" : "wet") }
        let scored = try await opened.evaluate(mixed)
        #expect((scored.items, scored.exact) == (3, right))
      }
      #expect(files[0] == files[1])
    }
  }

  /// A run whose teacher is asked again often and whose student is a tiny decoder in a folder.
  private func decoderConfiguration(in folder: URL) throws -> DualCheckerConfiguration {
    var run = try DualCheckerFixture.configuration(in: folder, records: 40)
    let base = folder.appending(path: "base")
    try TinyModels.student().save(to: base)
    (run.student.kind, run.student.model) = (.decoder, base.path)
    var adapter = AdapterConfiguration()
    adapter.rank = 8
    run.student.lora = adapter
    (run.student.learningRate, run.student.epochs, run.student.weightDecay) = (1e-2, 2, 0)
    run.student.preferences.epochs = 1
    run.teacherCheck.followUps = 3
    (run.teacherCheck.threshold, run.teacherCheck.acceptance) = (1, .latest)
    run.teacherCheck.steps = [.moreDemonstrations, .definitions, .secondOpinion]
    (run.aligner.shots, run.evaluation.draws) = (1, 1)
    return run
  }
}
