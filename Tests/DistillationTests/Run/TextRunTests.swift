import Distillation
import Foundation
import Testing

/// Runs whose items have no image: `data.fields.image` is null.
@Suite(.serialized) struct TextRunTests {
  /// The world with data of texts alone, and no photo on disk.
  private func withTextWorld(_ body: (RunWorld) async throws -> Void) async throws {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      for name in try FileManager.default.contentsOfDirectory(atPath: data.path) where name.hasSuffix(".png") {
        try FileManager.default.removeItem(at: data.appending(path: name))
      }
      let items = data.appending(path: "items.jsonl")
      let text = try String(contentsOf: items, encoding: .utf8)
      try Data(text.replacing(#/"image":"[^"]*",/#, with: "").utf8).write(to: items)
      try TinyModels.writeTextDecoder(to: world.folder.appending(path: "decoder"))
      try await body(world.with { $0.data.fields.image = nil })
    }
  }

  @Test func `a decoder of text alone goes through both stages, evaluation, report and use`() async throws {
    try await withTextWorld { world in
      let world = world.with { $0.student.model = world.folder.appending(path: "decoder").path }
      try await world.run().run()
      #expect(world.exists("stage1/adapter_model.safetensors") && world.exists("stage2/adapter_model.safetensors"))
      #expect(try world.run().evaluation?.testItems == RunWorld.test)
      #expect(try world.steps()["stage1"] ?? 0 > 0 && world.steps()["stage2"] ?? 0 > 0)
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(page.contains("class=\"card text") && !page.contains("No photo") && !page.contains("<img"))
      // The configuration that the run's folder keeps says the same.
      let kept = try String(decoding: world.bytes("config.yaml"), as: UTF8.self)
      #expect(kept.contains("image: null"))
      let predictions = try await world.run().predict(world.folder.appending(path: "data/items.jsonl"))
      #expect(predictions.count == world.items.count)
    }
  }

  @Test func `a student that reads images is trained without any`() async throws {
    try await withTextWorld { world in
      try await world.run().run()
      #expect(try world.run().evaluation?.testItems == RunWorld.test)
    }
  }

  @Test func `a decoder of text alone is refused where items have images, before a teacher is asked`() async throws {
    try await withRunWorld { world in
      let folder = world.folder.appending(path: "decoder")
      try TinyModels.writeTextDecoder(to: folder)
      let world = world.with { $0.student.model = folder.path }
      await #expect(throws: RunError.readsNoImages(folder.path)) { try await world.run().run() }
      #expect("\(RunError.readsNoImages(folder.path))".contains("set data.fields.image to null"))
      #expect(!world.exists("replies.jsonl"))
    }
  }
}
