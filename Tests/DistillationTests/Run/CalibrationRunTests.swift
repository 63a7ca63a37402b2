import ConfigurationFiles
import Distillation
import Evaluation
import Foundation
import StudentModels
import TeacherProtocol
import Testing

/// What a run's labels say about the student's probabilities, and who uses it.
@Suite(.serialized) struct CalibrationRunTests {
  private static let dev = 60

  /// A world with 60 development items, and with 40 training items more on which the teachers differ.
  private func withLargeWorld(_ body: (RunWorld) async throws -> Void) async throws {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      let more = (RunWorld.dev..<Self.dev).map { number in
        RunWorld.Row(
          id: "d\(number)", split: "dev", label: number % 2 == 0 ? "pristine" : "falsified",
          image: "dev\(number % 3).png", votes: [:])
      }
      let conflicts = (0..<40).map { number in
        RunWorld.Row(
          id: "t\(number)", split: "train", label: number % 3 == 0 ? "pristine" : "falsified",
          image: "train\(number % 3).png", votes: ["a": "pristine", "b": "falsified"])
      }
      try RunWorld.write(world.items + more + conflicts, to: data.appending(path: "items.jsonl"))
      let replies = conflicts.map { row in
        "{\"id\":\"\(row.id)\",\"teachers\":{\"a\":{\"label\":\"pristine\"},\"b\":{\"label\":\"falsified\"}}}\n"
      }
      let file = data.appending(path: "replies.jsonl")
      try (Data(contentsOf: file) + Data(replies.joined().utf8)).write(to: file)
      try await body(world)
    }
  }

  private func calibration(of world: RunWorld, _ name: String = "run") throws -> StudentCalibration {
    try StudentCalibration(contentsOf: world.folder.appending(path: name).appending(path: "calibration.json"))
  }

  private func scored(_ world: RunWorld, _ name: String = "run") throws -> [Prediction] {
    try String(decoding: world.bytes("predictions/two_stage.jsonl", of: name), as: UTF8.self).split(separator: "\n")
      .map { try JSONDecoder().decode(Prediction.self, from: Data($0.utf8)) }
  }

  @Test func `a calibration on dev counts its labels, and is what evaluate, predict and the report use`() async throws {
    try await withLargeWorld { world in
      try await world.run("plain").run()
      let own = world.with { $0.evaluation.calibration = .dev }
      try await own.run().run()
      let calibration = try calibration(of: own)
      #expect(calibration.source == "dev" && calibration.answers == Self.dev)
      #expect(calibration.adapter != nil && calibration.candidates.first?.method == .identity)
      let file = try #require(try own.run().evaluation)
      #expect(file.labelsSpent == 4 + Self.dev && file.results["two_stage"]?.labels == 4 + Self.dev)
      #expect(file.results["stage1"]?.labels == 0)
      let figures = try #require(file.calibration)
      #expect(figures.method == calibration.method && figures.answers == Self.dev)
      #expect((figures.after == nil) == (calibration.method == .identity) && figures.before.items == RunWorld.test)
      // Nothing was asked of a run without the key, and its figures are those before.
      let plain = try #require(try world.run("plain").evaluation?.calibration)
      #expect(plain.method == nil && plain.after == nil && plain.before == figures.before)
      #expect(!world.exists("calibration.json", of: "plain"))
      let stated = try scored(world, "plain")
      #expect(try scored(own) == stated.map { $0.calibrated(by: calibration) })
      // The same items from a file.
      let data = world.folder.appending(path: "data/items.jsonl")
      let predicted = try await own.run().predict(data, rationales: false)
      let byID = Dictionary(uniqueKeysWithValues: predicted.map { ($0.itemID, $0) })
      for row in try scored(own) {
        let probabilities = try #require(byID[row.itemID]?.probabilities)
        #expect(probabilities.allSatisfy { abs($0.value - (row.probabilities[$0.key] ?? 0)) < 1e-6 })
        #expect(byID[row.itemID]?.label == row.label && byID[row.itemID]?.needsReview == nil)
      }
      let evaluated = try await own.run().evaluate(data, split: "test")
      #expect(evaluated.calibration?.method == calibration.method)
      #expect(try String(decoding: own.bytes("report.html"), as: UTF8.self).contains("Confidence and truth"))
    }
  }

  @Test func `a calibration that is no longer asked for is gone, and nothing is trained anew`() async throws {
    try await withLargeWorld { world in
      let own = world.with { $0.evaluation.calibration = .dev }
      try await own.run().run()
      let adapter = try own.bytes("stage2/adapter_model.safetensors")
      let steps = try own.steps()
      let said = try await start(world)
      #expect(said.contains("evaluate is carried out again"))
      #expect(!world.exists("calibration.json") && world.exists("evaluation.json"))
      #expect(try world.run().evaluation?.labelsSpent == 4)
      #expect(try world.bytes("stage2/adapter_model.safetensors") == adapter && world.steps() == steps)
    }
  }

  @Test func `a calibration that another rule learned is learned anew, and nothing else is`() async throws {
    try await withLargeWorld { world in
      let own = world.with { $0.evaluation.calibration = .dev }
      try await own.run().run()
      let (adapter, steps) = try (own.bytes("stage2/adapter_model.safetensors"), own.steps())
      let file = own.folder.appending(path: "run/steps/evaluate.json")
      // As a version without the rule left it, with what it had learned.
      var record = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      var parts = try #require(record["parts"] as? [String: String])
      #expect(parts.removeValue(forKey: "how calibrations are learned") != nil)
      (record["parts"], record["inputs"], record["outputs"]) = (parts, "before", nil)
      try JSONSerialization.data(withJSONObject: record).write(to: file)
      let learned = try calibration(of: own)
      let earlier = StudentCalibration(
        labels: learned.labels, mapping: .temperature(3), answers: learned.answers, source: "dev",
        adapter: learned.adapter, question: learned.question, base: learned.base)
      try earlier.write(to: own.folder.appending(path: "run/calibration.json"))
      let said = try await start(own)
      #expect(said.contains("evaluate is carried out again, as these have changed: how calibrations are learned"))
      #expect(try calibration(of: own) == learned)
      #expect(try own.bytes("stage2/adapter_model.safetensors") == adapter && own.steps() == steps)
      #expect(try await start(own).contains(StepTests.all))
      // A run without a calibration does not know of its rule.
      try await world.run("plain").run()
      #expect(try !String(decoding: world.bytes("steps/evaluate.json", of: "plain"), as: UTF8.self).contains("learned"))
    }
  }

  @Test func `too few labels leave probabilities as they are, with the reason`() async throws {
    try await withRunWorld { world in
      for (source, labels) in [(EvaluationConfiguration.Calibration.dev, RunWorld.dev), (.budget, 4)] {
        let own = world.with { $0.evaluation.calibration = source }
        try await own.run(source.rawValue).run()
        let calibration = try calibration(of: own, source.rawValue)
        let reason = "\(labels) labelled answers are too few to learn from; it takes 30"
        #expect(calibration.method == .identity && calibration.reason == reason)
        let file = try #require(try own.run(source.rawValue).evaluation)
        #expect(file.calibration?.reason == reason && file.calibration?.after == nil)
        #expect(file.labelsSpent == (source == .dev ? 4 + RunWorld.dev : 4))
        #expect(!own.exists("calibration", of: source.rawValue))
      }
    }
  }

  @Test func `a calibration on the budget trains without each fifth of the labels and spends no other`() async throws {
    try await withLargeWorld { world in
      let own = world.with {
        $0.evaluation.calibration = .budget
        $0.review.budget = .count(40)
        $0.stage2.training.epochs = 1
      }
      try await own.run().run()
      let calibration = try calibration(of: own)
      #expect(calibration.source == "budget" && calibration.answers == 40)
      #expect(try own.run().evaluation?.labelsSpent == 40)
      // Agreed items stand beside the labels, each kind by its share of the training items.
      let rows = try StudentCalibration.answers(
        contentsOf: own.folder.appending(path: "run/predictions/calibration.jsonl"), labels: calibration.labels)
      let weak = rows.filter(\.isAgreed)
      #expect(calibration.agreed == own.agreed.count && Set(weak.map(\.id)) == Set(own.agreed.map(\.id)))
      let conflicts = Double(own.conflicts.count + 40)
      let share = conflicts / (conflicts + Double(weak.count))
      let weight = rows.reduce(0) { $0 + ($1.isAgreed ? 0 : $1.weight) }
      #expect(abs(weight - share * Double(rows.count)) < 1e-9)
      #expect(abs(rows.reduce(0) { $0 + $1.weight } - Double(rows.count)) < 1e-9)
      #expect(try own.run().evaluation?.calibration?.agreed == calibration.agreed)
      let steps = try own.steps()
      // 32 labels each, in batches of 2; groups of two items may make a fold smaller or larger.
      for fold in 1...5 { #expect((14...18).contains(steps["calibration/\(fold)"] ?? 0)) }
      // Carried out again, nothing is trained.
      let evaluation = try own.bytes("evaluation.json")
      try await own.run().run()
      #expect(try own.steps() == steps && own.bytes("evaluation.json") == evaluation)
    }
  }

  @Test func `a calibration of another student is not used, and that is said`() async throws {
    try await withLargeWorld { world in
      try await world.run().run(through: .evaluate)
      let data = world.folder.appending(path: "data/items.jsonl")
      let plain = try await world.run().predict(data, rationales: false)
      let place = world.folder.appending(path: "run/calibration.json")
      try StudentCalibration(
        labels: ["pristine", "falsified"], mapping: .temperature(3), source: "dev", adapter: "another"
      ).write(to: place)
      let said = Said()
      let run = try DistillationRun.opening(world.folder.appending(path: "run"), reporter: said.reporter)
      #expect(try await run.predict(data, rationales: false) == plain)
      #expect(said.text.contains("calibration.json was learned from another student"))
    }
  }

  @Test func `a threshold is written, and what is below it is marked for people`() async throws {
    try await withLargeWorld { world in
      let own = world.with { $0.evaluation.calibration = .dev }
      try await own.run().run(through: .evaluate)
      let file = try await own.run().threshold(precision: 0.2, certainty: 0.8)
      #expect(file.source == "dev" && file.threshold.answers == Self.dev && file.threshold.bound >= 0.2)
      #expect(try ThresholdFile(contentsOf: world.folder.appending(path: "run/threshold.json")) == file)
      let data = world.folder.appending(path: "data/items.jsonl")
      let rows = try await own.run().predict(data, rationales: false)
      #expect(rows.count == world.items.count + Self.dev - RunWorld.dev + 40)
      for row in rows {
        let confidence = try #require(row.confidence)
        #expect(row.needsReview == (confidence < file.threshold.confidence))
      }
      // A higher one than can be: nothing is written, and the one before stays.
      await #expect {
        try await own.run().threshold(precision: 0.99, certainty: 0.95)
      } throws: {
        "\($0)".contains("60 labelled answers show too little: it takes 299 at least")
      }
      #expect(try ThresholdFile(contentsOf: world.folder.appending(path: "run/threshold.json")) == file)
      // A calibration that changes the order of confidences has read the labels of dev, by whichever name they come.
      try calibration(of: own).inOtherOrder.write(to: world.folder.appending(path: "run/calibration.json"))
      let again = world.folder.appending(path: "data/again.jsonl")
      let text = try String(contentsOf: data, encoding: .utf8)
      try Data(text.replacing(#""id":"d"#, with: #""id":"again"#).utf8).write(to: again)
      for (file, split, isRead) in [(nil, nil, true), (again, "dev", true), (data, "test", false)] {
        let found = try await own.run().threshold(precision: 0.05, certainty: 0.5, data: file, split: split)
        #expect(found.readsLabelsAgain == isRead, "\(split ?? "dev")")
      }
    }
  }

  @Test func `what was learned with one prompt and its answers is not used with others`() async throws {
    try await withLargeWorld { world in
      let own = world.with { $0.evaluation.calibration = .dev }
      try await own.run().run(through: .evaluate)
      _ = try await own.run().threshold(precision: 0.2, certainty: 0.8)
      let data = world.folder.appending(path: "data/items.jsonl")
      let folder = world.folder.appending(path: "run")
      #expect(try calibration(of: own).question != nil)
      func predicted(_ setting: [String]) async throws -> (rows: [Prediction], said: String) {
        let said = Said()
        let run = try DistillationRun.opening(
          folder, setting: setting.map { try ConfigurationSetting($0) }, reporter: said.reporter)
        return (try await run.predict(data, rationales: false), said.text)
      }
      let words =
        "calibration.json was learned with another prompt or with other answers, so probabilities are not calibrated"
      for setting in ["prompt={text} Is it so?", "labels[0].answer=Surely"] {
        let (rows, said) = try await predicted([setting])
        #expect(said.contains(words), "\(said)")
        #expect(said.contains("threshold.json was found for another student or calibration"), "\(said)")
        #expect(rows.allSatisfy { $0.needsReview == nil })
        let run = try DistillationRun.opening(folder, setting: [try ConfigurationSetting(setting)])
        let error = #expect(throws: RunError.self) { try run.learnedQuestion() }
        #expect("\(try #require(error))".contains("another prompt or with other answers"))
      }
      // Another base, on which the adapter fits.
      let other = world.folder.appending(path: "other-base")
      try TinyModels.student(seed: 77).save(to: other)
      let (elsewhere, elsewhereSaid) = try await predicted(["student.model=\(other.path)"])
      #expect(
        elsewhereSaid.contains("calibration.json was learned with another base model")
          && elsewhere.allSatisfy { $0.needsReview == nil },
        "\(elsewhereSaid)")
      let run = try DistillationRun.opening(
        folder, setting: [try ConfigurationSetting("student.model=\(other.path)")])
      let error = #expect(throws: RunError.self) { try run.learnedQuestion() }
      #expect("\(try #require(error))".contains("another base model"))
      // What changes no probability.
      let (rows, said) = try await predicted(["question=out"])
      #expect(!said.contains(words) && rows.allSatisfy { $0.needsReview != nil })
    }
  }

  @Test func `the one temperature nearest to a calibration is found with the answers that this was learned from`()
    async throws
  {
    try await withLargeWorld { world in
      let own = world.with { $0.evaluation.calibration = .dev }
      try await own.run().run(through: .evaluate)
      let folder = world.folder.appending(path: "run")
      let learned = try calibration(of: own)
      let answers = try StudentCalibration.answers(
        contentsOf: folder.appending(path: "predictions/calibration.jsonl"), labels: learned.labels)
      #expect(answers.count == Self.dev && Set(answers.map(\.id)).count == Self.dev)
      // As the run would have chosen with other labels.
      let mapping = StudentCalibration.mapping(.isotonic, learnedFrom: answers, labels: learned.labels)
      let other = StudentCalibration(
        labels: learned.labels, mapping: mapping, answers: learned.answers, source: "dev", adapter: learned.adapter,
        question: learned.question)
      try other.write(to: folder.appending(path: "calibration.json"))
      let found = try #require(try own.run().oneTemperature())
      #expect(found == OneTemperature(of: other, on: answers) && found.answers == Self.dev)
      // Learned from other answers than are there.
      var fewer = other
      fewer.answers -= 1
      try fewer.write(to: folder.appending(path: "calibration.json"))
      #expect(throws: RunError.self) { try own.run().oneTemperature() }
      try other.write(to: folder.appending(path: "calibration.json"))
      try FileManager.default.removeItem(at: folder.appending(path: "predictions/calibration.jsonl"))
      let error = #expect(throws: RunError.self) { try own.run().oneTemperature() }
      #expect("\(try #require(error))".contains("predictions/calibration.jsonl"))
    }
  }
}

extension StudentCalibration {
  /// The same with a mapping that changes the order of confidences.
  var inOtherOrder: StudentCalibration {
    StudentCalibration(
      labels: labels,
      mapping: .vector(
        weights: Dictionary(uniqueKeysWithValues: labels.map { ($0, 1.0) }),
        biases: Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, Double($0) / 10) })),
      answers: answers, agreed: agreed, source: source, adapter: adapter, question: question, base: base)
  }
}
