import Distillation
import DualChecker
import Foundation
import LanguageModel
import LoRA
import StudentModels
import TeacherProtocol
import TestSupport
import Testing
import TextStudents
import Tokenization

@Suite struct EncoderStudentTests {
  @Test(arguments: [nil, 4])
  func `it learns classes as online students must`(rank: Int?) async throws {
    try await withFolder { folder in
      var options = DualCheckerFixture.options
      options.adapter = rank.map { rank in
        var adapter = LoRAConfiguration()
        (adapter.rank, adapter.alpha) = (rank, Float(2 * rank))
        return adapter
      }
      let student = try EncoderStudent(
        task: DualCheckerFixture.task(), encoderIn: DualCheckerFixture.encoder(in: folder), options: options, seed: 1)
      let check = OnlineStudentCheck(
        task: try DualCheckerFixture.task(), examples: try (0..<16).map(DualCheckerFixture.example))
      #expect(try await check.problems(of: student) == [])
    }
  }

  @Test(arguments: [TextEncoderConfiguration.Family.distilbert, .electra, .camembert, .modernbert], [false, true])
  func `encoders of other families learn whole and by adapters beside their whole heads`(
    family: TextEncoderConfiguration.Family, adapts: Bool
  ) async throws {
    try await withFolder { folder in
      var options = DualCheckerFixture.options
      if adapts {
        var adapter = LoRAConfiguration()
        (adapter.rank, adapter.alpha) = (4, 8)
        options.adapter = adapter
      }
      let place = try DualCheckerFixture.encoder(family, in: folder)
      let examples = try (0..<16).map(DualCheckerFixture.example)
      var student = try EncoderStudent(
        task: DualCheckerFixture.task(), encoderIn: place, options: options, seed: 1)
      let problems = try await OnlineStudentCheck(task: DualCheckerFixture.task(), examples: examples)
        .problems(of: student)
      #expect(problems == [])
      try await student.train(on: examples)
      let saved = folder.appending(path: "student")
      try student.save(to: saved)
      let read = try TextClassifier(contentsOf: saved).probabilities(for: examples.map(\.item.text))
      let own = try await student.predictions(for: examples.map(\.item)).map(\.probabilities)
      for (a, b) in zip(read.joined(), own.joined()) { #expect(abs(a - b) < 1e-4) }
      let spans = try EncoderStudent(
        task: DualCheckerFixture.spans(), encoderIn: place, options: options, seed: 1)
      #expect(try await spans.predictions(for: examples.map(\.item)).count == 16)
    }
  }

  @Test func `of a text behind the limit the part that is read is known, and one at the limit is whole`() async throws {
    try await withFolder { folder in
      let place = try DualCheckerFixture.encoder(in: folder)
      let tokenizer = try Tokenizer(contentsOf: place)
      // With endings of no token, one and more, so that some text has exactly as many as there may be.
      let texts = (1...60).flatMap { count in ["", "e", "é"].map { String(repeating: "rain ", count: count) + $0 } }
      let items = texts.enumerated().map { Item(id: "\($0)", fields: ["text": $1]) }
      for task in [try DualCheckerFixture.task(), try DualCheckerFixture.spans()] {
        let student = try EncoderStudent(task: task, encoderIn: place, options: DualCheckerFixture.options, seed: 1)
        let read = try #require(student.readParts(of: items))
        #expect(read.limit == 48)
        let sizes = texts.map { tokenizer.encode($0).count }
        #expect(read.parts.map { $0 == nil } == sizes.map { $0 <= 48 })
        #expect(sizes.contains(48) && sizes.contains { $0 > 48 })
        for (text, part) in zip(texts, read.parts) {
          guard let part else { continue }
          let whole = tokenizer.encoding(of: text)
          let own = zip(whole.offsets, whole.specialTokensMask).filter { $0.1 == 0 }.map(\.0)
          let kept = own.prefix(48 - (whole.count - own.count))
          #expect(part == 0..<(kept.last?.upperBound ?? 0) && kept.count < own.count)
        }
      }
    }
  }

  @Test func `it learns spans as online students must`() async throws {
    try await withFolder { folder in
      let student = try EncoderStudent(
        task: DualCheckerFixture.spans(), encoderIn: DualCheckerFixture.encoder(in: folder),
        options: DualCheckerFixture.options,
        seed: 1)
      let check = OnlineStudentCheck(
        task: try DualCheckerFixture.spans(), examples: try (0..<16).map(DualCheckerFixture.span))
      #expect(try await check.problems(of: student) == [])
    }
  }

  @Test func `the trained folder gives the same answers and the same calls the same bytes`() async throws {
    try await withFolder { folder in
      let (task, encoder) = (try DualCheckerFixture.task(), try DualCheckerFixture.encoder(in: folder))
      let examples = try (0..<32).map(DualCheckerFixture.example)
      var files: [Data] = []
      for name in ["a", "b"] {
        var student = try EncoderStudent(task: task, encoderIn: encoder, options: DualCheckerFixture.options, seed: 1)
        try await student.train(on: examples)
        let place = folder.appending(path: name)
        try student.save(to: place)
        files.append(try Data(contentsOf: place.appending(path: "model.safetensors")))
        let read = try TextClassifier(contentsOf: place).probabilities(for: examples.map(\.item.text))
        let own = try await student.predictions(for: examples.map(\.item)).map(\.probabilities)
        for (a, b) in zip(read.joined(), own.joined()) { #expect(abs(a - b) < 1e-6) }
      }
      #expect(files[0] == files[1])
      // Its classes are read by their places: other labels, or these in another order, are none of its.
      let saved = folder.appending(path: "a")
      let found = try await TrainedEncoder(contentsOf: saved, task: task).predictions(for: examples.map(\.item))
      #expect(found.count == 32)
      for names in [["dry", "wet"], ["wet", "dry", "damp"]] {
        let labels = try LabelSet(names.map { .init(name: $0) }, positive: names.count == 2 ? "wet" : nil)
        let other = try names.count == 2 ? LabellingTask(binary: labels) : LabellingTask(classes: labels)
        #expect(throws: StudentError.self) { try TrainedEncoder(contentsOf: saved, task: other) }
      }
    }
  }

  @Test func `a final training that was stopped goes on to the same bytes`() async throws {
    try await withFolder { folder in
      let (task, encoder) = (try DualCheckerFixture.task(), try DualCheckerFixture.encoder(in: folder))
      let examples = try (0..<32).map(DualCheckerFixture.example)
      var options = DualCheckerFixture.options
      options.epochs = 16
      let checkpoint = Checkpoint(url: folder.appending(path: "on-the-way.safetensors"), key: "k")
      // What the first one leaves behind is its state after 50 of 64 updates.
      var updates: [Int] = []
      for _ in 0..<2 {
        var student = try EncoderStudent(task: task, encoderIn: encoder, options: options, seed: 1)
        let made = Counter()
        try await student.train(on: examples, checkpoint: checkpoint) { _, _, _ in _ = made.next() }
        updates.append(made.next() - 1)
        try student.save(to: folder.appending(path: "\(updates.count)"))
      }
      #expect(updates == [64, 14])
      let files = try (1...2).map { try Data(contentsOf: folder.appending(path: "\($0)/model.safetensors")) }
      #expect(files[0] == files[1])
    }
  }

  @Test func `soft targets teach a class as probable as the example counts, and certain ones what hard ones teach`()
    async throws
  {
    try await withFolder { folder in
      let (task, encoder) = (try DualCheckerFixture.task(), try DualCheckerFixture.encoder(in: folder))
      let examples = try (0..<16).map(DualCheckerFixture.example)
      func answers(_ examples: [TrainingExample], _ targets: LabelTargets, epochs: Int) async throws
        -> [StudentPrediction]
      {
        var options = DualCheckerFixture.options
        (options.targets, options.epochs) = (targets, epochs)
        var student = try EncoderStudent(task: task, encoderIn: encoder, options: options, seed: 1)
        try await student.train(on: examples)
        return try await student.predictions(for: examples.map(\.item))
      }
      #expect(try await answers(examples, .soft, epochs: 2) == answers(examples, .hard, epochs: 2))
      let unsure = examples.map { TrainingExample(item: $0.item, answer: $0.answer, weight: 0.8) }
      let found = try await answers(unsure, .soft, epochs: 60)
      #expect(found.map(\.answer) == examples.map(\.answer))
      // Two classes: 0.8 for the example's own.
      for prediction in found { #expect(abs(prediction.confidence - 0.8) < 0.05, "\(prediction.confidence)") }
    }
  }

  @Test func `what weighs nothing is not learned`() async throws {
    try await withFolder { folder in
      let (task, encoder) = (try DualCheckerFixture.task(), try DualCheckerFixture.encoder(in: folder))
      let right = try (0..<16).map(DualCheckerFixture.example)
      let wrong = right.map {
        TrainingExample(item: $0.item, answer: .label($0.answer == .label("wet") ? "dry" : "wet"), weight: 0)
      }
      var (one, other) = (
        try EncoderStudent(task: task, encoderIn: encoder, options: DualCheckerFixture.options, seed: 1),
        try EncoderStudent(task: task, encoderIn: encoder, options: DualCheckerFixture.options, seed: 1)
      )
      try await one.fit(right)
      try await other.fit(right + wrong)
      let items = right.map(\.item)
      #expect(try await one.predictions(for: items) == other.predictions(for: items))
    }
  }
}

/// Runs the closure with a folder that is deleted afterwards.
func withFolder(_ body: (URL) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "checked-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try await body(folder)
}
