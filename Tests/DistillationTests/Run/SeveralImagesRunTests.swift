import Annotations
import Distillation
import Foundation
import ImageDecoding
import Layers
import StudentModels
import TeacherProtocol
import Tensor
import Testing

/// Runs over items with a photo and none, one or two photos that were found for it.
@Suite(.serialized) struct SeveralImagesRunTests {
  private static let found = ["found0.png", "found1.png", "found2.png"]

  /// The world with found photos: item number n has n mod 3 of them.
  private func withImages(_ body: (RunWorld) async throws -> Void) async throws {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      for (number, name) in Self.found.enumerated() { try write(UInt64(90 + number), to: data.appending(path: name)) }
      let items = data.appending(path: "items.jsonl")
      let lines = try String(contentsOf: items, encoding: .utf8).split(separator: "\n").enumerated().map {
        number, line in
        let found = (0..<(number % 3)).map { "\"\(Self.found[(number / 3 + $0) % 3])\"" }
        // Found photos of training items may not be those of others.
        let own = number < RunWorld.train ? found : []
        return line.dropLast() + ",\"found\":[\(own.joined(separator: ","))]}\n"
      }
      try Data(lines.joined().utf8).write(to: items)
      try await body(
        world.with {
          $0.data.fields.image = ["image", "found"]
          $0.prompt = "{image} {text}[[ beside {found}]]?"
        })
    }
  }

  private func write(_ seed: UInt64, to file: URL) throws {
    var generator = Tensor.Generator(seed: seed)
    let pixels = (0..<(3 * 256)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    try Data(RGBImage(width: 16, height: 16, pixels: pixels).pngData()).write(to: file)
  }

  @Test func `both stages, evaluation, report and use take items with several images`() async throws {
    try await withImages { world in
      let log = WatchedStudent.Log()
      var world = world
      let student = WatchedStudent(student: try TinyModels.student(), log: log)
      world.plugins.student = student
      world.configuration.report.gallery = 24
      // A teacher of this process sees the same images at the same places.
      world.configuration.teachers.append(
        .init(name: "m", source: .model(.init(model: world.folder.appending(path: "base").path))))
      try await world.run().run()
      #expect(world.exists("stage1/adapter_model.safetensors") && world.exists("stage2/adapter_model.safetensors"))
      #expect(try world.steps()["stage2"] ?? 0 > 0)
      #expect(log.encoded == 6 + Self.found.count, "each image once, whatever the number of items that show it")
      #expect(log.entries.contains { $0.images == [0, 0] } == false)
      #expect(log.entries.contains { $0.question == " Caption i2 beside ?" && $0.images == [0, 19, 19] })
      #expect(log.entries.contains { !$0.question.contains("beside") && $0.images == [0] })
      #expect(try world.run().evaluation?.testItems == RunWorld.test)
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(page.contains("<figcaption><bdi>found</bdi>") || page.contains("<figcaption><bdi>found 2</bdi>"))
      let predictions = try await world.run().predict(world.folder.appending(path: "data/items.jsonl"))
      #expect(predictions.count == world.items.count && predictions.allSatisfy { $0.label != nil })

      // Nothing is trained again.
      let (before, steps) = (try world.results(), try world.steps())
      try await world.run().run()
      #expect(try world.results() == before && world.steps() == steps)

      // What a found photo shows counts for the student, in either stage.
      try write(7, to: world.folder.appending(path: "data/found0.png"))
      try await world.run("other").run()
      for stage in ["stage1", "stage2"] {
        #expect(
          try world.results(of: "other")["\(stage)/adapter_model.safetensors"]
            != before["\(stage)/adapter_model.safetensors"])
      }
    }
  }

  @Test func `an item of which a found photo is missing is set aside by row and slot`() async throws {
    try await withImages { world in
      try FileManager.default.removeItem(at: world.folder.appending(path: "data/found1.png"))
      try await world.run().run()
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      #expect(page.contains("found1.png") && page.contains("there is no such file"))
    }
  }

  @Test func `the page of a review is told of all images, with their slots`() async throws {
    try await withImages { world in
      let own = world.with { $0.review.source = .page }
      await #expect(throws: RunError.self) { try await own.run().run() }
      let items = try await own.run().review().questions.map(\.item)
      #expect(items.allSatisfy { $0.imageSlots.map(\.name) == ["image", "found"] })
      let counts = Dictionary(uniqueKeysWithValues: own.items.enumerated().map { ($1.id, 1 + $0 % 3) })
      #expect(items.allSatisfy { $0.images.count == counts[$0.id] } && items.contains { $0.images.count > 1 })
    }
  }
}
