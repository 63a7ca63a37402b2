import Distillation
import Foundation
import Testing

/// Runs over labels of which one begins with another.
@Suite(.serialized) struct LabelRunTests {
  private static let words = ["1": "one", "2": "two", "10": "ten", "No": "nought", "No evidence": "nothing"]

  /// A world whose texts say their label in another word, so that it is learned at once; the teachers are always right.
  private func withWorld(_ labels: [String], _ body: (RunWorld) async throws -> Void) async throws {
    try await withRunWorld(labels: labels) { world in
      let data = world.folder.appending(path: "data")
      let (items, replies) = (
        world.items.map { row in
          #"{"id": "\#(row.id)", "text": "\#(Self.words[row.label] ?? "")", "label": "\#(row.label)", "group": "\#(row.id)", "split": "\#(row.split)"}"#
        },
        world.items.map { row in
          #"{"id": "\#(row.id)", "teachers": {"a": {"label": "\#(row.label)", "rationale": "So it is"}, "b": {"label": "\#(row.label)", "rationale": "I see"}}}"#
        }
      )
      try Data(items.joined(separator: "\n").utf8).write(to: data.appending(path: "items.jsonl"))
      try Data(replies.joined(separator: "\n").utf8).write(to: data.appending(path: "replies.jsonl"))
      try await body(
        world.with { c in
          c.data.fields.image = nil
          c.data.fields.slices = []
          c.labels = labels.map { .init(name: $0, answer: $0) }
          c.stage1.training = .init(epochs: 1, batch: 8, learningRate: 1e-2)
        })
    }
  }

  @Test(arguments: [["1", "2", "10"], ["No", "No evidence"]])
  func `students and teachers that have learned labels by heart are right on all of them`(labels: [String]) async throws
  {
    try await withWorld(labels) { world in
      // All weights of a teacher, which LoRA on random ones can't replace.
      let taught = world.with { c in
        c.data.teacherShare = 0.5
        c.evaluation.results = .init([.teachers])
        var recipe = TrainedTeacherConfiguration()
        recipe.training = TrainingConfiguration(epochs: 60, batch: 4, learningRate: 5e-3)
        c.teachers = [.init(name: "t", source: .trained(recipe)), c.teachers[0]]
        c.stage1.training = .init(epochs: 1, batch: 8, learningRate: 1e-5)
      }
      try await taught.run("taught").run()
      // Scored by the labels' words alone "10" is never found: 0.667 and 0.5.
      #expect(try taught.run("taught").evaluation?.results["teacher:t"]?.accuracy == 1)

      let world = world.with {
        $0.student.model = world.folder.appending(path: "taught/teachers/t").path
        $0.stage1.training = .init(epochs: 1, batch: 8, learningRate: 1e-5)
      }
      try await world.run().run()
      #expect(try world.run().evaluation?.results["stage1"]?.accuracy == 1)
      let predictions = try await world.run().predict(world.folder.appending(path: "data/items.jsonl"))
      for (prediction, row) in zip(predictions, world.items) {
        #expect(prediction.label == row.label && prediction.confidence ?? 0 > 0.5)
        #expect(abs(prediction.probabilities.values.reduce(0, +) - 1) < 1e-6)
      }
    }
  }

  @Test func `a run that was begun before keeps its rules, and a new one writes them down`() async throws {
    try await withWorld(["No", "Yes"]) { world in
      try await world.run().run(through: .stage1)
      #expect(try String(decoding: world.bytes("rules.json"), as: UTF8.self).contains("\"label_scoring\" : \"ended\""))
      // A run without the file was begun by a version that had none.
      try FileManager.default.removeItem(at: world.folder.appending(path: "run/rules.json"))
      let before = try world.bytes("stage1/adapter_model.safetensors")
      try await world.run().run(through: .stage1)
      #expect(!world.exists("rules.json"))
      #expect(try world.bytes("stage1/adapter_model.safetensors") == before)
    }
  }
}
